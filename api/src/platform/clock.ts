import { randomBytes } from 'node:crypto';
import { uuidv7 } from 'uuidv7';

/** Time and randomness are passed in, so that rules can be tested at any moment and repeated. */
export interface Clock {
  now(): Date;
}
export interface Random {
  /** UUIDv7 for a new row. */
  id(): string;
  /** Unguessable bytes. */
  bytes(count: number): Buffer;
}
export const systemClock: Clock = { now: () => new Date() };
export const systemRandom: Random = { id: uuidv7, bytes: randomBytes };
