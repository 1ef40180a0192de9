/**
 * nginx with the configuration of the deployment (ops/nginx) on ports of its own, in front of servers of this machine. Its name is
 * FRONT_DOOR_HOST, with a certificate of its own; in clear text it also answers on a second port, for callers that are no browsers.
 */
import { execFileSync, spawn, spawnSync } from 'node:child_process';
import { chmodSync, cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePort, waitUntil } from '../processes.ts';
import { ROOT } from '../setup/paths.ts';
import { findProgram } from '../setup/system-packages.ts';

export const FRONT_DOOR_HOST = 'live.example.com';
const NGINX = findProgram('nginx', '/usr/sbin/nginx') ?? 'nginx';
const START_TIMEOUT_MS = 10_000;
/** A crowd of sockets takes two each. */
const CONNECTIONS = 8_192;

export interface FrontDoorOptions {
  /** Ports of this machine. */
  readonly api: readonly number[];
  readonly media: readonly [number, number];
  /** What is beneath /srv in the image: a folder each, for `player`, `studio`, `console`, `live-client`. */
  readonly srv: Readonly<Record<string, string>>;
}

export interface FrontDoor {
  /** TLS. */
  readonly port: number;
  readonly plainPort: number;
  /** Lines of the access log: address, method, host and path, status, bytes, seconds, request id. */
  log(): string[];
  stop(): Promise<void>;
}

/** What the image's start makes of the template; `resolve` is younger than Debian's nginx. */
function configuration(folder: string, port: number, { api, media }: FrontDoorOptions): string {
  const at = (backend: number): string => `127.0.0.1:${backend}`;
  const template = readFileSync(join(ROOT, 'ops/nginx/walnut-live.conf.template'), 'utf8');
  /** `server NAME resolve …;` becomes one line for each address that the name has. */
  const known: Record<string, readonly number[]> = {
    API_SERVER: api,
    MEDIA_SERVER: media,
    MEDIA_1: media.slice(0, 1),
    MEDIA_2: media.slice(1),
  };
  return template
    .replaceAll(`\${PUBLIC_HOST}`, FRONT_DOOR_HOST)
    .replace(/^resolver .*$/m, '')
    .replace(/server \$\{(\w+)\} resolve([^;]*);/g, (_line, name: string, more: string) =>
      (known[name] ?? []).map((one) => `server ${at(one)}${more};`).join(' '),
    )
    .replace(/\$\{(MEDIA_[12])\}/g, (_name, which: string) => at(known[which]?.[0] ?? 0))
    .replaceAll('listen 80;', `listen 127.0.0.1:${port + 1};`)
    .replaceAll('/etc/nginx/walnut-live', join(folder, 'walnut-live'))
    .replaceAll('/var/log/nginx', folder)
    .replaceAll('/srv/', `${folder}/srv/`);
}

/** @throws Error when nginx does not take the configuration, with its words */
export async function startFrontDoor(options: FrontDoorOptions): Promise<FrontDoor> {
  const folder = mkdtempSync(join(tmpdir(), 'walnut-live-front-'));
  chmodSync(folder, 0o755); // nginx's worker is another person
  const [port, plainPort] = [await freePort(), await freePort()];
  const certificate = ['-keyout', join(folder, 'privkey.pem'), '-out', join(folder, 'fullchain.pem')];
  const key = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-days', '2'];
  execFileSync('openssl', ['req', '-x509', ...key, '-subj', `/CN=${FRONT_DOOR_HOST}`, ...certificate]);
  mkdirSync(join(folder, 'srv'));
  for (const [name, from] of Object.entries(options.srv)) symlinkSync(from, join(folder, 'srv', name));
  cpSync(join(ROOT, 'ops/nginx'), join(folder, 'walnut-live'), { recursive: true });
  const change = (file: string, words: Readonly<Record<string, string>>): void => {
    const at = join(folder, 'walnut-live', file);
    let text = readFileSync(at, 'utf8');
    for (const [from, to] of Object.entries(words)) text = text.replaceAll(from, to);
    writeFileSync(at, text);
  };
  change('hls-cache.conf', { '/var/cache/nginx': join(folder, 'cache') });
  // A port that is not the usual one belongs to the name.
  change('page.conf', { $host: `$host:${port}` });
  change('listen.conf', {
    // `http2 on` is younger than Debian's nginx.
    'listen 443 ssl;': `listen 127.0.0.1:${port} ssl http2; listen 127.0.0.1:${plainPort};`,
    'http2 on;': '',
    '/etc/nginx/tls': folder,
  });
  mkdirSync(join(folder, 'cache'), { mode: 0o777 });
  mkdirSync(join(folder, 'temp'));
  const temp = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'];
  const main = join(folder, 'nginx.conf');
  writeFileSync(
    main,
    `daemon off; pid ${folder}/pid; error_log ${folder}/error.log warn; worker_processes 1; worker_rlimit_nofile ${2 * CONNECTIONS};
     events { worker_connections ${CONNECTIONS}; }
     http {
       include /etc/nginx/mime.types;
       ${temp.map((name) => `${name}_temp_path ${folder}/temp/${name};`).join(' ')}
       ${configuration(folder, port, options)}
     }`,
  );
  const check = spawnSync(NGINX, ['-t', '-c', main], { encoding: 'utf8' });
  if (check.status !== 0) throw new Error(check.stderr);
  const nginx = spawn(NGINX, ['-c', main], { stdio: 'ignore' });
  const ended = new Promise((resolve) => nginx.once('exit', resolve));
  await waitUntil('nginx answers', START_TIMEOUT_MS, () =>
    fetch(`http://127.0.0.1:${plainPort}/studio`, { redirect: 'manual' }).then(
      () => true,
      () => false,
    ),
  );
  return {
    ...{ port, plainPort },
    log: () => readFileSync(join(folder, 'access.log'), 'utf8').trim().split('\n'),
    async stop() {
      if (nginx.kill('SIGTERM')) await ended;
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
