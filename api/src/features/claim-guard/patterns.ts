/** What the matcher looks for on account of a term: the term itself and, for Chinese terms, how it sounds in Latin letters. */
import { isHan } from './letters.ts';

/** Shorter spellings are English words by chance. */
const SHORTEST_PINYIN = 5;
/** Up to so many characters, spellings of a part alone (jian脑) are looked for too; their number doubles with each. */
const MIXED_UP_TO = 3;

/** `syllables`: of each character, small letters without tones. Distinct; the term itself comes first. */
export function patternsOf(term: string, syllables: (term: string) => readonly string[]): string[] {
  const characters = [...term];
  if (characters.length < 2 || !characters.every((c) => isHan(c.charCodeAt(0)))) return [term];
  const spoken = syllables(term);
  if (spoken.length !== characters.length || !spoken.every((s) => /^[a-z]+$/.test(s))) return [term];
  const whole = spoken.join('');
  const spellings = whole.length < SHORTEST_PINYIN ? [] : [whole];
  if (characters.length <= MIXED_UP_TO)
    for (let latin = 1; latin < 2 ** characters.length - 1; latin++)
      spellings.push(characters.map((c, i) => ((latin >> i) & 1 ? spoken[i] : c)).join(''));
  // nv and nu are both written for nü
  return [...new Set([term, ...spellings.flatMap((one) => [one, one.replaceAll('v', 'u')])])];
}
