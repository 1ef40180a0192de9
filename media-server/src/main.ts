import { readConfig } from './config.ts';
import { createMediaServer } from './media-server.ts';

/** Longest time an orderly end may take before the process goes anyway. */
const CLOSE_TIMEOUT_MS = 8_000;

async function main(): Promise<void> {
  const server = await createMediaServer(readConfig());
  const stop = (): void => {
    setTimeout(() => process.exit(1), CLOSE_TIMEOUT_MS).unref();
    server.close().then(
      () => process.exit(0),
      () => process.exit(1),
    );
  };
  // Ctrl-C in a terminal reaches the process twice when a launcher forwards it too; close is idempotent.
  process.on('SIGTERM', stop);
  process.on('SIGINT', stop);
  void server.drained.then(stop);
}

main().catch((error: unknown) => {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
  process.exit(1);
});
