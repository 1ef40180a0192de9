/** So much at once, and the rest in line: what waits for one row anyway must not hold every connection meanwhile. */
import { AppError } from './errors.ts';

/** @throws AppError unavailable when the line is full */
export type Gate = <T>(work: () => Promise<T>) => Promise<T>;

/** `width` at once, `line` waiting. First come, first served. */
export function createGate(width: number, line: number): Gate {
  let free = width;
  const waiting: (() => void)[] = [];
  return async (work) => {
    if (free > 0) free -= 1;
    else {
      if (waiting.length >= line) throw new AppError('unavailable', { retryAfterSeconds: 1 });
      await new Promise<void>((resolve) => waiting.push(resolve));
    }
    try {
      return await work();
    } finally {
      const next = waiting.shift();
      if (next) next();
      else free += 1;
    }
  };
}
