import { wavePhases } from '@walnut-live/contracts';
import { expect, test } from 'vitest';
import { phasesFrom, phaseTime } from './wave-view.ts';

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
