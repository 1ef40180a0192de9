/**
 * How the matcher reads a text: as its letters and digits alone, in one spelling each.
 *
 * Model: `fold` has one entry a UTF-16 code unit: what it is read as, or what else is to be done with it. Full-width and
 * enclosed forms, case, accents, look-alikes of Latin letters, traditional and often confused characters become one letter;
 * spaces, punctuation, emoji and characters without width become nothing, so whatever is put between letters is not there.
 * A table is made once per built matcher, away from the event loop, and never changes.
 */

/** Entries of `fold` that are no letter. Everything that is read has a code above 31. */
const NOTHING = 0;
const CLAUSE_MARK = 1;
const SEVERAL = 2;
/** The other half of a character outside the basic plane follows. */
const HIGH_SURROGATE = 3;
/** A letter that no term can have: Han outside the basic plane, scripts of old. */
const UNKNOWN_LETTER = 0xffff;

export interface Letters {
  readonly fold: Uint16Array;
  /** What code points outside the basic plane, and ligatures, are read as; '' is nothing. */
  readonly several: ReadonlyMap<number, string>;
}

/** A text as it is read; the arrays are reused and valid until the next text is read. */
export interface Reading {
  count: number;
  letters: Uint16Array;
  /** Where each letter stands in the text, in UTF-16 code units. */
  from: Uint32Array;
  to: Uint32Array;
  /** What stands between a letter and the one before it. */
  before: Uint8Array;
}
export const TOUCHES = 0;
/** Something that is not read. */
export const GAP = 1;
/** The end of a clause among it. */
export const CLAUSE = 2;

const FIRST_CAPACITY = 512;
const newReading = (capacity: number): Reading => ({
  count: 0,
  letters: new Uint16Array(capacity),
  from: new Uint32Array(capacity),
  to: new Uint32Array(capacity),
  before: new Uint8Array(capacity),
});

export const isLatin = (letter: number): boolean => letter >= 97 && letter <= 122;
const isDigit = (letter: number): boolean => letter >= 48 && letter <= 57;
/** The basic block and extension A; enough to tell Han from what can stand beside it. */
export const isHan = (letter: number): boolean => letter >= 0x3400 && letter <= 0x9fff;

/** Digits that stand for a letter, where they stand between two (h3llo); elsewhere they are digits (vx123). */
const DIGIT_AS_LETTER: Readonly<Record<number, number>> = Object.fromEntries(
  Object.entries({ 0: 'o', 1: 'i', 3: 'e', 4: 'a', 5: 's', 7: 't' }).map(([digit, letter]) => [
    digit.charCodeAt(0),
    letter.charCodeAt(0),
  ]),
);

/** Reads texts into one set of arrays; not for two texts at once. */
export function createReader({ fold, several }: Letters): (text: string) => Reading {
  let reading = newReading(FIRST_CAPACITY);

  function grow(): void {
    const larger = newReading(reading.letters.length * 2);
    larger.letters.set(reading.letters);
    larger.from.set(reading.from);
    larger.to.set(reading.to);
    larger.before.set(reading.before);
    larger.count = reading.count;
    reading = larger;
  }
  function put(letter: number, from: number, to: number, before: number): void {
    if (reading.count === reading.letters.length) grow();
    const at = reading.count++;
    reading.letters[at] = letter;
    reading.from[at] = from;
    reading.to[at] = to;
    reading.before[at] = before;
  }

  return (text) => {
    reading.count = 0;
    let between = TOUCHES;
    for (let i = 0; i < text.length; i++) {
      const unit = text.charCodeAt(i);
      const read = fold[unit] as number;
      if (read > HIGH_SURROGATE) {
        put(read, i, i + 1, between);
        between = TOUCHES;
      } else if (read === NOTHING) {
        if (between === TOUCHES) between = GAP;
      } else if (read === CLAUSE_MARK) {
        between = CLAUSE;
      } else {
        const from = i;
        let letters: string | undefined;
        if (read === SEVERAL) letters = several.get(unit);
        else {
          const code = text.codePointAt(i) as number;
          if (code > 0xffff) i += 1;
          letters = several.get(code) ?? (isLetter(code) ? String.fromCharCode(UNKNOWN_LETTER) : '');
        }
        if (!letters && between === TOUCHES) between = GAP;
        for (let k = 0; letters && k < letters.length; k++) {
          put(letters.charCodeAt(k), from, i + 1, between);
          between = TOUCHES;
        }
      }
    }
    readDigits(reading);
    return reading;
  };
}

const isLetter = (code: number): boolean => /[\p{L}\p{N}]/u.test(String.fromCodePoint(code));

function readDigits({ count, letters, before }: Reading): void {
  for (let i = 1; i + 1 < count; i++) {
    const digit = letters[i] as number;
    if (!isDigit(digit) || before[i] !== TOUCHES || before[i + 1] !== TOUCHES) continue;
    if (!isLatin(letters[i - 1] as number) || !isLatin(letters[i + 1] as number)) continue;
    letters[i] = DIGIT_AS_LETTER[digit] ?? digit;
  }
}

// ── making the table ─────────────────────────────────────────────────────────────────────────────────────────────────

/** Ends of clauses: words on both sides of one are hardly one word. A full stop between letters is a trick, not an end. */
const CLAUSE_MARKS = '，。！？；：,!?;\n';

/** Letters of other scripts that look like Latin ones, after they were made small. Source: Unicode TR39 confusables. */
const LOOKS_LATIN: Readonly<Record<string, string>> = {
  // Cyrillic
  а: 'a',
  в: 'b',
  с: 'c',
  ԁ: 'd',
  е: 'e',
  є: 'e',
  ғ: 'f',
  һ: 'h',
  н: 'h',
  і: 'i',
  ј: 'j',
  к: 'k',
  ӏ: 'l',
  м: 'm',
  п: 'n',
  о: 'o',
  р: 'p',
  ԛ: 'q',
  г: 'r',
  ѕ: 's',
  т: 't',
  ц: 'u',
  ѵ: 'v',
  ԝ: 'w',
  ш: 'w',
  х: 'x',
  у: 'y',
  ү: 'y',
  // Greek
  α: 'a',
  β: 'b',
  ϲ: 'c',
  ε: 'e',
  η: 'n',
  ι: 'i',
  κ: 'k',
  ν: 'v',
  ο: 'o',
  ρ: 'p',
  σ: 'o',
  τ: 't',
  υ: 'u',
  ω: 'w',
  χ: 'x',
  γ: 'y',
  ζ: 'z',
  // Latin of its own kind
  ɑ: 'a',
  ƅ: 'b',
  ɡ: 'g',
  ı: 'i',
  ɩ: 'i',
  ɪ: 'i',
  ʟ: 'l',
  ɴ: 'n',
  ø: 'o',
  ɵ: 'o',
  ʀ: 'r',
  ꜱ: 's',
  ʋ: 'v',
  ᴠ: 'v',
  ᴡ: 'w',
  ʏ: 'y',
  ᴢ: 'z',
  ß: 'ss',
  æ: 'ae',
  œ: 'oe',
  ᴀ: 'a',
  ʙ: 'b',
  ᴄ: 'c',
  ᴅ: 'd',
  ᴇ: 'e',
  ɢ: 'g',
  ʜ: 'h',
  ᴊ: 'j',
  ᴋ: 'k',
  ᴍ: 'm',
  ᴏ: 'o',
  ᴘ: 'p',
  ᴛ: 't',
  ᴜ: 'u',
};

/** Characters that are written for the first of their row: they look like it, and are no everyday word in its place. */
const LOOKS_HAN = [
  '健腱楗揵',
  '脑恼垴瑙',
  '减咸',
  '脂酯',
  '压庄',
  '血皿',
  '治冶',
  '疗辽',
  '愈瘉',
  '癌嵒',
  '微徽薇溦',
  '信伩',
  '加咖',
  '第苐',
  '最蕞',
  '糖溏',
  '抗伉',
  '胖肨',
  '瘦廋',
  '炎焱',
  '国囯',
  '效効',
  '药葯',
  '扣抠',
  '群羣',
  '骂駡',
] as const;

/** Enclosed letters that Unicode's compatibility forms leave as they are: negative circled and squared, regional indicators. */
const ENCLOSED_RANGES: readonly [first: number, last: number][] = [
  [0x1f150, 0x1f169],
  [0x1f170, 0x1f189],
  [0x1f1e6, 0x1f1ff],
];
/** Mathematical letters, enclosed alphanumerics, legacy segmented digits: forms of ASCII outside the basic plane. */
const FORM_RANGES: readonly [first: number, last: number][] = [
  [0x1d400, 0x1d7ff],
  [0x1f100, 0x1f14f],
  [0x1fbf0, 0x1fbf9],
];

/** Han of the basic plane, and Hangul: letters that have no other form to be read as, apart from simplification. */
const HAN_RANGES: readonly [first: number, last: number][] = [
  [0x3400, 0x4dbf],
  [0x4e00, 0x9fff],
];
const HANGUL = [0xac00, 0xd7a3] as const;
/** All that can have another form: no Han or Hangul, no surrogates and nothing of private use; without the line feed. */
const OTHER_RANGES: readonly [first: number, last: number][] = [
  [0x20, 0x33ff],
  [0x4dc0, 0x4dff],
  [0xa000, 0xabff],
  [0xf900, 0xffff],
  ...FORM_RANGES,
];

/** Small letters and digits without accents, '' for what is neither. In one go: character by character it is slow. */
function plainForms(codes: readonly number[]): string[] {
  const lines = codes.map((code) => String.fromCodePoint(code)).join('\n');
  const small = lines.normalize('NFKC').toLowerCase().normalize('NFD');
  return small.replaceAll(/[^\p{L}\p{N}\n]/gu, '').split('\n');
}

/** `simplify` takes a text of lines of one character each, traditional or not, and gives them simplified. */
export function makeLetters(simplify: (lines: string) => string): Letters {
  const simplified = simplifiedHan(simplify);
  const han = new Map<string, string>();
  for (const [first = '', ...others] of LOOKS_HAN) for (const other of others) han.set(other, first);
  const readHan = (c: string): string => {
    const simple = simplified.get(c) ?? c;
    return han.get(simple) ?? simple;
  };
  const fold = new Uint16Array(0x1_0000);
  const several = new Map<number, string>();
  for (const [first, last] of HAN_RANGES)
    for (let code = first; code <= last; code++) fold[code] = readHan(String.fromCharCode(code)).charCodeAt(0);
  for (let code = HANGUL[0]; code <= HANGUL[1]; code++) fold[code] = code;
  fold.fill(HIGH_SURROGATE, 0xd800, 0xdc00);
  const others = OTHER_RANGES.flatMap(([first, last]) => Array.from({ length: last - first + 1 }, (_, i) => first + i));
  const plain = plainForms(others);
  for (const [i, code] of others.entries()) {
    const letters = [...(plain[i] ?? '')].map((c) => readHan(LOOKS_LATIN[c] ?? c)).join('');
    if (letters === '') continue;
    if (letters.length === 1 && code <= 0xffff) fold[code] = letters.charCodeAt(0);
    else {
      several.set(code, letters);
      if (code <= 0xffff) fold[code] = SEVERAL;
    }
  }
  for (const mark of CLAUSE_MARKS) fold[mark.charCodeAt(0)] = CLAUSE_MARK;
  for (const [first, last] of ENCLOSED_RANGES)
    for (let code = first; code <= last; code++) several.set(code, String.fromCharCode(97 + code - first));
  return { fold, several };
}

/** Each Han character whose simplified form is another single one. All in one go: the converter is slow to start. */
function simplifiedHan(simplify: (lines: string) => string): ReadonlyMap<string, string> {
  const characters = HAN_RANGES.flatMap(([first, last]) =>
    Array.from({ length: last - first + 1 }, (_, i) => String.fromCharCode(first + i)),
  );
  const simple = simplify(characters.join('\n')).split('\n');
  const changed = characters.flatMap((c, i) => {
    const form = simple[i];
    return form !== undefined && form.length === 1 && form !== c ? [[c, form] as const] : [];
  });
  return new Map(changed);
}

/** A term as the matcher reads it: what two spellings of one term have in common. */
export function readAll(read: (text: string) => Reading, text: string): string {
  const { letters, count } = read(text);
  return String.fromCharCode(...letters.subarray(0, count));
}
