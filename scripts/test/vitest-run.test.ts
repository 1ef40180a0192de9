import { expect, test } from 'vitest';
import { sum, tally } from './vitest-run.ts';

const report = (
  passed: number,
  failed: number,
  files: { status: string; assertionResults: { status: string }[] }[] = [],
) => ({
  numPassedTests: passed,
  numFailedTests: failed,
  numPendingTests: 1,
  numTodoTests: 0,
  testResults: files,
});

test('counts what vitest counted', () => {
  expect(tally(report(5, 2), 1)).toEqual({ passed: 5, failed: 2, skipped: 1 });
});

test('a file that cannot be loaded is a failure', () => {
  expect(tally(report(5, 0, [{ status: 'failed', assertionResults: [] }]), 1).failed).toBe(1);
});

test('a run that ends badly without a failed test is a failure', () => {
  expect(tally(report(5, 0), 1).failed).toBe(1);
  expect(tally(undefined, 0).failed).toBe(1);
});

test('adds up', () => {
  expect(sum([tally(report(1, 2), 1), { passed: 1, failed: 0, skipped: 3 }])).toEqual({
    passed: 2,
    failed: 2,
    skipped: 4,
  });
});
