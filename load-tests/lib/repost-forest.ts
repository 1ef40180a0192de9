/**
 * Who brought whom, in the shape that reposts have: a few bring thousands, most bring nobody, and some posts are handed on and
 * on, over fifty people deep. The same seed gives the same forest.
 */
export interface RepostForest {
  /** Index of the person who brought this one; −1 for who came by themselves. A person comes after whoever brought them. */
  readonly inviters: Int32Array;
  readonly depths: Int32Array;
  /** People below. */
  readonly below: Int32Array;
}

/** Shares of newcomers by how they came, added up; the rest come by themselves. */
const BY_WHO_BRINGS_MOST = 0.46;
const BY_ANYBODY = 0.51;
const BY_SOMEBODY_NEW = 0.81;
const BY_A_POST_HANDED_ON = 0.98;
/** "New" is among so many of the last. */
const NEWCOMERS = 400;

/** Always the same numbers (mulberry32), each at least 0 and below 1. */
export function fractions(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}

export function growForest(people: number, seed: number): RepostForest {
  const next = fractions(seed);
  const inviters = new Int32Array(people).fill(-1);
  const depths = new Int32Array(people);
  const below = new Int32Array(people);
  const anybody = (count: number) => Math.floor(next() * count);
  const newcomer = (count: number) => count - 1 - anybody(Math.min(count, NEWCOMERS));
  for (let one = 1; one < people; one++) {
    const dice = next();
    let inviter = -1;
    if (dice < BY_WHO_BRINGS_MOST) {
      // Whoever brought somebody before is likelier to bring the next: a heavy tail.
      const other = anybody(one);
      inviter = inviters[other] === -1 ? other : (inviters[other] as number);
    } else if (dice < BY_ANYBODY) inviter = anybody(one);
    else if (dice < BY_SOMEBODY_NEW) inviter = newcomer(one);
    else if (dice < BY_A_POST_HANDED_ON) {
      const [some, other] = [newcomer(one), newcomer(one)];
      inviter = (depths[some] as number) > (depths[other] as number) ? some : other;
    }
    inviters[one] = inviter;
    if (inviter >= 0) depths[one] = (depths[inviter] as number) + 1;
  }
  for (let one = people - 1; one > 0; one--) {
    const inviter = inviters[one] as number;
    if (inviter >= 0) below[inviter] = (below[inviter] as number) + (below[one] as number) + 1;
  }
  return { inviters, depths, below };
}
