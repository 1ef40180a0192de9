import { type Wave, wavePhases } from '@walnut-live/contracts';
import { expect, test } from 'vitest';
import { isOpen, phasesFrom, phaseTime, roomAt } from './wave-view.ts';

test('phases follow one another, and one of them is now', () => {
  const start = Date.parse('2031-03-04T00:00:00Z');
  const phases = phasesFrom(start, [3, 2, 1, 4], wavePhases);
  expect(phases.map(({ phase, from, until }) => `${phase} ${from.slice(5, 10)} ${until.slice(5, 10)}`)).toEqual([
    'build_up 03-04 03-07',
    'pre_sale 03-07 03-09',
    'sale 03-09 03-10',
    'follow_up 03-10 03-14',
  ]);
  const at = (iso: string) => phases.map((phase) => phaseTime(phase, Date.parse(iso)));
  expect(at('2031-03-03T23:59:59Z')).toEqual(['coming', 'coming', 'coming', 'coming']);
  expect(at('2031-03-07T00:00:00Z')).toEqual(['past', 'now', 'coming', 'coming']);
  expect(at('2031-03-14T00:00:00Z')).toEqual(['past', 'past', 'past', 'past']);
});

const START = Date.parse('2031-03-04T00:00:00Z');
const HOUR_MS = 3_600_000;
const action = (hour: number, kind: 'room_open' | 'room_close', state: string, roomId?: string) => ({
  at: new Date(START + hour * HOUR_MS).toISOString(),
  deed: { kind },
  state,
  result: roomId ? { roomId } : {},
});
test('those who have booked are those of the live announced next before: counted once it is announced', () => {
  const wave = {
    actions: [
      action(1, 'room_open', 'done', 'first'),
      action(2, 'room_close', 'done', 'first'),
      action(3, 'room_open', 'planned'),
      action(5, 'room_open', 'failed'),
    ],
  } as unknown as Wave;
  const room = (hour: number) => roomAt(wave, START + hour * HOUR_MS);
  expect(room(0.5)).toBeUndefined();
  expect(room(1)).toEqual({ roomId: 'first' });
  expect(room(2.5)).toEqual({ roomId: 'first' });
  expect(room(3)).toEqual({ roomId: null });
  expect(room(6)).toEqual({ roomId: null });
});

test('a wave that is over offers nothing to be tried again', () => {
  const states = ['draft', 'running', 'paused', 'cancelled', 'done'] as const;
  expect(states.filter((state) => isOpen({ state }))).toEqual(['draft', 'running', 'paused']);
});
