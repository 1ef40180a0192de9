/** Builds a list in a thread of its own, so that messages flow on meanwhile; its memory goes with it. */
import { Worker } from 'node:worker_threads';
import type { BuiltList, ListedTerm } from './matcher.ts';

export interface Building {
  readonly built: Promise<BuiltList>;
  /** Idempotent; `built` rejects if it was not there yet. */
  stop(): Promise<void>;
}

export function buildElsewhere(version: number, terms: readonly ListedTerm[]): Building {
  const worker = new Worker(new URL('./build-worker.ts', import.meta.url), {
    workerData: { version, terms },
    execArgv: ['--disable-warning=ExperimentalWarning'],
    name: 'word-list',
  });
  worker.unref();
  const built = new Promise<BuiltList>((resolve, reject) => {
    worker.once('message', resolve);
    worker.once('error', reject);
    worker.once('exit', () => reject(new Error('the thread that builds the word list ended without one')));
  });
  built.catch(() => {}); // whoever waits is told; nobody has to
  return {
    built,
    async stop() {
      await worker.terminate();
    },
  };
}
