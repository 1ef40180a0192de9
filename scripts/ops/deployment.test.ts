/** The files of the real deployment, checked as far as that goes without a Docker engine. */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { loadConfig } from '../../api/src/config.ts';
import { readConfig } from '../../media-server/src/config.ts';
import { contentSecurityPolicy, PAGE_HEADERS } from '../gateway/headers.ts';
import { BACKEND_RULES } from '../gateway/routes.ts';
import { ROOT } from '../setup/paths.ts';
import { ComposeFile, danglingReferences, interpolate, variablesIn } from './compose.ts';

const read = (file: string) => readFileSync(join(ROOT, file), 'utf8');
const source = read('docker-compose.yml');
const example = parseEnv(read('.env.example'));
/** Empty in the example because most need none, but no free text either. */
const OPTIONAL: Record<string, string> = {
  API_REDIS_URL: 'redis://redis:6379',
  MEDIA_REDIS_URL: 'redis://redis:6379',
  MEDIA_NODE_CONTROL_URL: 'http://10.0.0.5:4100',
  MEDIA_CONTROL_URLS: 'http://10.0.0.5:4100,http://10.0.0.6:4100',
  MEDIA_PUBLIC_URL: 'https://media-1.example',
  STUN_URLS: 'stun:turn.example.com:3478',
  TURN_URLS: 'turn:turn.example.com:3478?transport=udp,turns:turn.example.com:443?transport=tcp',
  RECORDING_S3_ENDPOINT: 'https://s3.example.com',
  MALL_URL: 'https://mall.example.com/api',
  MALL_KEY_ID: 'walnut-live',
  WECHAT_PAY_API_V3_KEY: 'x'.repeat(32),
  WECHAT_PAY_PRIVATE_KEY_FILE: '',
  WECHAT_PAY_PUBLIC_KEY_FILE: '',
  WECHAT_PAY_NOTIFY_URL: 'https://live.example.com',
  WECHAT_PAY_API_URL: 'https://proxy.example.com',
};
/** Secrets of services that a deployment may do without: empty switches them off. */
const SECRETS_OF_EXTRAS = [
  'TURN_SECRET',
  'RECORDING_S3_SECRET_ACCESS_KEY',
  'WECHAT_APP_SECRET',
  'WECHAT_PAY_APP_SECRET',
  'MALL_SECRET',
];
const filledIn = Object.fromEntries(
  Object.entries(example).map(([key, value]) => [key, value || (OPTIONAL[key] ?? 'x'.repeat(40))]),
);
const compose = ComposeFile.parse(parse(interpolate(source, filledIn)));

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
    expect(Object.keys(compose.services).sort()).toEqual([
      'api',
      'media-server',
      'migrate',
      'postgres',
      'redis',
      'web',
    ]);
    expect(danglingReferences(compose)).toEqual([]);
  });

  test('every variable is explained in .env.example, and nothing else is', () => {
    expect([...new Set(variablesIn(source).map(({ name }) => name))].sort()).toEqual(Object.keys(example).sort());
  });

  test('secrets have no default and no example value', () => {
    const secrets = variablesIn(source).filter(({ name }) => /SECRET|TOKEN|PASSWORD/.test(name));
    expect(secrets.length).toBeGreaterThan(0);
    const optional = secrets.filter(({ required }) => !required).map(({ name }) => name);
    expect(optional.sort()).toEqual([...SECRETS_OF_EXTRAS].sort());
    for (const name of SECRETS_OF_EXTRAS) expect(source).toContain(`\${${name}:-}`);
    expect(secrets.filter(({ name }) => example[name] !== '')).toEqual([]);
    expect(() => interpolate(source, { ...filledIn, AUTH_SECRET: '' })).toThrow(/AUTH_SECRET is not set/);
  });

  test('api and media-server accept exactly what they are given', () => {
    const environment = (name: string) =>
      Object.fromEntries(
        Object.entries(compose.services[name]?.environment ?? {}).map(([key, value]) => [key, String(value)]),
      );
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
    const bare = Object.fromEntries(
      Object.entries(example).map(([key, value]) => [
        key,
        value === '' && /SECRET|TOKEN|PASSWORD/.test(key) && !SECRETS_OF_EXTRAS.includes(key) ? 'x'.repeat(40) : value,
      ]),
    );
    // Compose puts values in after it has read the file: what is empty is an empty text there.
    const raw: { services: Record<string, { environment: Record<string, unknown> }> } = parse(
      interpolate(source, bare),
    );
    const environment = Object.entries(raw.services['media-server']?.environment ?? {});
    const media = readConfig(Object.fromEntries(environment.map(([key, value]) => [key, String(value ?? '')])));
    expect(media).toMatchObject({ recordingS3: null, redisUrl: null, iceServers: { stunUrls: [], turnUrls: [] } });
    expect(media.recordingLimitHours).toBe(12);
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
      /^ {4}location (= )?(\S+)\s+\{ (?:allow 127\.0\.0\.1; deny all; )?proxy_pass http:\/\/(\w+)(\S*);/gm,
    ),
  ];

  test('sends the same paths to the same places as the gateway', () => {
    const nginx = locations.map(([line, exact, path = '', to, rewrite]) => ({
      path,
      exact: exact !== undefined,
      to: to === 'rooms' ? 'api' : to, // the same servers, chosen in another way
      rewrite: rewrite || undefined,
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

  test('refers to files that the image has', () => {
    const included = [...conf.matchAll(/include \/etc\/nginx\/walnut-live\/(\S+);/g)].map((match) => match[1] ?? '');
    const dockerfile = read('ops/web.Dockerfile');
    expect(new Set(included)).toEqual(new Set(['page.conf', 'asset.conf', 'hls.conf', 'hls-cache.conf']));
    for (const file of included) expect(dockerfile).toContain(`ops/nginx/${file}`);
  });
});
