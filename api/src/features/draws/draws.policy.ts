/**
 * Who wins a draw, and who may be in it (rule G2): pure. The recipe stands in words in docs/11-draws.md, so that a stranger
 * can follow it without this file; whatever changes here changes there, and old draws must still come out the same.
 */
import { createHash, createHmac } from 'node:crypto';
import type { DrawRules, ErrorCode } from '@walnut-live/contracts';

/** The list in its one order: nobody gains by being early or late. */
export const sortedIds = (publicIds: readonly string[]): string[] => [...publicIds].sort();

/** What the room is told before the draw opens. */
export const commitmentOf = (seed: Buffer): string => createHash('sha256').update(seed).digest('hex');

/** Of the sorted list. */
export const listHashOf = (publicIds: readonly string[]): string =>
  createHash('sha256').update(publicIds.join('\n')).digest('hex');

export interface DrawnWinner {
  readonly rank: number;
  readonly prizeNo: number;
  readonly publicId: string;
}

/**
 * The winners. Each participant's score depends on the seed and on the whole list, so neither who knows the seed nor who
 * enters last can tell a score before the list is frozen.
 */
export function drawWinners(draw: {
  id: string;
  seed: Buffer;
  /** Sorted. */
  publicIds: readonly string[];
  prizes: readonly { no: number; count: number }[];
}): DrawnWinner[] {
  const listHash = listHashOf(draw.publicIds);
  const scored = draw.publicIds.map((publicId) => ({
    publicId,
    score: createHmac('sha256', draw.seed).update(`${draw.id}|${listHash}|${publicId}`).digest('hex'),
  }));
  scored.sort((a, b) => (a.score < b.score ? -1 : 1));
  const places = [...draw.prizes]
    .sort((a, b) => a.no - b.no)
    .flatMap(({ no, count }) => Array.from({ length: count }, () => no));
  return scored
    .slice(0, places.length)
    .map(({ publicId }, index) => ({ rank: index + 1, prizeNo: places[index] as number, publicId }));
}

/** A person as a draw sees them. */
export interface Entrant {
  readonly kind: 'guest' | 'consumer' | 'staff';
  /** False when the account was switched off, or the guest has become somebody. */
  readonly valid: boolean;
  readonly banned: boolean;
  readonly muted: boolean;
  readonly roomState: 'scheduled' | 'live' | 'ended';
  /** Staff under their private number. */
  readonly isInsider: boolean;
  readonly follows: boolean;
  readonly hasBought: boolean;
}

/** Why somebody may not enter; undefined when they may. */
export function refusalOfEntry(entrant: Entrant | undefined, rules: DrawRules): ErrorCode | undefined {
  if (!entrant?.valid) return 'session_expired';
  if (entrant.banned) return 'banned';
  if (entrant.kind === 'guest') return 'unauthenticated';
  if (entrant.kind === 'staff' || entrant.isInsider) return 'insiders_excluded';
  if (entrant.roomState !== 'live') return 'room_not_live';
  if (rules.keyword !== null && entrant.muted) return 'muted';
  if (rules.followers && !entrant.follows) return 'followers_only';
  if (rules.customers && !entrant.hasBought) return 'customers_only';
  return undefined;
}

/** Whether a message enters its author: the keyword stands in it, in whatever width and case it was typed. */
export function saysKeyword(text: string, keyword: string | null): boolean {
  const plain = (value: string) => value.normalize('NFKC').toLowerCase().replace(/\s+/g, '');
  return keyword !== null && plain(text).includes(plain(keyword));
}
