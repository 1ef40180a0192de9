import { expect, test } from 'vitest';
import { lacksOf, sixteenOn } from './hosts.policy.ts';

const free = { identityNeeded: false, trainingNeeded: false };
const strict = { identityNeeded: true, trainingNeeded: true };

test.each([
  ['2010-11-22', '2026-11-22'],
  ['2008-02-29', '2024-02-29'],
  ['2010-01-01', '2026-01-01'],
])('Z2 who is born on %s turns 16 on %s', (born, sixteen) => {
  expect(sixteenOn(born)).toBe(sixteen);
});

test.each([
  [null, 0, free, []],
  [null, 0, strict, ['identity', 'training']],
  [null, 1, strict, ['identity']],
  ['2026-11-22', 0, { ...free, trainingNeeded: true }, ['training']],
  ['2026-11-22', 1, strict, []],
  ['2026-11-23', 1, strict, ['age']],
  ['2026-11-23', 1, free, ['age']],
] as const)('Z2 sixteen on %s, %s trainings: what is missing', (sixteen, trainings, needs, missing) => {
  expect(lacksOf({ sixteenOn: sixteen, trainings }, needs, '2026-11-22')).toEqual(missing);
});
