/** What the matcher finds and what it must leave alone: the ways around a list that people try, and the words that only look like it. */
import { MAX_TERM_LENGTH } from '@walnut-live/contracts';
import { beforeAll, describe, expect, test } from 'vitest';
import { buildList } from './build.ts';
import { buildElsewhere } from './build-elsewhere.ts';
import { createMatcher, type ListedTerm, type Matcher, masked } from './matcher.ts';
import { starterTerms } from './starter-terms.ts';

const LISTED: readonly ListedTerm[] = [
  { text: '健脑', kind: 'claim', action: 'block' },
  { text: '降血压', kind: 'claim', action: 'block' },
  { text: '加微信', kind: 'contact', action: 'mask' },
  { text: 'vx', kind: 'contact', action: 'mask' },
  { text: 'sb', kind: 'abuse', action: 'mask' },
  { text: 'shit', kind: 'abuse', action: 'mask' },
  { text: '滚', kind: 'abuse', action: 'mask' },
  { text: '增强免疫力', kind: 'claim', action: 'block' },
  { text: '根治', kind: 'claim', action: 'block' },
  { text: '治理', kind: 'harmless', action: 'allow' },
  { text: '微信', kind: 'contact', action: 'show' },
  { text: '微信支付', kind: 'harmless', action: 'allow' },
  { text: '女神节', kind: 'claim', action: 'show' },
];

let matcher: Matcher;
beforeAll(() => {
  matcher = createMatcher(buildList(1, LISTED));
});
const termsIn = (text: string) => matcher.hitsIn(text).map((hit) => hit.text);

test('the longest term there may be is built as fast as any other, with how it sounds', () => {
  const text = '本品可以代替药物治疗疾病'.repeat(4).slice(0, MAX_TERM_LENGTH);
  const built = buildList(1, [{ text, kind: 'claim', action: 'block' }]);
  expect(built.buildMs).toBeLessThan(5_000);
  const { hitsIn } = createMatcher(built);
  expect(hitsIn(`据说${text}！`)).toHaveLength(1);
  expect(hitsIn(`${'benpinkeyidaitiyaowuzhiliaojibing'.repeat(3)}benpinkeyi`)).toHaveLength(1);
});

describe('ways around the list', () => {
  test.each([
    ['as it is', '每天一罐健脑', '健脑'],
    ['spaces', '健 脑', '健脑'],
    ['wide spaces', '健　　脑', '健脑'],
    ['no width', '健\u200b\u200d\ufeff脑', '健脑'],
    ['soft hyphen', '健\u00ad脑', '健脑'],
    ['full stop', '健.脑', '健脑'],
    ['dots', '健·脑', '健脑'],
    ['stars', '健**脑', '健脑'],
    ['brackets', '【健】【脑】', '健脑'],
    ['a clause mark around nothing else', '健，脑', '健脑'],
    ['clause marks throughout', '买这个，降，血，压，好', '降血压'],
    ['line break', '健\n脑', '健脑'],
    ['emoji', '健🧠脑', '健脑'],
    ['combining mark', '健\u0336脑\u0336', '健脑'],
    ['direction marks', '健\u202e脑', '健脑'],
    ['variation selector', '健\ufe0f脑', '健脑'],
    ['traditional', '健腦', '健脑'],
    ['traditional, longer', '降血壓', '降血压'],
    ['traditional and spaces', '增 強 免 疫 力', '增强免疫力'],
    ['look-alike characters', '降皿压', '降血压'],
    ['look-alike, other', '腱恼', '健脑'],
    ['compatibility ideographs', '降⾎压', '降血压'],
    ['pinyin', 'jiannao', '健脑'],
    ['pinyin with a space', 'jian nao', '健脑'],
    ['pinyin letter by letter', 'j i a n n a o', '健脑'],
    ['pinyin in capitals', 'JianNao', '健脑'],
    ['pinyin with tones', 'jiànnǎo', '健脑'],
    ['pinyin in full width', 'ｊｉａｎｎａｏ', '健脑'],
    ['pinyin of one half', 'jian脑', '健脑'],
    ['pinyin of the other half', '健nao的', '健脑'],
    ['pinyin among Chinese', '可以jiannao吗', '健脑'],
    ['pinyin with Cyrillic letters', 'јіаnnао', '健脑'],
    ['pinyin with digits', 'j1ann4o', '健脑'],
    ['pinyin of a longer term', 'jiang xue-ya', '降血压'],
    ['pinyin of ü as v', 'nvshenjie', '女神节'],
    ['pinyin of ü as u', 'nushenjie', '女神节'],
    ['pinyin of five', 'zengqiang mianyili', '增强免疫力'],
    ['look-alike of trade', '加薇信', '加微信'],
    ['capitals', 'VX', 'vx'],
    ['full width', 'ＶＸ', 'vx'],
    ['Greek and Cyrillic', 'νх', 'vx'],
    ['Roman numerals', 'Ⅴⅹ', 'vx'],
    ['circled', 'ⓥⓧ', 'vx'],
    ['negative squared', '🆅🆇', 'vx'],
    ['mathematical', '𝓿𝔁', 'vx'],
    ['regional indicators', '🇻🇽', 'vx'],
    ['before digits', 'vx123456', 'vx'],
    ['digit for a letter', 'sh1t', 'shit'],
    ['accents', 'shít', 'shit'],
    ['one letter alone', '滚', '滚'],
    ['one letter between marks', '你，滚！', '滚'],
  ])('%s: %s', (_, text, term) => {
    expect(termsIn(text)).toContain(term);
  });
});

describe('no hits', () => {
  test.each([
    ['two words of two clauses', '经常保健，脑子就灵'],
    ['letters inside a word', 'dashboard'],
    ['letters across words', 'as big as this barn'],
    ['a longer word', 'vxe table, shitake'],
    ['one letter in a word', '翻滚的核桃'],
    ['a harmless word over the end of a term', '树根治理'],
    ['a harmless word around a term', '可以用微信支付吗'],
    ['digits by themselves', '5b 58'],
    ['nothing that is read', '！！！😀😀'],
    ['empty', ''],
    ['other characters of the same sound', '见闹'],
    ['short pinyin', 'gun 滚动'],
  ])('%s: %s', (_, text) => {
    expect(termsIn(text)).toEqual([]);
  });

  test('a term around a harmless word is a hit all the same', () => {
    expect(termsIn('微信和微信支付')).toEqual(['微信']);
  });
});

test('of terms in one another the longest is told', () => {
  expect(termsIn('加微信吧')).toEqual(['加微信']);
});

test('a mask stars the letters and leaves what stands between them', () => {
  const text = '快 加 微-信🎁 vx：abc';
  expect(masked(text, matcher.hitsIn(text))).toBe('快 * *-*🎁 **：abc');
  expect(masked('🆅🆇 12', matcher.hitsIn('🆅🆇 12'))).toBe('** 12');
});

test('long texts and texts of nothing but terms are read to the end, and bounded', () => {
  expect(termsIn(`${'好'.repeat(5_000)}健脑`)).toEqual(['健脑']);
  expect(matcher.hitsIn('健脑'.repeat(2_000)).length).toBeLessThanOrEqual(200);
});

test('a list of nothing finds nothing; a term without a letter is no term', () => {
  expect(createMatcher(buildList(1, [])).hitsIn('健脑')).toEqual([]);
  const marks = createMatcher(buildList(1, [{ text: '！！', kind: 'abuse', action: 'mask' }]));
  expect(marks.hitsIn('！！')).toEqual([]);
});

test('what another thread builds is what this one would have built', async () => {
  const elsewhere = createMatcher(await buildElsewhere(7, LISTED).built);
  expect(elsewhere.version).toBe(7);
  for (const text of ['吃了健 脑', 'jian脑', '加薇信 vx1', '正常的话']) {
    expect(elsewhere.hitsIn(text)).toEqual(matcher.hitsIn(text));
  }
});

describe('the built-in dictionary', () => {
  let starter: Matcher;
  beforeAll(() => {
    starter = createMatcher(buildList(1, starterTerms));
  });
  const found = (text: string) => starter.hitsIn(text).map((hit) => hit.text);

  test('has a source for every term, and no term twice', () => {
    expect(starterTerms.filter(({ source }) => source === '')).toEqual([]);
    const keys = starterTerms.map(({ text }) => starter.keyOf(text));
    expect(keys.filter((key, at) => keys.indexOf(key) !== at)).toEqual([]);
  });

  test('finds every one of its own terms', () => {
    const lost = starterTerms.filter(({ kind, text }) => kind !== 'harmless' && !found(text).length);
    expect(lost).toEqual([]);
  });

  test.each([
    '这款核桃乳多少钱一箱',
    '高温杀菌，常温可以放九个月',
    '妈妈说味道很好，高兴',
    '保健食品在另一个直播间，脑子记不住',
    '可以微信支付吗',
    '物理治疗师推荐的椅子也好看',
    '万能钥匙链送吗',
    '环境治理做得好',
    '第一次来，主播好',
    '坐高铁过来要多久',
    '开箱方便利落',
    '姑妈的邻居也买了',
    '太极品牌的赠品',
    'What a nice colour, I want six boxes',
  ])('leaves alone: %s', (text) => {
    expect(found(text)).toEqual([]);
  });
});
