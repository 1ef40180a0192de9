/** The files of the real deployment, checked as far as that goes without a Docker engine. */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { loadConfig } from '../../api/src/config.ts';
import { readConfig } from '../../media-server/src/config.ts';
import { contentSecurityPolicy, EMBED_HEADERS, PAGE_HEADERS } from '../gateway/headers.ts';
import { BACKEND_RULES } from '../gateway/routes.ts';
import { ROOT } from '../setup/paths.ts';
import { ComposeFile, danglingReferences, interpolate, readCompose, variablesIn } from './compose.ts';

const read = (file: string) => readFileSync(join(ROOT, file), 'utf8');
const source = read('docker-compose.yml');
const example = parseEnv(read('.env.example'));
/** Empty in the example because most need none, but no free text either. */
const OPTIONAL: Record<string, string> = {
  CLUSTER: '',
  API_REDIS_URL: 'redis://redis:6379',
  MEDIA_REDIS_URL: 'redis://redis:6379',
  MEDIA_NODE_CONTROL_URL: 'http://10.0.0.5:4100',
  MEDIA_CONTROL_URLS: 'http://10.0.0.5:4100,http://10.0.0.6:4100',
  MEDIA_PUBLIC_URL: 'https://media-1.example',
  ALERT_WEBHOOK_URL: 'https://alerts.example.com/hook',
  RECORDING_FOLDER_SHARED: 'false',
  STUN_URLS: 'stun:turn.example.com:3478',
  TURN_URLS: 'turn:turn.example.com:3478?transport=udp,turns:turn.example.com:443?transport=tcp',
  RECORDING_S3_ENDPOINT: 'https://s3.example.com',
  OWN_ORIGINS: 'https://m.example.com',
  EMBED_ORIGINS: 'https://www.example.com,https://shop.example.com',
  MALL_URL: 'https://mall.example.com/api',
  MALL_KEY_ID: 'walnut-live',
  WECHAT_PAY_API_V3_KEY: 'x'.repeat(32),
  WECHAT_PAY_PRIVATE_KEY_FILE: '',
  WECHAT_PAY_PUBLIC_KEY_FILE: '',
  WECHAT_PAY_NOTIFY_URL: 'https://live.example.com',
  WECHAT_PAY_API_URL: 'https://proxy.example.com',
  OTEL_EXPORTER_OTLP_ENDPOINT: 'http://jaeger:4318',
  OTEL_EXPORTER_OTLP_HEADERS: 'authorization=Basic%20d2FsbnV0',
};
/** Secrets of services that a deployment may do without: empty switches them off. */
const SECRETS_OF_EXTRAS = [
  'TURN_SECRET',
  'GRAFANA_PASSWORD',
  'RECORDING_S3_SECRET_ACCESS_KEY',
  'WECHAT_APP_SECRET',
  'WECHAT_PAY_APP_SECRET',
  'MALL_SECRET',
];
const filledIn = Object.fromEntries(
  Object.entries(example).map(([key, value]) => [key, value || (OPTIONAL[key] ?? 'x'.repeat(40))]),
);
const compose = readCompose(source, filledIn);
/** As it is run with nothing filled in that need not be. */
const bare = Object.fromEntries(
  Object.entries(example).map(([key, value]) => [
    key,
    value === '' && /SECRET|TOKEN|PASSWORD/.test(key) && !SECRETS_OF_EXTRAS.includes(key) ? 'x'.repeat(40) : value,
  ]),
);
const environmentOf = (file: ComposeFile, name: string): Record<string, string> =>
  Object.fromEntries(
    Object.entries(file.services[name]?.environment ?? {}).map(([key, value]) => [key, String(value)]),
  );

function parseEnv(text: string): Record<string, string> {
  return Object.fromEntries(
    text
      .split('\n')
      .filter((line) => line !== '' && !line.startsWith('#'))
      .map((line) => [line.slice(0, line.indexOf('=')), line.slice(line.indexOf('=') + 1)]),
  );
}

/** The keys that a config file's schema knows. */
const configKeys = (file: string) =>
  [...read(file).matchAll(/^ {2}([A-Z][A-Z0-9_]+):/gm)].map((match) => match[1] ?? '');

describe('docker-compose.yml', () => {
  test('has the services of the deployment, and every reference leads somewhere', () => {
    const inProfile = (profile?: string) =>
      Object.keys(compose.services)
        .filter((name) => compose.services[name]?.profiles?.[0] === profile)
        .sort();
    expect(inProfile()).toEqual(['api', 'media-server', 'migrate', 'postgres', 'web']);
    expect(inProfile('cluster')).toEqual(['api-2', 'media-server-2', 'redis']);
    expect(inProfile('turn')).toEqual(['coturn']);
    expect(inProfile('monitoring')).toEqual([
      'alertmanager',
      'blackbox-exporter',
      'grafana',
      'node-exporter',
      'postgres-exporter',
      'prometheus',
    ]);
    expect(inProfile('traces')).toEqual(['jaeger']);
    expect(inProfile('backup')).toEqual(['backup']);
    expect(danglingReferences(compose)).toEqual([]);
  });

  test('every variable is explained in .env.example, and nothing else is', () => {
    const used = [...variablesIn(source).map(({ name }) => name), 'COMPOSE_PROFILES'];
    expect([...new Set(used)].sort()).toEqual(Object.keys(example).sort());
  });

  test('secrets have no default and no example value', () => {
    const secrets = variablesIn(source).filter(({ name }) => /SECRET|TOKEN|PASSWORD/.test(name));
    expect(secrets.length).toBeGreaterThan(0);
    const optional = secrets.filter(({ required }) => !required).map(({ name }) => name);
    expect([...new Set(optional)].sort()).toEqual([...SECRETS_OF_EXTRAS].sort());
    for (const name of SECRETS_OF_EXTRAS) expect(source).toContain(`\${${name}:-}`);
    expect(secrets.filter(({ name }) => example[name] !== '')).toEqual([]);
    expect(() => interpolate(source, { ...filledIn, AUTH_SECRET: '' })).toThrow(/AUTH_SECRET is not set/);
  });

  test('api and media-server accept exactly what they are given', () => {
    const environment = (name: string) => environmentOf(compose, name);
    expect(Object.keys(environment('api')).filter((key) => !configKeys('api/src/config.ts').includes(key))).toEqual([]);
    expect(() => loadConfig(environment('api'))).not.toThrow();
    expect(
      Object.keys(environment('media-server')).filter((key) => !configKeys('media-server/src/config.ts').includes(key)),
    ).toEqual([]);
    const media = readConfig({ ...environment('media-server'), RTC_ANNOUNCED_ADDRESS: '203.0.113.10' });
    expect(media).toMatchObject({ redisUrl: 'redis://redis:6379', controlUrl: 'http://10.0.0.5:4100' });
    expect(media).toMatchObject({
      drainLimitMs: 300_000,
      iceServers: { stunUrls: [OPTIONAL.STUN_URLS], turnUrls: [expect.any(String), expect.any(String)] },
      recordingS3: { endpoint: OPTIONAL.RECORDING_S3_ENDPOINT, bucket: filledIn.RECORDING_S3_BUCKET },
    });
    const firstPort = media.rtcPortBase;
    const udp = compose.services['media-server']?.ports?.find((port) => port.endsWith('/udp'));
    expect(udp).toBe(`${firstPort}-${firstPort + media.workers - 1}:${firstPort}-${firstPort + media.workers - 1}/udp`);
  });

  test('whatever an operator is told to set for the media server reaches it', () => {
    const told = ['docs/09-ports-firewall-turn.md', 'docs/10-recording-and-replay.md', 'docs/05-media-architecture.md']
      .flatMap((file) => [...read(file).matchAll(/\b(?:STUN|TURN|RECORDING|MAX|DRAIN)_[A-Z0-9_]+\b/g)])
      .map(([name]) => name)
      .filter((name) => configKeys('media-server/src/config.ts').includes(name));
    expect(told.length).toBeGreaterThan(8);
    const given = Object.keys(compose.services['media-server']?.environment ?? {});
    expect([...new Set(told)].filter((name) => !given.includes(name))).toEqual([]);
  });

  test('with an example that is filled in no further than it must be, extras are off', () => {
    const media = readConfig(environmentOf(readCompose(source, bare), 'media-server'));
    expect(media).toMatchObject({ recordingS3: null, redisUrl: null, iceServers: { stunUrls: [], turnUrls: [] } });
    expect(media.recordingLimitHours).toBe(12);
  });

  test('with CLUSTER=1 two of each find one another, and every port, name and address is one’s own', () => {
    const file = readCompose(source, { ...bare, CLUSTER: '1' });
    const api = loadConfig(environmentOf(file, 'api'));
    expect(loadConfig(environmentOf(file, 'api-2'))).toEqual(api);
    expect(api).toMatchObject({
      REDIS_URL: 'redis://redis:6379',
      MEDIA_CONTROL_URL: 'http://media-1:4100,http://media-2:4100',
    });
    const names = ['media-server', 'media-server-2'];
    const media = names.map((name) => readConfig(environmentOf(file, name)));
    expect(media.map(({ nodeId }) => nodeId)).toEqual(['media-1', 'media-2']);
    expect(media.map(({ controlUrl }) => controlUrl).join()).toBe(api.MEDIA_CONTROL_URL);
    expect(media.map(({ publicUrl }) => publicUrl)).toEqual([
      `https://media-1.${example.PUBLIC_HOST}`,
      `https://media-2.${example.PUBLIC_HOST}`,
    ]);
    expect(media.every(({ recordingsAreShared, redisUrl }) => recordingsAreShared && redisUrl !== null)).toBe(true);
    for (const [at, name] of names.entries()) {
      const { networks, ports } = file.services[name] ?? {};
      const config = media[at];
      if (!config || !networks || Array.isArray(networks)) throw new Error(`no networks of ${name}`);
      expect(networks.inside?.aliases).toContain(config.nodeId);
      expect(networks.media?.ipv4_address).toBe(config.rtcListenIp);
      expect(config.pipeListenIp).toBe(config.rtcListenIp);
      const range = `${config.rtcPortBase}-${config.rtcPortBase + config.workers - 1}`;
      expect(ports).toEqual(['udp', 'tcp'].map((kind) => `${range}:${range}/${kind}`));
    }
    // 2,000 ports belong to each.
    expect(Math.abs((media[0]?.rtcPortBase ?? 0) - (media[1]?.rtcPortBase ?? 0))).toBeGreaterThanOrEqual(2_000);
    expect(readConfig(environmentOf(readCompose(source, bare), 'media-server')).publicUrl).toBe('');
  });

  test('no two publish the same port, and docs/09 names every one', () => {
    const doc = read('docs/09-ports-firewall-turn.md');
    const ports = Object.values(compose.services).flatMap(({ ports }) => ports ?? []);
    const outside = ports.map((port) => port.replace(/:[^:]+$/, '') + (port.endsWith('/udp') ? '/udp' : ''));
    expect(new Set(outside).size).toBe(outside.length);
    for (const port of outside) {
      const first = port.replace('/udp', '').split(':').at(-1)?.split('-')[0] ?? '';
      expect(doc, port).toMatch(new RegExp(`\\b${first}\\b`));
    }
  });

  test('mounts from the clone are files that are there', () => {
    const mounted = Object.values(compose.services).flatMap(({ volumes }) =>
      (volumes ?? []).map((volume) => volume.split(':')[0] ?? '').filter((path) => path.startsWith('./ops/')),
    );
    expect(mounted.length).toBeGreaterThan(5);
    expect(mounted.filter((path) => path !== './ops/wechat-pay' && !existsSync(join(ROOT, path)))).toEqual([]);
  });

  test('a wrong file is found out', () => {
    const broken = structuredClone(compose);
    const api = broken.services.api;
    if (!api) throw new Error('no api');
    api.networks = ['outside'];
    api.depends_on = { postgres: { condition: 'service_healthy' }, nobody: { condition: 'service_started' } };
    delete api.healthcheck;
    expect(danglingReferences(broken)).toEqual([
      'api: no network outside',
      'api: depends on nobody, which is not there',
      'api: has no health check',
      'web: api has no health check',
    ]);
    const { mem_limit: _limit, ...unlimited } = compose.services.web ?? {};
    expect(ComposeFile.safeParse({ ...compose, services: { web: unlimited } }).success).toBe(false);
    expect(ComposeFile.safeParse({ ...compose, service: {} }).success).toBe(false);
  });
});

describe('.env.example', () => {
  test.each(['api', 'media-server'])('of %s names every key of its config, and no other', (workspace) => {
    const keys = Object.keys(parseEnv(read(`${workspace}/.env.example`)));
    expect(keys.sort()).toEqual(configKeys(`${workspace}/src/config.ts`).sort());
  });

  test('filled in, both are accepted', () => {
    const filled = (workspace: string) =>
      Object.fromEntries(
        Object.entries(parseEnv(read(`${workspace}/.env.example`))).map(([key, value]) => [
          key,
          value === '' ? (OPTIONAL[key] ?? (/SECRET|TOKEN|^WECHAT_/.test(key) ? 'x'.repeat(40) : value)) : value,
        ]),
      );
    expect(() => loadConfig(filled('api'))).not.toThrow();
    expect(() => readConfig(filled('media-server'))).not.toThrow();
  });
});

describe('images', () => {
  const builds = Object.values(compose.services).flatMap(({ build }) => (build ? [build.dockerfile] : []));

  test.each([...new Set(builds)])('%s copies files that are there', (dockerfile) => {
    const copies = [...read(dockerfile).matchAll(/^COPY (?!--from)(.+)$/gm)].flatMap((match) =>
      (match[1] ?? '').split(/\s+/).slice(0, -1),
    );
    expect(copies.length).toBeGreaterThan(0);
    expect(copies.filter((path) => !existsSync(join(ROOT, path)))).toEqual([]);
  });
});

describe('nginx', () => {
  const conf = read('ops/nginx/walnut-live.conf.template');
  const locations = [
    ...conf.matchAll(
      /^ {4}location (= )?(\S+)\s+\{ (?:allow 127\.0\.0\.1; deny all; )?(?:rewrite \^(\S+)\(\/\.\*\)\$ \$1 break; )?proxy_pass http:\/\/(\$?\w+);/gm,
    ),
  ];

  test('sends the same paths to the same places as the gateway', () => {
    const nginx = locations.map(([line, exact, path = '', cut, to]) => ({
      path,
      exact: exact !== undefined,
      // `$socket_upstream` is the same servers as `api`, chosen in another way, or by a name exactly one media server; `$media_upstream` any media server or exactly one.
      to: to === '$socket_upstream' ? 'api' : to === '$media_upstream' ? 'media' : to,
      rewrite: cut === undefined ? undefined : path.slice(cut.length),
      onlyLoopback: line?.includes('deny all'),
    }));
    const gateway = BACKEND_RULES.map(({ path, to, rewrite, onlyLoopback }) => ({
      path,
      exact: !path.endsWith('/'),
      to,
      rewrite,
      onlyLoopback: onlyLoopback === true,
    }));
    expect(nginx).toEqual(gateway);
  });

  test('gives the pages the same headers as the gateway', () => {
    const page = read('ops/nginx/page.conf');
    expect(page).toContain(
      `add_header Content-Security-Policy "${contentSecurityPolicy('HOST').replaceAll('HOST', '$host')}" always;`,
    );
    for (const [name, value] of Object.entries(PAGE_HEADERS)) {
      expect(page).toMatch(new RegExp(`add_header ${name} "?${value.replace(/[()*]/g, '\\$&')}"? always;`));
    }
  });

  test('gives what other sites load the same headers as the gateway, from where the image has it', () => {
    const embed = read('ops/nginx/embed.conf');
    for (const [name, value] of Object.entries(EMBED_HEADERS))
      expect(embed).toMatch(new RegExp(`add_header ${name} "?${value.replace(/[()*]/g, '\\$&')}"?(?: always)?;`));
    expect(conf).toMatch(
      /location \/embed\/ \{\s+root \/srv\/live-client;\s+include \/etc\/nginx\/walnut-live\/embed\.conf;/,
    );
    expect(read('ops/web.Dockerfile')).toContain(`/app/live-client/dist /srv/live-client`);
  });

  test('refers to files that the image has', () => {
    const included = [...conf.matchAll(/include \/etc\/nginx\/walnut-live\/(\S+);/g)].map((match) => match[1] ?? '');
    const dockerfile = read('ops/web.Dockerfile');
    expect(new Set(included)).toEqual(
      new Set(['page.conf', 'asset.conf', 'embed.conf', 'hls.conf', 'hls-cache.conf', 'listen.conf']),
    );
    const filled = Object.keys(environmentOf(compose, 'web')).concat('NGINX_LOCAL_RESOLVERS', 'request_time');
    expect(
      [...conf.matchAll(/\$\{(\w+)\}/g)].map((match) => match[1] ?? '').filter((name) => !filled.includes(name)),
    ).toEqual([]);
    for (const file of included) expect(dockerfile).toContain(`ops/nginx/${file}`);
  });
});
