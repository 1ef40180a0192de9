/** Starts the api. Ends on SIGINT or SIGTERM: what was accepted is finished first. */
import { createApi } from './compose.ts';
import { loadConfig } from './config.ts';

try {
  const config = loadConfig();
  const api = await createApi(config);
  const port = await api.listen();
  api.platform.log.info({ port }, `api listens on ${config.HOST}:${port}`);
  const stop = () => void api.close().then(() => process.exit(0));
  process.on('SIGINT', stop);
  process.on('SIGTERM', stop);
} catch (error) {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
  process.exit(1);
}
