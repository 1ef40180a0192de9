import { expect, it } from 'vitest';
import { maskName, maskPhone, maskPhonesIn } from './masks.policy.ts';

it('Z6 phones and names keep what tells them apart for whoever knows them', () => {
  expect(maskPhone('13912345678')).toBe('139****5678');
  expect(maskName(' 林小桃')).toBe('林*');
});

it.each([
  ['请打 13912345678，谢谢', '请打 139****5678，谢谢'],
  ['139 1234 5678 or 139-1234-5678', '139****5678 or 139****5678'],
  ['订单 WL26112204839127 少了一罐', '订单 WL26112204839127 少了一罐'],
  ['113912345678', '113912345678'],
  ['+8613812345678、8613812345678', '+86138****5678、86138****5678'],
  ['0086 138 1234 5678 / +86-138-1234-5678', '0086 138****5678 / +86-138****5678'],
  ['008613812345678', '0086138****5678'],
  ['单号 8612345678901 与 998613812345678', '单号 8612345678901 与 998613812345678'],
])('Z6 phones within a text: %s', (text, masked) => {
  expect(maskPhonesIn(text)).toBe(masked);
});
