/** The thread that builds one list and ends; see build-elsewhere.ts. */
import { parentPort, workerData } from 'node:worker_threads';
import { buildList } from './build.ts';
import type { ListedTerm } from './matcher.ts';

const { version, terms } = workerData as { version: number; terms: readonly ListedTerm[] };
const built = buildList(version, terms);
const { automaton, letters, termOf } = built;
const buffers = [...Object.values(automaton), letters.fold, termOf].map(
  (array: Uint8Array) => array.buffer as ArrayBuffer,
);
parentPort?.postMessage(built, buffers);
