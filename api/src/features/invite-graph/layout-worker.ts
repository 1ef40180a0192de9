/** The thread that places one forest and ends; see layout.ts. */
import { parentPort, workerData } from 'node:worker_threads';
import { placeForest } from './layout.policy.ts';

const { inviters, people } = workerData as { inviters: Int32Array; people: Uint32Array };
const placed = placeForest(inviters, people);
parentPort?.postMessage(
  placed,
  Object.values(placed).map((column: Float32Array<ArrayBuffer>) => column.buffer),
);
