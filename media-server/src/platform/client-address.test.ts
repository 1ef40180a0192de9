import { describe, expect, it } from 'vitest';
import { createAddressLimit } from './address-limit.ts';
import { clientAddress } from './client-address.ts';

describe('the address of a caller', () => {
  it.each([
    ['nobody in between', '203.0.113.7', undefined, '203.0.113.7'],
    ['the gateway speaks for them', '172.30.40.2', '203.0.113.7', '203.0.113.7'],
    ['a gateway seen through IPv6', '::ffff:10.0.0.2', '2001:db8::7', '2001:db8::7'],
    ['two gateways', '127.0.0.1', '203.0.113.7, 10.0.0.9', '203.0.113.7'],
    [
      'a caller who makes up an address before the gateway adds theirs',
      '10.0.0.2',
      '1.2.3.4, 203.0.113.7',
      '203.0.113.7',
    ],
    ['a stranger who names somebody else', '203.0.113.7', '198.51.100.1', '203.0.113.7'],
    ['a machine of the private network', '10.0.0.2', '10.0.0.3', '10.0.0.3'],
    ['something that is no address', '127.0.0.1', 'unknown', 'unknown'],
  ])('%s', (_what, peer, forwardedFor, expected) => {
    expect(clientAddress(peer, forwardedFor)).toBe(expected);
  });
});

describe('a limit', () => {
  it('counts an IPv6 line once, whichever of its 2⁶⁴ addresses it comes from', () => {
    const limit = createAddressLimit({ perSecond: 1 });
    const taken = Array.from({ length: 100 }, (_, i) => limit.take(`2001:db8:1:2::${i.toString(16)}`, 1_000));
    expect(taken.filter(Boolean)).toHaveLength(10);
    expect(limit.take('2001:db8:1:3::1', 1_000)).toBe(true);
  });
});
