/**
 * How a total becomes packets (rule G3): pure.
 *
 * `count - 1` different cuts are chosen among the `total - 1` places between the fen of the total; the pieces between the
 * cuts are the packets. So each has at least one fen, the sum is the total, and every way to split it is equally likely:
 * no place in the line is better than another, and there is nothing to shuffle.
 */

/** A number of 0 … below-1, all equally likely. */
export type RandomBelow = (below: number) => number;

const UINT32 = 2 ** 32;
/** Numbers that are too high to be fair are drawn again. `bytes` must be unguessable. */
export function randomBelow(bytes: (count: number) => Buffer): RandomBelow {
  return (below) => {
    if (!Number.isInteger(below) || below < 1 || below > UINT32) throw new RangeError(`no number below ${below}`);
    const fair = UINT32 - (UINT32 % below);
    for (;;) {
      const drawn = bytes(4).readUInt32BE();
      if (drawn < fair) return drawn % below;
    }
  };
}

/** @throws RangeError unless 1 <= count <= totalFen */
export function splitTotal(totalFen: number, count: number, random: RandomBelow): number[] {
  if (!Number.isSafeInteger(totalFen) || !Number.isInteger(count) || count < 1 || totalFen < count)
    throw new RangeError(`${totalFen} fen are no ${count} packets`);
  // Floyd's sample: `count - 1` different places of 1 … totalFen - 1, each set of them equally likely.
  const cuts = new Set<number>();
  for (let top = totalFen - count + 1; top < totalFen; top++) {
    const place = 1 + random(top);
    cuts.add(cuts.has(place) ? top : place);
  }
  const places = [0, ...[...cuts].sort((a, b) => a - b), totalFen];
  return places.slice(1).map((place, index) => place - (places[index] ?? 0));
}
