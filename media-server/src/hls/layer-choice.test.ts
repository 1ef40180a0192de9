import { expect, it } from 'vitest';
import { createLayerChoice } from './layer-choice.ts';

it('takes the best layer until it was lost twice in a minute, then a steady one for five', () => {
  const choice = createLayerChoice();
  expect(choice.maxLayer(0)).toBeNull();
  choice.dropped(1_000);
  expect(choice.maxLayer(1_000)).toBeNull();
  choice.dropped(62_000); // more than a minute later: forgiven
  expect(choice.maxLayer(62_000)).toBeNull();
  choice.dropped(63_000);
  expect(choice.maxLayer(63_000)).toBe(1);
  expect(choice.maxLayer(362_999)).toBe(1);
  expect(choice.maxLayer(363_000)).toBeNull();
});
