/** `./live stop`: ends what runs on a data folder, wherever it was started. */
import { isAlive, waitUntil } from '../processes.ts';
import { SetupError, say, step } from '../setup/say.ts';
import { parseRunOptions } from './options.ts';
import { runningOn } from './run-file.ts';

/** Longer than the sum of what the processes may take to end. */
const STOP_TIMEOUT_MS = 40_000;

export async function stop(args: readonly string[]): Promise<void> {
  const { dataDir } = parseRunOptions(args);
  const running = runningOn(dataDir);
  if (!running) {
    say(`Nothing runs on ${dataDir}. Next: ./live start`);
    return;
  }
  await step(`stopping process ${running.pid}`, async () => {
    process.kill(running.pid, 'SIGTERM');
    try {
      await waitUntil('it ends', STOP_TIMEOUT_MS, () => !isAlive(running.pid));
    } catch {
      throw new SetupError(`Process ${running.pid} does not end.`, [`As a last resort:  kill -9 ${running.pid}`]);
    }
  });
  say(`Stopped. The data is kept in ${dataDir}. Next: ./live start`);
}
