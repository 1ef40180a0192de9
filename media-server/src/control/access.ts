import { createHash, timingSafeEqual } from 'node:crypto';

/** Compares in constant time, whatever the lengths. */
export function createControlAccess(controlToken: string): (given: unknown) => boolean {
  const digest = (value: string): Buffer => createHash('sha256').update(value).digest();
  const expected = digest(controlToken);
  return (given) => typeof given === 'string' && timingSafeEqual(digest(given), expected);
}
