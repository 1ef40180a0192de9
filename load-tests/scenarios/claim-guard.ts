import { buildElsewhere } from '../../api/src/features/claim-guard/build-elsewhere.ts';
import { createMatcher, type ListedTerm, type Matcher } from '../../api/src/features/claim-guard/matcher.ts';
import { starterTerms } from '../../api/src/features/claim-guard/starter-terms.ts';
import type { BareScenario, Figure } from '../../scripts/bench/scenario.ts';

const TERMS = 10_000;
const PLAN = { builds: 5, rounds: 200 };
const QUICK = { builds: 1, rounds: 2 };
/** Messages that one reading of the clock covers: a clock cannot see a single one. */
const BATCH = 20;
const REACH_MICROS = 20;

/** Always the same numbers, so that two runs measure the same (mulberry32). */
function numbers(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) % below;
  };
}

/** Characters that people use, so that made-up terms share their letters with what is said. */
const COMMON =
  '的一是不了在人有我他这中大来上国个到说们为子和你地出道也时年得就那要下以生会自着去之过家学对可她里后小么心多天而能好都然没日于起还发成事只作当想看文无开手十用主行方又如前所本见经头面公同三已老从动两长知民样现分将外但身些与高意进把法此实回二理美点月明其种声全工己话儿者向情部正名定女问力机给等几很业最间新什打便位因重被走电四第门相次东政海口使教西再平真听世气信北少关并内加化由却代军产入先山五太水万市眼体别处总才场师书比住员九笑性通目华报立马命张活难神数件安表原车白应路期叫死常提感金何更反合放做系计或司利受光王果亲界及今京务制解各任至清物台象记边共风战干接它许八特觉望直服毛林题建南度统色字请交爱让认算论百吃义科怎元社术结六功指思非流每青管夫连远资队跟带花快条院变联言权往展该领传近留红治决周保达办运武半候七必城父强步完革深区即求品士转量空甚众技轻程告江语英基派满式李息写呢识极令黄德收脸钱党倒未持取设始版双历越史商千片容研像找友孩站广改议形委早房音火际则首单据导影失拿网香似斯专石若兵弟谁校读志飞观争究包组造落视济喜离虽坏兴树核桃奶味甜香脆箱罐斤';
const WORDS = [
  '主播',
  '多少钱',
  '包邮吗',
  '想要',
  '好喝',
  '核桃乳',
  '今天',
  '发货',
  '一箱',
  '孩子',
  '老人',
  '口感',
  '支持',
  '价格',
  '优惠券',
  'hello',
  'ok',
  '666',
  '哈哈哈',
  '什么时候',
];

function manyTerms(next: (below: number) => number): ListedTerm[] {
  const texts = new Set(starterTerms.map(({ text }) => text));
  while (texts.size < TERMS) {
    const length = 2 + next(5);
    texts.add(Array.from({ length }, () => COMMON[next(COMMON.length)]).join(''));
  }
  const known = new Map(starterTerms.map((term) => [term.text, term]));
  return [...texts].map((text) => known.get(text) ?? { text, kind: 'claim', action: 'block' });
}
/** What a room says: mostly short, some long, of words and of single characters, with what stands between them. */
function messages(next: (below: number) => number, count: number): string[] {
  return Array.from({ length: count }, () => {
    const target = next(10) === 0 ? 120 + next(80) : 6 + next(30);
    let text = '';
    while (text.length < target) {
      text += next(3) === 0 ? COMMON[next(COMMON.length)] : WORDS[next(WORDS.length)];
      if (next(6) === 0) text += ['，', ' ', '！', '😀', '~'][next(5)];
    }
    return text.slice(0, 200);
  });
}

const sorted = (values: readonly number[]): number[] => [...values].sort((a, b) => a - b);
const at = (values: readonly number[], share: number): number =>
  sorted(values)[Math.min(values.length - 1, Math.floor(values.length * share))] ?? 0;

/** Microseconds a message, of batches. */
function measure(matcher: Matcher, texts: readonly string[], rounds: number): { micros: number[]; hits: number } {
  const micros: number[] = [];
  let hits = 0;
  for (let round = 0; round < rounds; round++) {
    for (let i = 0; i + BATCH <= texts.length; i += BATCH) {
      const began = performance.now();
      for (let k = i; k < i + BATCH; k++) hits += matcher.hitsIn(texts[k] as string).length;
      micros.push(((performance.now() - began) * 1_000) / BATCH);
    }
  }
  return { micros, hits };
}

/** What one would write first, for comparison: it finds terms as they are written and none of their other spellings. */
function measureIncludes(terms: readonly ListedTerm[], texts: readonly string[]): number {
  const began = performance.now();
  let hits = 0;
  for (const text of texts) for (const term of terms) if (text.includes(term.text)) hits += 1;
  if (hits === 0) throw new Error('nothing was found by reading term after term');
  return ((performance.now() - began) * 1_000) / texts.length;
}

/** What one message costs against a list of 10,000 terms, and what a list costs to build and to keep. */
export const scenario: BareScenario = {
  name: 'claim-guard',
  title: 'a chat message against a word list of 10,000 terms',
  bare: true,
  async run({ quick, say }) {
    const plan = quick ? QUICK : PLAN;
    const next = numbers(20_261_122);
    const terms = manyTerms(next);
    const builds: number[] = [];
    const whole: number[] = [];
    let matcher: Matcher | undefined;
    for (let i = 0; i < plan.builds; i++) {
      const began = performance.now();
      matcher = createMatcher(await buildElsewhere(i, terms).built);
      whole.push(performance.now() - began);
      builds.push(matcher.buildMs);
    }
    if (!matcher) throw new Error('no list was built');
    for (const { text, kind } of terms)
      if (kind !== 'harmless' && matcher.hitsIn(text).length === 0) throw new Error(`a term is not found: ${text}`);
    say(`${terms.length} terms: ${matcher.patterns} patterns, ${matcher.states} states`);

    const said = messages(next, 2_000);
    const long = said.map((text) => text.repeat(200).slice(0, 200));
    const spoiled = said.map((text) => [...text].join(' ').slice(0, 200));
    measure(matcher, said, 3); // warm
    const chat = measure(matcher, said, plan.rounds);
    const longest = measure(matcher, long, Math.ceil(plan.rounds / 4));
    const spaced = measure(matcher, spoiled, Math.ceil(plan.rounds / 4));
    const includes = measureIncludes(terms, said.slice(0, quick ? 100 : 1_000));
    if (chat.hits === 0) throw new Error('nothing was found in 2,000 messages of the same characters');
    const note = `batches of ${BATCH} messages, ${(said.reduce((sum, { length }) => sum + length, 0) / said.length).toFixed(0)} characters on average`;
    const figure = (id: string, what: string, value: number, unit: string, more: Partial<Figure> = {}): Figure => ({
      id: `claim-guard.${id}`,
      what,
      value,
      unit,
      betterIs: 'lower',
      ...more,
    });
    return [
      figure('message', 'one message, median', at(chat.micros, 0.5), 'µs', {
        reach: REACH_MICROS,
        note,
        peers: [{ name: 'String.includes, term after term', version: process.versions.node, value: includes }],
      }),
      figure('message.p99', 'one message, p99', at(chat.micros, 0.99), 'µs', { reach: REACH_MICROS, note }),
      figure('long', 'one message of 200 characters, median', at(longest.micros, 0.5), 'µs', { reach: REACH_MICROS }),
      figure('long.p99', 'one message of 200 characters, p99', at(longest.micros, 0.99), 'µs'),
      figure('spaced', 'one message with a space between all letters, median', at(spaced.micros, 0.5), 'µs'),
      figure('memory', 'automaton and table of letters', matcher.bytes / 1024 ** 2, 'MiB'),
      figure('build', 'building the list, in its thread', at(builds, 0.5), 'ms', {
        min: Math.min(...builds),
        max: Math.max(...builds),
      }),
      figure('swap', 'from terms to a list in use, with the thread', at(whole, 0.5), 'ms'),
    ];
  },
};
