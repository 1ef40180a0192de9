/**
 * A built word list: finds its terms in a text. Pure and synchronous; a few microseconds for a chat message.
 *
 * What counts as a hit
 * - Latin letters at an end of a pattern must be a word's border there: `sb` is not in `as big` nor in `dashboard`.
 * - One letter by itself is a hit only when it stands alone.
 * - With a clause mark inside, two words have met by chance (保健，脑子) unless the term stands there by itself (健，脑).
 * - What a harmless word covers, or shares letters with, is no hit, unless the hit is the longer one around it.
 */
import type { TermAction, TermKind } from '@walnut-live/contracts';
import { type Automaton, automatonBytes, step } from './automaton.ts';
import { CLAUSE, createReader, isHan, isLatin, type Letters, type Reading, readAll, TOUCHES } from './letters.ts';

export interface ListedTerm {
  readonly text: string;
  readonly kind: TermKind;
  readonly action: TermAction;
}
export interface Hit extends ListedTerm {
  /** Where it stands in the text, in UTF-16 code units. */
  readonly from: number;
  readonly to: number;
}

/** What the builder hands over: plain data, so that it can come from another thread. */
export interface BuiltList {
  readonly version: number;
  readonly letters: Letters;
  readonly automaton: Automaton;
  /** Which term a pattern stands for. */
  readonly termOf: Int32Array;
  readonly terms: readonly ListedTerm[];
  readonly buildMs: number;
}

interface Found {
  readonly term: ListedTerm;
  /** First and last letter, as read. */
  readonly first: number;
  readonly last: number;
}

const NONE: readonly Hit[] = [];
/** Hits of one text that are looked at; a text of nothing but terms has told enough by then. */
const HITS_BOUND = 200;
const MASK = '*';

const isRootless = (automaton: Automaton): boolean => automaton.letterIn.length <= 1;

export function createMatcher(list: BuiltList) {
  const { automaton, termOf, terms } = list;
  const { out, outLink, lengths } = automaton;
  const read = createReader(list.letters);
  const isEmpty = isRootless(automaton);

  function isAtBorder({ letters, before, count }: Reading, first: number, last: number): boolean {
    const touchesLeft = first > 0 && before[first] === TOUCHES;
    const touchesRight = last + 1 < count && before[last + 1] === TOUCHES;
    const left = letters[first] as number;
    const right = letters[last] as number;
    if (first === last && (touchesLeft || touchesRight)) return false;
    if (touchesLeft && isLatin(left) && isLatin(letters[first - 1] as number)) return false;
    if (touchesRight && isLatin(right) && isLatin(letters[last + 1] as number)) return false;
    for (let i = first + 1; i <= last; i++) {
      if (before[i] !== CLAUSE) continue;
      const isClosedLeft = touchesLeft && isHan(letters[first - 1] as number);
      const isClosedRight = touchesRight && isHan(letters[last + 1] as number);
      return !isClosedLeft && !isClosedRight;
    }
    return true;
  }

  function findAll(reading: Reading): Found[] | undefined {
    const { letters, count } = reading;
    let found: Found[] | undefined;
    let state = 0;
    for (let i = 0; i < count; i++) {
      state = step(automaton, state, letters[i] as number);
      let end = (out[state] as number) >= 0 ? state : (outLink[state] as number);
      for (; end !== 0; end = outLink[end] as number) {
        const pattern = out[end] as number;
        const first = i + 1 - (lengths[pattern] as number);
        if (!isAtBorder(reading, first, i)) continue;
        found ??= [];
        if (found.length === HITS_BOUND) return found;
        found.push({ term: terms[termOf[pattern] as number] as ListedTerm, first, last: i });
      }
    }
    return found;
  }

  return {
    version: list.version,
    terms: terms.length,
    patterns: lengths.length,
    states: automaton.letterIn.length,
    buildMs: list.buildMs,
    bytes: automatonBytes(automaton) + termOf.byteLength + list.letters.fold.byteLength,

    /** By their place in the text; of those that lie in one another, the longest. */
    hitsIn(text: string): readonly Hit[] {
      if (isEmpty) return NONE;
      const reading = read(text);
      const found = findAll(reading);
      if (!found) return NONE;
      const isInside = (a: Found, b: Found) =>
        b.first <= a.first && a.last <= b.last && a.last - a.first < b.last - b.first;
      const overlaps = (a: Found, b: Found) => a.first <= b.last && b.first <= a.last;
      const harmless = found.filter(({ term }) => term.kind === 'harmless');
      const harmful = found.filter(
        (hit) => hit.term.kind !== 'harmless' && !harmless.some((word) => overlaps(hit, word) && !isInside(word, hit)),
      );
      return harmful
        .filter((hit) => !harmful.some((other) => isInside(hit, other)))
        .sort((a, b) => a.first - b.first)
        .map(({ term, first, last }) => ({
          ...term,
          from: reading.from[first] as number,
          to: reading.to[last] as number,
        }));
    },

    /** What makes two spellings one term; empty when there is no letter in it. */
    keyOf: (text: string): string => readAll(read, text),
  };
}
export type Matcher = ReturnType<typeof createMatcher>;

/** The text with every letter of the hits starred; what stands between them stays. */
export function masked(text: string, hits: readonly Pick<Hit, 'from' | 'to'>[]): string {
  let result = '';
  let at = 0;
  for (const { from, to } of [...hits].sort((a, b) => a.from - b.from)) {
    if (to <= at) continue;
    const begin = Math.max(at, from);
    result += text.slice(at, begin);
    for (const c of text.slice(begin, to)) result += /[\p{L}\p{N}\p{S}]/u.test(c) ? MASK : c;
    at = to;
  }
  return result + text.slice(at);
}
