/** The gateway as a process of its own: environment in, one listening server out. */
import { readFileSync } from 'node:fs';
import { builtApps, devApps, embedFiles } from './apps.ts';
import { type AppHandler, createGateway } from './gateway.ts';
import type { AppName } from './routes.ts';

const {
  HOST = '127.0.0.1',
  PORT = '8080',
  API_URL,
  MEDIA_URL,
  TLS_KEY_FILE,
  TLS_CERT_FILE,
  APPS_DIR,
  DEV,
} = process.env;
if (!API_URL || !MEDIA_URL) throw new Error('API_URL and MEDIA_URL must be set');

const log = (level: number, msg: string, more: Record<string, unknown> = {}) =>
  process.stdout.write(`${JSON.stringify({ level, time: Date.now(), msg, ...more })}\n`);

const starting: AppHandler = (_request, response) => {
  response.writeHead(503, { 'Retry-After': '1' }).end();
};
const apps: Record<AppName, AppHandler> =
  DEV === '1' ? { player: starting, broadcaster: starting, console: starting } : builtApps(APPS_DIR);

const server = createGateway({
  backends: { api: API_URL, media: MEDIA_URL },
  apps,
  embed: embedFiles(APPS_DIR, { dev: DEV === '1' }),
  ...(TLS_KEY_FILE && TLS_CERT_FILE
    ? { tls: { key: readFileSync(TLS_KEY_FILE, 'utf8'), cert: readFileSync(TLS_CERT_FILE, 'utf8') } }
    : {}),
  onBackendError: (backend, error) => log(40, 'a backend did not answer', { backend, error: error.message }),
});
if (DEV === '1') Object.assign(apps, await devApps(() => server));

server.listen(Number(PORT), HOST, () => log(30, 'listening', { host: HOST, port: Number(PORT) }));

let closing = false;
function close(): void {
  if (closing) return;
  closing = true;
  server.close(() => process.exit(0));
  server.closeAllConnections();
  setTimeout(() => process.exit(0), 1_000).unref(); // sockets that were upgraded are not the server's to close
}
process.on('SIGTERM', close);
process.on('SIGINT', close);
