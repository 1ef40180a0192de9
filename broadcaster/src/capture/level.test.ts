import { expect, it } from 'vitest';
import { fallSlowly, levelOf } from './level.ts';

it('is 0 for silence, 1 for full scale and linear in decibels between', () => {
  expect(levelOf(new Float32Array(0))).toBe(0);
  expect(levelOf(new Float32Array(64))).toBe(0);
  expect(levelOf(new Float32Array(64).fill(1))).toBe(1);
  expect(levelOf(new Float32Array(64).fill(10 ** (-30 / 20)))).toBeCloseTo(0.5);
  expect(levelOf(new Float32Array(64).fill(0.0001))).toBe(0);
});

it('rises at once and falls slowly', () => {
  expect(fallSlowly(0.2, 0.8)).toBe(0.8);
  expect(fallSlowly(0.8, 0)).toBeGreaterThan(0.6);
});
