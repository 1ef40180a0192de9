/** What one listener does is no other's business. */
import { expect, it } from 'vitest';
import { createSignal } from './closing.ts';

it('tells every listener though one of them fails', async () => {
  const warned = new Promise<Error>((resolve) => process.once('warning', resolve));
  const signal = createSignal<number>();
  const told: number[] = [];
  signal.subscribe(() => {
    throw new Error('a listener failed');
  });
  const unsubscribe = signal.subscribe((value) => told.push(value));
  expect(() => signal.emit(1)).not.toThrow();
  unsubscribe();
  signal.emit(2);
  expect(told).toEqual([1]);
  expect((await warned).message).toBe('a listener failed');
});
