import { describe, expect, it } from 'vitest';
import { admitStream, MAX_PIPES_OUT, PIPE_PORTS } from './admission.ts';

describe('admission by ports', () => {
  it('takes streams while all their ports are there, and leaves a reserve to those that run', () => {
    expect(admitStream({ used: 0, total: 600 })).toBeNull();
    expect(admitStream({ used: 537, total: 600 })).toBeNull();
    expect(admitStream({ used: 538, total: 600 })).toBe('media_over_capacity');
  });

  it('gives other hosts no more pipes than there are ports, and keeps some for its own', () => {
    expect(MAX_PIPES_OUT).toBeLessThan(PIPE_PORTS);
  });
});
