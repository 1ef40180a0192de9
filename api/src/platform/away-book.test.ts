import { expect, it } from 'vitest';
import { createAwayBook } from './away-book.ts';
import { AppError } from './errors.ts';

const away = new AppError('provider_unavailable');

it('five failures in a row, or one long one, and of that party alone', () => {
  const book = createAwayBook();
  for (let n = 0; n < 4; n++) book.failed('wechat', away, 10);
  book.answered('other');
  expect(book.names).toEqual([]);
  book.failed('wechat', away, 10);
  expect(book.names).toEqual(['wechat']);
  book.failed('slow', away, 2_001);
  expect([book.has('slow'), book.has('other')]).toEqual([true, false]);
});

it('an answer between begins the count anew, and failures of our own do not count', () => {
  const book = createAwayBook();
  for (let n = 0; n < 4; n++) book.failed('wechat', away, 10);
  book.answered('wechat');
  for (let n = 0; n < 4; n++) book.failed('wechat', away, 10);
  for (let n = 0; n < 9; n++) book.failed('wechat', new Error('deadlock'), 9_000);
  expect(book.has('wechat')).toBe(false);
});
