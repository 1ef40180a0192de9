/** Starts the api. Ends on SIGINT or SIGTERM: what was accepted is finished first, as far as that takes not too long. */
import { createApi } from './compose.ts';
import { loadConfig } from './config.ts';

/** Longest time an orderly end may take before the process goes anyway: its database may be gone already. */
const CLOSE_TIMEOUT_MS = 5_000;

try {
  const config = loadConfig();
  const api = await createApi(config);
  const port = await api.listen();
  api.platform.log.info({ port }, `api listens on ${config.HOST}:${port}`);
  const stop = () => {
    setTimeout(() => process.exit(1), CLOSE_TIMEOUT_MS + 3 * config.DRAIN_SECONDS * 1_000).unref();
    api.close().then(
      () => process.exit(0),
      () => process.exit(1),
    );
  };
  process.on('SIGINT', stop);
  process.on('SIGTERM', stop);
} catch (error) {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
  process.exit(1);
}
