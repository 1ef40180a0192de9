/** Kills a process of the product the hard way and waits until the supervisor has it back. */
import { waitUntil } from '../../scripts/processes.ts';
import type { TestProduct } from './product.ts';

const BACK_TIMEOUT_MS = 60_000;

/** kill -9; resolves with the milliseconds until its replacement answers through the gateway. */
export async function killAndAwaitReturn(product: TestProduct, name: 'api' | 'media-server'): Promise<number> {
  const child = product.child(name);
  const before = child.pid;
  if (before === undefined) throw new Error(`${name} does not run`);
  const killedAt = performance.now();
  process.kill(before, 'SIGKILL');
  const port = name === 'api' ? product.ports.api : product.ports.media;
  await waitUntil(`${name} is back`, BACK_TIMEOUT_MS, async () => {
    if (child.pid === undefined || child.pid === before) return false;
    try {
      return (await fetch(`http://127.0.0.1:${port}/healthz`, { signal: AbortSignal.timeout(2_000) })).ok;
    } catch {
      return false;
    }
  });
  return Math.round(performance.now() - killedAt);
}
