import { describe, expect, it } from 'vitest';
import { type AskedFor, blocksGoingLive, type CaptureProblem, environmentProblem, problemOf } from './problem.ts';

describe('capture problems', () => {
  it.each<[boolean, boolean, CaptureProblem | null]>([
    [false, false, 'insecure'],
    [true, false, 'unsupported'],
    [true, true, null],
  ])('secure %s, devices %s → %s', (isSecureContext, hasMediaDevices, expected) => {
    expect(environmentProblem({ isSecureContext, hasMediaDevices })).toBe(expected);
  });

  it.each<[string, AskedFor, CaptureProblem]>([
    ['NotAllowedError', 'both', 'bothDenied'],
    ['NotAllowedError', 'camera', 'cameraDenied'],
    ['NotAllowedError', 'microphone', 'micDenied'],
    ['NotFoundError', 'both', 'missing'],
    ['NotFoundError', 'microphone', 'micMissing'],
    ['OverconstrainedError', 'camera', 'missing'],
    ['NotReadableError', 'both', 'inUse'],
    ['AbortError', 'camera', 'inUse'],
    ['TypeError', 'both', 'unsupported'],
    ['SomethingNew', 'both', 'unknown'],
  ])('%s while asking for %s → %s', (name, asked, expected) => {
    expect(problemOf(Object.assign(new Error('x'), { name }), asked)).toBe(expected);
  });

  it('only sound may be missing', () => {
    expect(blocksGoingLive('micDenied')).toBe(false);
    expect(blocksGoingLive('micMissing')).toBe(false);
    expect(blocksGoingLive('cameraDenied')).toBe(true);
    expect(blocksGoingLive(null)).toBe(false);
    expect(problemOf('not an error', 'both')).toBe('unknown');
  });
});
