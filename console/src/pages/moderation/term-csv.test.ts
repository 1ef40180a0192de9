import { findMessageProblems } from '@walnut-live/ui';
import { expect, test } from 'vitest';
import { moderationI18n } from './messages.ts';
import { batchesOf, parseTerms, readCsv } from './term-csv.ts';

test('the page says the same in both languages', () => {
  expect(findMessageProblems(moderationI18n.messages)).toEqual([]);
});

test('cells may hold commas, quotes and line breaks; empty lines are nothing', () => {
  expect(readCsv('\uFEFFa,"b, ""c"""\r\n\r\n"d\ne",f\n')).toEqual([
    { line: 1, cells: ['a', 'b, "c"'] },
    { line: 3, cells: ['d\ne', 'f'] },
  ]);
});

test('rows become terms; what makes no sense is named by its line', () => {
  const csv =
    "text,kind,action,source\n健脑,claim,block,第七十三条\n'+v,contact,mask,\n补脑,claims,block,\n,claim,block,\n微信支付,harmless,allow";
  expect(parseTerms(csv)).toEqual({
    terms: [
      { text: '健脑', kind: 'claim', action: 'block', source: '第七十三条' },
      { text: '+v', kind: 'contact', action: 'mask', source: '' },
      { text: '微信支付', kind: 'harmless', action: 'allow', source: '' },
    ],
    badLines: [4, 5],
  });
  expect(parseTerms('健脑,claim,block').terms).toHaveLength(1);
  expect(parseTerms('')).toEqual({ terms: [], badLines: [] });
});

test('batches hold what a request may: 200 terms, 40 kB', () => {
  const term = (text: string) => ({ text, kind: 'claim', action: 'block', source: '' }) as const;
  expect(batchesOf(Array.from({ length: 450 }, (_, i) => term(`词${i}`))).map(({ length }) => length)).toEqual([
    200, 200, 50,
  ]);
  const heavy = batchesOf(Array.from({ length: 100 }, () => ({ ...term('词'), source: '依'.repeat(200) })));
  expect(heavy.length).toBeGreaterThan(1);
  for (const batch of heavy) expect(JSON.stringify({ items: batch }).length * 3).toBeLessThan(190_000);
  expect(heavy.flat()).toHaveLength(100);
  expect(batchesOf([])).toEqual([]);
});
