import { expect, test } from 'vitest';
import { PictureUrl } from './common.ts';

test.each([
  ['/a.svg', true],
  ['/pictures/none.svg', true],
  ['/api/v1/media/0198c0de-0000-7000-8000-000000000000', true],
  ['/a/b..c/d.png', true],
  ['//evil.example/p.png', false],
  ['/a//b.png', false],
  ['/../secret', false],
  ['/a/../b.png', false],
  ['/a/./b.png', false],
  ['/a/..', false],
  ['/', false],
  ['https://x.example/a.png', false],
  ['/a b.png', false],
])('a picture is one of this origin: %s', (url, ok) => {
  expect(PictureUrl.safeParse(url).success).toBe(ok);
});
