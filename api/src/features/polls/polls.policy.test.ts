import { expect, test } from 'vitest';
import { haveTwins, leadersOf, readChoices, shownOf } from './polls.policy.ts';

test.each([
  ['one of four', [3], false, [3]],
  ['two of a single choice', [1, 2], false, undefined],
  ['several, in their order', [4, 1], true, [1, 4]],
  ['twice the same is once', [2, 2], false, [2]],
  ['none', [], true, undefined],
  ['one that is not there', [5], false, undefined],
  ['nought', [0], true, undefined],
] as const)('choices: %s', (_, choices, multiple, read) =>
  expect(readChoices([...choices], { multiple, options: 4 })).toEqual(read),
);

test('options that say the same, in whatever width and case', () => {
  expect(haveTwins(['A', 'Ｂ', 'c'])).toBe(false);
  expect(haveTwins(['ABC', 'ａｂ ｃ'])).toBe(true);
});

test.each([
  ['quiz', 'open', true, false, false],
  ['quiz', 'closed', false, true, true],
  ['quiz', 'cancelled', true, false, false],
  ['survey', 'open', true, true, false],
  ['survey', 'open', false, false, false],
  ['survey', 'closed', false, true, false],
  ['survey', 'cancelled', true, false, false],
] as const)('%s, %s, live %s: distribution %s, key %s', (kind, state, liveResults, tally, key) =>
  expect(shownOf({ kind, state, liveResults })).toEqual({ tally, key }),
);

test('leaders: right answers, then speed; equals share a place; nobody for nothing; ten at most', () => {
  const score = (personId: string, right: number, ms: number) => ({ personId, name: personId, right, ms });
  const places = leadersOf([
    score('d', 1, 900),
    score('a', 2, 5_000),
    score('c', 1, 400),
    score('b', 1, 400),
    score('e', 0, 1),
  ]).map(({ rank, personId }) => [rank, personId]);
  expect(places).toEqual([
    [1, 'a'],
    [2, 'b'],
    [2, 'c'],
    [4, 'd'],
  ]);
  expect(leadersOf(Array.from({ length: 30 }, (_, n) => score(`p${n}`, 1, n)))).toHaveLength(10);
});
