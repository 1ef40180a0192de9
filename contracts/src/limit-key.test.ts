import { describe, expect, it } from 'vitest';
import { limitKeyOf } from './limit-key.ts';

describe('the address as limits count it', () => {
  it.each([
    ['2001:db8:1:2:aaaa:bbbb:cccc:dddd', '2001:db8:1:2'],
    ['2001:0db8:0001:0002::9', '2001:db8:1:2'],
    ['2001:db8::1', '2001:db8:0:0'],
    ['::1', '0:0:0:0'],
    ['fe80::1%eth0', 'fe80:0:0:0'],
    ['::ffff:203.0.113.7', '203.0.113.7'],
    ['203.0.113.7', '203.0.113.7'],
    ['nonsense', 'nonsense'],
  ])('%s', (address, key) => {
    expect(limitKeyOf(address)).toBe(key);
  });
});
