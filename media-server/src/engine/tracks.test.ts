import type { types } from 'mediasoup';
import { expect, it } from 'vitest';
import { createTrackTable } from './tracks.ts';

const producer = (id: string, kind: 'audio' | 'video') =>
  ({ id, kind, paused: false, closed: false }) as types.Producer & { closed: boolean };

it('offers the newest open producer of each kind, and the one below it when it goes', () => {
  const table = createTrackTable();
  let changes = 0;
  table.onChange(() => {
    changes += 1;
  });
  const offered = (): string[] => table.list().map(({ producerId }) => producerId);
  const [local, sound, piped] = [producer('local', 'video'), producer('sound', 'audio'), producer('piped', 'video')];
  for (const one of [local, sound, piped]) table.set(one);
  expect(offered()).toEqual(['piped', 'sound']);
  // A pipe that goes takes nothing along that somebody else publishes.
  table.remove(piped);
  expect([offered(), changes]).toEqual([['local', 'sound'], 4]);
  table.remove(piped);
  expect(changes).toBe(4);

  const next = producer('next', 'video');
  table.set(next);
  table.remove(local);
  expect([offered(), changes]).toEqual([['next', 'sound'], 5]);
  // One that died counts as gone, whether or not anybody took it out.
  const last = producer('last', 'video');
  table.set(last);
  Object.assign(last, { closed: true });
  expect(offered()).toEqual(['next', 'sound']);
  Object.assign(next, { closed: true });
  expect(offered()).toEqual(['sound']);
});
