import { randomBytes } from 'node:crypto';
import { V7Generator } from 'uuidv7';

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
const ids = new V7Generator();
// What one process writes stays in order also when the machine's clock is set back, by however much: rows of one
// instant are listed by their ids.
ids.setRollbackAllowance(2 ** 48 - 1);
export const systemRandom: Random = { id: () => ids.generate().toString(), bytes: randomBytes };
