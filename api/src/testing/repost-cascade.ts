/**
 * The log of one post that is handed on, in the shape that such cascades have: a few bring most (a heavy tail), while somewhere
 * friends of friends of friends hand it on over fifty people deep. People come back by other people's posts, open their own, and
 * those at the top open the posts of those far below. The same seed gives the same log.
 */
export interface CascadeVisit {
  /** Numbers of people; the author is 0, everybody else is numbered as they came. */
  readonly visitor: number;
  readonly sharer: number;
  readonly minute: number;
}
export interface Cascade {
  readonly visits: readonly CascadeVisit[];
  /** By whom each came first; −1 for the author. */
  readonly inviters: readonly number[];
  readonly depths: readonly number[];
}

/** Newcomers by the post of somebody who brought many already; the others by one of the latest, the deepest of three. */
const BY_A_HUB = 0.5;
const LATEST = 8;
const COMES_BACK = 0.3;
const OPENS_OWN = 0.05;
const ABOVE_OPENS_BELOW = 0.1;

export function repostCascade(people: number, seed: number): Cascade {
  let state = seed >>> 0;
  /** At least 0, below `count`; a linear congruence is random enough for who meets whom. */
  const pick = (count: number): number => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((state / 2 ** 32) * count);
  };
  const chance = (share: number): boolean => pick(1_000) < share * 1_000;
  const [inviters, depths] = [[-1], [0]];
  const visits: CascadeVisit[] = [];
  const visit = (visitor: number, sharer: number) => visits.push({ visitor, sharer, minute: visits.length });
  const latest = (count: number) => count - 1 - pick(Math.min(count, LATEST));
  for (let one = 1; one < people; one++) {
    const [a, b, c] = [latest(one), latest(one), latest(one)];
    const deeper = [a, b, c].reduce((some, other) => ((depths[some] ?? 0) >= (depths[other] ?? 0) ? some : other));
    const inviter = chance(BY_A_HUB) ? Math.max(0, inviters[pick(one)] ?? 0) : deeper;
    inviters.push(inviter);
    depths.push((depths[inviter] ?? 0) + 1);
    visit(one, inviter);
    if (chance(COMES_BACK)) visit(one, pick(one));
    if (chance(OPENS_OWN)) visit(one, one);
    if (chance(ABOVE_OPENS_BELOW)) visit(inviters[inviter] === -1 ? 0 : (inviters[inviter] ?? 0), one);
  }
  return { visits, inviters, depths };
}
