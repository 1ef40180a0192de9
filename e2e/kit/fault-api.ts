/**
 * The api as a process to be killed: its clock stands as far from the machine's as its parent says, and its jobs run also when
 * they are told to. It stands by, loaded, until it is told to begin. Messages in: FaultApiOrder; out: `{ port }` once it
 * listens, `{ done }` when jobs were run.
 */
import { flushCompileCache } from 'node:module';
import { type Api, createApi } from '../../api/src/compose.ts';
import { loadConfig } from '../../api/src/config.ts';

export type FaultApiOrder =
  | { readonly begin: true; readonly offsetMs: number }
  | { readonly offsetMs: number }
  | { readonly run: readonly string[]; readonly id: number };

let offsetMs = 0;
let api: Api | undefined;

async function begin(): Promise<void> {
  api = await createApi(loadConfig(), { clock: { now: () => new Date(Date.now() + offsetMs) } });
  process.send?.({ port: await api.listen() });
}
async function run(jobs: readonly string[], id: number): Promise<void> {
  await Promise.allSettled(jobs.map((job) => api?.platform.jobs.runNow(job)));
  process.send?.({ done: id });
}
process.on('message', (order: FaultApiOrder) => {
  if ('offsetMs' in order) offsetMs = order.offsetMs;
  if ('begin' in order) void begin();
  if ('run' in order) void run(order.run, order.id);
});
process.on('disconnect', () => process.exit(0));
// Whoever is killed writes nothing on the way out.
flushCompileCache();
