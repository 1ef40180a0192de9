import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { expect, test } from 'vitest';

test('a process whose log nobody reads any more still ends', async () => {
  const source = `
    import { createLogger } from ${JSON.stringify(join(import.meta.dirname, 'logger.ts'))};
    const log = createLogger('info', 'test');
    process.on('SIGTERM', () => {
      log.error('x'.repeat(10_000));
      log.error('still more');
      process.exit(0);
    });
    setInterval(() => {}, 1_000);
    log.info('up'); // not before it can be told to end`;
  const child = spawn(process.execPath, ['--input-type=module', '-e', source], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  try {
    await once(child.stdout, 'data');
    child.stdout.destroy(); // as when the supervisor was killed
    child.kill('SIGTERM');
    const [status] = (await once(child, 'exit')) as [number | null];
    expect(status).toBe(0);
  } finally {
    child.kill('SIGKILL');
  }
});
