/** What is done about the hits of a text, by where it stands and who wrote it (rule Z3). */
import type { GuardPlace, TermAction, TermKind } from '@walnut-live/contracts';

interface HitFacts {
  readonly text: string;
  readonly kind: TermKind;
  readonly action: TermAction;
}
export type Outcome = 'clean' | 'blocked' | 'masked' | 'shown';

/**
 * The strictest action decides. Titles, product texts, notices and pinned messages stand there for long and are staff's
 * own words: stars in them would help nobody, so what is masked in chat is sent back there to be written anew. To say where
 * a guide can be reached is what a drain card is for.
 */
export function outcomeOf(place: GuardPlace, found: readonly HitFacts[]): Outcome {
  const hits = place === 'card' ? found.filter(({ kind }) => kind !== 'contact') : found;
  const isTalk = place === 'chat';
  if (hits.some(({ action }) => action === 'block' || (action === 'mask' && !isTalk))) return 'blocked';
  if (hits.some(({ action }) => action === 'mask')) return 'masked';
  return hits.some(({ action }) => action === 'show') ? 'shown' : 'clean';
}

/** Rows of the log that one text makes: one a term, and not more than tell what kind of text it was. */
const TERMS_LOGGED = 10;
export function termsToLog<Hit extends HitFacts>(hits: readonly Hit[]): Hit[] {
  const byTerm = new Map(hits.map((hit) => [hit.text, hit]));
  return [...byTerm.values()].slice(0, TERMS_LOGGED);
}

/** An action that can be had for the kind: what is harmless is allowed, and nothing else is. */
export const fitsKind = (kind: TermKind, action: TermAction): boolean => (kind === 'harmless') === (action === 'allow');
