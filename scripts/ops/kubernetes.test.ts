/** The manifests, held against Kubernetes' own published schema and against the code. */
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Ajv } from 'ajv';
import { describe, expect, test } from 'vitest';
import { parse, parseAllDocuments } from 'yaml';
import { loadConfig } from '../../api/src/config.ts';
import { readConfig } from '../../media-server/src/config.ts';
import { ROOT } from '../setup/paths.ts';
import { findProgram } from '../setup/system-packages.ts';

const FOLDER = 'ops/kubernetes';
const read = (file: string) => readFileSync(join(ROOT, file), 'utf8');

interface Env {
  name: string;
  value?: string;
  valueFrom?: {
    configMapKeyRef?: { name: string; key: string; optional?: boolean };
    secretKeyRef?: { name: string; key: string };
    fieldRef?: { fieldPath: string };
  };
}
interface Container {
  name: string;
  image: string;
  env?: Env[];
  ports?: { name: string; containerPort: number; hostPort?: number; protocol?: string }[];
  resources?: { limits?: { memory?: string } };
  livenessProbe?: { httpGet: { path: string; port: string } };
  readinessProbe?: { httpGet: { path: string; port: string } };
  lifecycle?: { preStop?: { exec: { command: string[] } } };
  args?: string[];
}
interface Manifest {
  apiVersion: string;
  kind: string;
  metadata: { name: string };
  spec: {
    replicas?: number;
    selector?: Record<string, unknown> & { matchLabels?: Record<string, string> };
    ports?: { port: number; targetPort: string }[];
    ordinals?: { start: number };
    template: {
      metadata: { labels: Record<string, string> };
      spec: { containers: [Container]; terminationGracePeriodSeconds?: number; hostNetwork?: boolean };
    };
  };
}
interface Kustomization {
  resources: string[];
  images: { name: string }[];
  configMapGenerator: { name: string; literals?: string[]; files?: string[] }[];
}

const kustomization = parse(read(`${FOLDER}/kustomization.yaml`)) as Kustomization;
const manifests = kustomization.resources.flatMap((file) =>
  parseAllDocuments(read(`${FOLDER}/${file}`)).map((document) => {
    expect(document.errors).toEqual([]);
    return document.toJS({ maxAliasCount: 10 }) as Manifest;
  }),
);
const find = (kind: string, name: string): Manifest => {
  const found = manifests.find((one) => one.kind === kind && one.metadata.name === name);
  if (!found) throw new Error(`no ${kind} ${name}`);
  return found;
};
const workloads = manifests.filter(({ kind }) => ['Deployment', 'StatefulSet', 'Job'].includes(kind));
const containerOf = ({ spec }: Manifest): Container => spec.template.spec.containers[0];

const literals = Object.fromEntries(
  (kustomization.configMapGenerator.find(({ name }) => name === 'walnut-live')?.literals ?? []).map((line) => [
    line.slice(0, line.indexOf('=')),
    line.slice(line.indexOf('=') + 1),
  ]),
);
/** What the secret has to hold, as the kustomization tells its reader. */
const secretKeys = [...read(`${FOLDER}/kustomization.yaml`).matchAll(/^# ([A-Z_0-9, ]+)$/gm)].flatMap((match) =>
  (match[1] ?? '').split(',').flatMap((name) => name.trim() || []),
);

/** The variables as the process finds them. */
function environmentOf(container: Container): Record<string, string> {
  const fields: Record<string, string> = {
    'status.podIP': '10.0.0.7',
    'metadata.name': 'media-server-2',
    'metadata.namespace': 'walnut-live',
  };
  const secrets: Record<string, string> = {
    DATABASE_URL: 'postgresql://u:p@db:5432/w',
    REDIS_URL: 'redis://redis:6379',
    OTEL_EXPORTER_OTLP_HEADERS: 'authorization=Bearer%20x',
  };
  return Object.fromEntries(
    (container.env ?? []).flatMap(({ name, value, valueFrom }) => {
      if (value !== undefined) return [[name, value]];
      const { configMapKeyRef, secretKeyRef, fieldRef } = valueFrom ?? {};
      if (fieldRef) return [[name, fields[fieldRef.fieldPath] ?? '']];
      if (secretKeyRef) {
        expect(secretKeys, `${name} is told to whoever makes the secret`).toContain(secretKeyRef.key);
        return [[name, secrets[secretKeyRef.key] ?? 'x'.repeat(40)]];
      }
      if (configMapKeyRef?.optional) return [];
      expect(Object.keys(literals)).toContain(configMapKeyRef?.key);
      return [[name, literals[configMapKeyRef?.key ?? ''] ?? '']];
    }),
  );
}
const configKeys = (file: string) =>
  [...read(file).matchAll(/^ {2}([A-Z][A-Z0-9_]+):/gm)].map((match) => match[1] ?? '');

describe('the schema of Kubernetes', () => {
  const schema = JSON.parse(read('scripts/ops/kubernetes-1.34.schema.json')) as {
    kinds: Record<string, string>;
    definitions: object;
  };
  const ajv = new Ajv({ strict: false, allErrors: true });
  ajv.addSchema({ $id: 'k8s', definitions: schema.definitions });
  const faultsOf = (manifest: Manifest): string[] => {
    const at = schema.kinds[`${manifest.apiVersion} ${manifest.kind}`];
    if (!at) return [`${manifest.apiVersion} ${manifest.kind} is not known`];
    const validate = ajv.getSchema(`k8s${at}`) ?? ajv.compile({ $ref: `k8s${at}` });
    validate(manifest);
    return (validate.errors ?? []).map(
      ({ instancePath, message, params }) => `${instancePath} ${message} ${JSON.stringify(params)}`,
    );
  };

  test.each(manifests.map((one) => [`${one.kind} ${one.metadata.name}`, one] as const))(
    'accepts %s',
    (_name, manifest) => {
      expect(faultsOf(manifest)).toEqual([]);
    },
  );

  test('finds what is wrong', () => {
    const broken = structuredClone(find('Deployment', 'api')) as unknown as {
      spec: { replicas: unknown; strategi: unknown };
    };
    broken.spec.replicas = 'two';
    broken.spec.strategi = {};
    const faults = faultsOf(broken as unknown as Manifest);
    expect(faults.join()).toContain('/spec/replicas must be integer');
    expect(faults.join()).toContain('strategi');
  });
});

describe('what runs', () => {
  test('has probes that tell, limits, two of each and a budget; no pod is started from an image that is not named', () => {
    expect(workloads.map(({ metadata }) => metadata.name).sort()).toEqual(['api', 'media-server', 'migrate', 'web']);
    for (const workload of workloads) {
      const { name } = workload.metadata;
      const container = containerOf(workload);
      expect(container.resources?.limits?.memory, name).toBeDefined();
      expect(kustomization.images.map((image) => image.name)).toContain(container.image);
      if (workload.kind === 'Job') continue;
      expect(workload.spec.replicas, name).toBe(2);
      expect(find('PodDisruptionBudget', name).spec.selector?.matchLabels).toEqual(
        workload.spec.template.metadata.labels,
      );
      expect(workload.spec.selector?.matchLabels).toEqual(workload.spec.template.metadata.labels);
      expect(find('Service', name).spec.selector).toEqual(workload.spec.template.metadata.labels);
      expect(container.lifecycle?.preStop, name).toBeDefined();
      expect(container.livenessProbe?.httpGet.path).toBe('/healthz');
      expect(container.readinessProbe?.httpGet.path).toBe(name === 'web' ? '/healthz' : '/readyz');
      const ports = (container.ports ?? []).map((port) => port.name);
      for (const probe of [container.livenessProbe, container.readinessProbe])
        expect(ports).toContain(probe?.httpGet.port);
      expect(ports).toContain(find('Service', name).spec.ports?.[0]?.targetPort);
    }
  });

  test('api is given what it knows, and accepts it', () => {
    const environment = environmentOf(containerOf(find('Deployment', 'api')));
    expect(Object.keys(environment).filter((key) => !configKeys('api/src/config.ts').includes(key))).toEqual([]);
    const config = loadConfig(environment);
    expect(config.PORT).toBe(containerOf(find('Deployment', 'api')).ports?.[0]?.containerPort);
    // Whatever Compose lets an operator say of it can be said here too, but what only one host needs.
    const compose = parse(read('docker-compose.yml'), { merge: true }) as {
      services: { api: { environment: Record<string, string> } };
    };
    for (const key of Object.keys(compose.services.api.environment).filter((name) =>
      /ORIGINS|^OTEL_|^DRAIN_/.test(name),
    ))
      expect(Object.keys(environment), key).toContain(key);
    const { template } = find('Deployment', 'api').spec;
    const preStop = Number(containerOf(find('Deployment', 'api')).lifecycle?.preStop?.exec.command[1]);
    expect(config.DRAIN_SECONDS).toBeGreaterThan(0);
    expect(template.spec.terminationGracePeriodSeconds).toBeGreaterThan(preStop + 3 * config.DRAIN_SECONDS + 5);
    const { spec, metadata } = find('StatefulSet', 'media-server');
    const first = spec.ordinals?.start ?? 0;
    expect(config.MEDIA_CONTROL_URL.split(',')).toEqual(
      Array.from(
        { length: spec.replicas ?? 0 },
        (_, at) => `http://${metadata.name}-${first + at}.media-server.walnut-live.svc:4100`,
      ),
    );
  });

  test('media-server makes of its pod’s name what it needs, opens its ports and has time to drain', () => {
    const set = find('StatefulSet', 'media-server');
    const container = containerOf(set);
    const given = environmentOf(container);
    // The script of the container itself, up to the start of the server.
    const script = (container.args?.[0] ?? '').replace('exec node media-server/src/main.ts', 'env');
    const { status, stdout } = spawnSync('sh', ['-c', script], {
      env: { PATH: process.env.PATH ?? '', ...given, PUBLIC_ADDRESSES: '203.0.113.1,203.0.113.2' },
      encoding: 'utf8',
    });
    expect(status).toBe(0);
    const environment = Object.fromEntries(
      stdout
        .split('\n')
        .flatMap((line) => (line ? [[line.slice(0, line.indexOf('=')), line.slice(line.indexOf('=') + 1)]] : [])),
    );
    const own = ['POD_NAME', 'POD_NAMESPACE', 'PUBLIC_HOST', 'PUBLIC_ADDRESSES'];
    expect(
      Object.keys(given).filter((key) => !own.includes(key) && !configKeys('media-server/src/config.ts').includes(key)),
    ).toEqual([]);
    const config = readConfig(environment);
    expect(config).toMatchObject({
      nodeId: 'media-2',
      publicUrl: 'https://media-2.live.example.com',
      controlUrl: 'http://media-server-2.media-server.walnut-live.svc:4100',
      rtcAnnouncedAddress: '203.0.113.2',
      recordingsAreShared: true,
    });
    const rtc = Array.from({ length: config.workers }, (_, at) => config.rtcPortBase + at);
    for (const protocol of ['UDP', 'TCP']) {
      const open = (container.ports ?? []).filter((port) => port.protocol === protocol && port.name.startsWith('rtc'));
      expect(open.map(({ hostPort }) => hostPort)).toEqual(rtc);
    }
    expect(set.spec.template.spec.hostNetwork).toBe(true);
    expect(container.lifecycle?.preStop?.exec.command).toEqual(['node', 'ops/drain.mjs']);
    expect(read('ops/media-server.Dockerfile')).toContain('ops/drain.mjs');
    expect(set.spec.template.spec.terminationGracePeriodSeconds).toBeGreaterThan(config.drainLimitMs / 1_000 + 10);
  });

  test('nginx is told where each is, and listens where the ingress asks', () => {
    const web = containerOf(find('Deployment', 'web'));
    const compose = parse(read('docker-compose.yml'), { merge: true }) as {
      services: { web: { environment: Record<string, string> } };
    };
    expect(Object.keys(environmentOf(web)).sort()).toEqual(Object.keys(compose.services.web.environment).sort());
    expect(read(`${FOLDER}/listen.conf`)).toContain(`listen ${web.ports?.[0]?.containerPort};`);
  });

  const kubectl = findProgram('kubectl');
  test.skipIf(!kubectl)('kustomize puts it together', () => {
    const { status, stdout, stderr } = spawnSync(kubectl ?? '', ['kustomize', FOLDER], { cwd: ROOT, encoding: 'utf8' });
    expect(status, stderr).toBe(0);
    expect(parseAllDocuments(stdout)).toHaveLength(manifests.length + kustomization.configMapGenerator.length);
  });
});
