/** From terms to a built list. Takes a while and much memory for a moment: runs in build-worker.ts, not on the event loop. */
import { Converter } from 'opencc-js/t2cn';
import { pinyin } from 'pinyin-pro';
import { buildAutomaton } from './automaton.ts';
import { createReader, makeLetters, readAll } from './letters.ts';
import type { BuiltList, ListedTerm } from './matcher.ts';
import { patternsOf } from './patterns.ts';

const syllables = (term: string): readonly string[] => pinyin(term, { toneType: 'none', type: 'array', v: true });

/** When two terms sound or look alike, the stricter one is what a text means; a harmless word is never the other one. */
const STRICTNESS = { allow: 3, block: 2, mask: 1, show: 0 } as const;

export function buildList(version: number, terms: readonly ListedTerm[]): BuiltList {
  const began = performance.now();
  const letters = makeLetters(Converter({ from: 't', to: 'cn' }));
  const read = createReader(letters);
  const termOf = new Map<string, number>();
  const own = new Map<string, number>();
  for (const [index, { text, kind }] of terms.entries()) {
    const key = readAll(read, text);
    if (key === '') continue;
    own.set(key, index);
    const patterns = kind === 'harmless' ? [key] : patternsOf(key, syllables);
    for (const pattern of patterns) {
      const known = termOf.get(pattern);
      if (known === undefined || strictnessOf(terms[known]) < strictnessOf(terms[index])) termOf.set(pattern, index);
    }
  }
  for (const [key, index] of own) termOf.set(key, index); // what is written in the list comes before what only sounds so
  return {
    version,
    letters,
    automaton: buildAutomaton([...termOf.keys()]),
    termOf: Int32Array.from(termOf.values()),
    terms,
    buildMs: performance.now() - began,
  };
}

const strictnessOf = (term: ListedTerm | undefined): number => (term ? STRICTNESS[term.action] : -1);
