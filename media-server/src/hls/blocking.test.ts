/** Which questions for a playlist are blocking ones, and which are none at all. */
import { describe, expect, it } from 'vitest';
import { readBlockingRequest } from './blocking.ts';

describe('delivery directives', () => {
  it('are plain numbers', () => {
    expect(readBlockingRequest({})).toBeNull();
    expect(readBlockingRequest({ session: 'x', unrelated: '1' })).toBeNull();
    expect(readBlockingRequest({ _HLS_msn: '0' })).toEqual({ sequence: 0, part: null });
    expect(readBlockingRequest({ _HLS_msn: '120', _HLS_part: '3' })).toEqual({ sequence: 120, part: 3 });
  });

  it.each([
    { _HLS_part: '1' },
    { _HLS_msn: '' },
    { _HLS_msn: '-1' },
    { _HLS_msn: '1e3' },
    { _HLS_msn: ['1', '2'] },
    { _HLS_msn: '1234567890123' },
    { _HLS_msn: '007' },
    { _HLS_msn: '00' },
    { _HLS_msn: '7', _HLS_part: '01' },
    { _hls_msn: '7' },
    { _HLS_MSN: '7', _HLS_part: '1' },
    { _HLS_msn: '7', _hls_PART: '1' },
  ])('are refused as %o', (query) => {
    expect(() => readBlockingRequest(query)).toThrow('media_payload_invalid');
  });
});
