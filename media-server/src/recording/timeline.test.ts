import { expect, it } from 'vitest';
import type { RecordedSegment } from './entries.ts';
import { mergedInTime } from './timeline.ts';

const row = (streamId: string, run: string, fromMs: number, count: number): RecordedSegment[] =>
  Array.from({ length: count }, (_, n) => ({
    ...{ streamId, run, n, atMs: fromMs + n * 1_000, durationMs: 1_000 },
    ...{ bytes: 1, codecs: [], width: null, height: null },
  }));
const shown = (segments: readonly RecordedSegment[]): string[] => segments.map(({ run, atMs }) => `${run}@${atMs}`);

it('shows the common picture where it is there, and the guide alone elsewhere', () => {
  const merged = mergedInTime(row('host', 'h', 0, 6), row('room', 'c', 2_200, 2));
  expect(shown(merged)).toEqual(['h@0', 'h@1000', 'c@2200', 'c@3200', 'h@4000', 'h@5000']);
});

it('shows a moment once that two hosts kept while the stream moved', () => {
  const merged = mergedInTime([...row('host', 'old', 0, 3), ...row('host', 'new', 1_900, 3)], []);
  expect(shown(merged)).toEqual(['old@0', 'old@1000', 'old@2000', 'new@2900', 'new@3900']);
});

it('follows one of two hosts that kept the same seconds to its end, and then the other', () => {
  const merged = mergedInTime([...row('host', 'old', 0, 5), ...row('host', 'new', 1_600, 6)], []);
  const old = ['old@0', 'old@1000', 'old@2000', 'old@3000', 'old@4000'];
  expect(shown(merged)).toEqual([...old, 'new@4600', 'new@5600', 'new@6600']);
});

it('fills what one of two hosts could not keep with what the other did', () => {
  const old = row('host', 'old', 0, 8).filter(({ n }) => n !== 3 && n !== 4);
  const before = ['old@0', 'old@1000', 'old@2000'];
  expect(shown(mergedInTime([...old, ...row('host', 'new', 1_600, 4)], []))).toEqual([
    ...[...before, 'new@2600', 'new@3600', 'new@4600'],
    ...['old@6000', 'old@7000'],
  ]);
  // Nobody kept those seconds: the run goes on behind its hole.
  expect(shown(mergedInTime([...old, ...row('host', 'new', 6_600, 3)], []))).toEqual([
    ...[...before, 'old@5000', 'old@6000', 'old@7000'],
    ...['new@7600', 'new@8600'],
  ]);
});

it('leaves what one host kept as it is, whatever its clock did', () => {
  const jumped = [...row('host', 'h', 0, 2), ...row('host', 'h', 1_500, 2)];
  expect(mergedInTime(jumped, [])).toHaveLength(4);
});
