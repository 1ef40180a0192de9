/** Every act that the api writes into the audit log has words in both languages. */
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { actThings, wordsOf } from './acts.ts';
import { auditI18n } from './messages.ts';

const ROOT = join(import.meta.dirname, '../../../..');
const files = execFileSync('git', ['ls-files', '-co', '--exclude-standard', 'api/src'], { cwd: ROOT, encoding: 'utf8' })
  .split('\n')
  .filter((file) => file.endsWith('.ts') && !file.endsWith('.test.ts'));
const sources = files
  .map((file) => readFileSync(join(ROOT, file), 'utf8'))
  .filter((text) => /writeAudit|audit\(/.test(text));
const found = (pattern: RegExp): string[] =>
  sources.flatMap((text) => [...text.matchAll(pattern)].map((match) => match[1] ?? ''));
/** As they are written: `action: 'a:b'`, `audit(…, 'a:b'`, `note(…, 'a:b'`. */
const written = [
  ...found(/\baction: '([a-z_-]+:[a-z_-]+)'/g),
  ...found(/\b(?:audit|note)\([^;]{0,120}?'([a-z_-]+:[a-z_-]+)'/g),
  ...found(/\baction: (?:\w+ === '\w+' )?\? '([a-z_-]+:[a-z_-]+)'/g),
];
/** Put together: its first word is in the template, what may come after it here. */
const made: Readonly<Record<string, readonly string[]>> = {
  settlement: ['preview', 'approve', 'pay', 'finish', 'close', 'reopen', 'cancel'],
  'commission-hold': ['released', 'confirmed'],
  agent: ['approved', 'declined', 'active', 'ended'],
  'koc-proposal': ['accepted', 'declined'],
  review: ['approved', 'refused'],
  'after-sale': ['approved', 'rejected'],
  webhook: ['created', 'changed', 'deleted', 'secret-rotated'],
  stock: ['adjusted', 'counted'],
  wave: ['running', 'paused', 'cancelled'],
  'personal-data': ['export-asked', 'deletion-asked'],
};

it('has words for what is written', () => {
  expect(new Set(written).size).toBeGreaterThan(90);
  const all = [...written, ...Object.entries(made).flatMap(([thing, ends]) => ends.map((end) => `${thing}:${end}`))];
  expect([...new Set(all)].filter((act) => wordsOf(act) === undefined)).toEqual([]);
  const templates = new Set(found(/(?:action: |, )`([a-z-]+):\$\{(?!\w+\.id|id\b|params|gift|before|one)/g));
  expect([...templates].filter((thing) => actThings.includes(thing as never) && !(thing in made))).toEqual([]);
});

it('a coupon, its kind and a drop of them are three things', () => {
  for (const locale of ['zh-CN', 'en'] as const) {
    const words = ['coupon', 'coupon-kind', 'coupon-drop'].map((thing) => wordsOf(`${thing}:created`)?.[0]);
    expect(new Set(words.map((word) => word && auditI18n.translate(locale, word))).size).toBe(3);
  }
});

it('says an act in two words, and leaves one that it does not know as it is', () => {
  const say = (locale: 'zh-CN' | 'en', act: string) => wordsOf(act)?.map((word) => auditI18n.translate(locale, word));
  expect(say('zh-CN', 'settlement:approve')).toEqual(['佣金结算', '批准']);
  expect(say('en', 'order:remarked')).toEqual(['Order', 'remarked']);
  expect(wordsOf('constructor:toString')).toBeUndefined();
  expect(wordsOf('order')).toBeUndefined();
});
