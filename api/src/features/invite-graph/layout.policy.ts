/**
 * Places for a forest, in one disc: who brought themselves in the middle, each further step in a ring further out. A person stands in
 * the middle of the angle that all below them share, and a branch has as much angle as its dots have room; a ring has as much room as
 * its dots need, so dots lie equally dense everywhere, and a chain of seventy crosses seventy rings. Pure, and linear in the people:
 * the same people give the same picture, and one more moves the others a little.
 */
export interface Placed {
  readonly x: Float32Array;
  readonly y: Float32Array;
  readonly radius: Float32Array;
}

const DOT = 1;
const LARGEST_DOT = 12;
/** Room of a dot, in its own squares; more is emptier. */
const ROOM = 2.5;
/** A ring is never thinner, so that every step out is seen. */
const THINNEST_RING = 4;
/** Dots of a ring are spread over its width by this share of it, one after the other (the golden section repeats itself least). */
const SPREAD = 0.618_033_988_75;

/** A dot grows with what stands below, slowly: ten times as many people, a little wider. */
export const dotOf = (peopleBelow: number): number => Math.min(LARGEST_DOT, DOT + Math.log2(1 + peopleBelow) * 0.6);

/** `inviters`: index of who brought each, −1 for nobody; in any order. `people`: how many stand below each. */
export function placeForest(inviters: Int32Array, people: Uint32Array): Placed {
  const count = inviters.length;
  const radius = Float32Array.from(people, dotOf);
  const [x, y] = [new Float32Array(count), new Float32Array(count)];
  const { order, depths } = walkDown(inviters);
  const room = Float64Array.from(radius, (dot) => ROOM * (2 * dot) ** 2);

  /** Of a person with all below. */
  const branch = Float64Array.from(room);
  let all = 0;
  for (const one of order.toReversed()) {
    const inviter = inviters[one] as number;
    if (inviter === -1) all += branch[one] as number;
    else branch[inviter] = (branch[inviter] as number) + (branch[one] as number);
  }
  const rings = ringsOf(order, depths, room);

  /** The angle of each, as a share of `all`: where it begins, how wide it is, and how much of it is given away. */
  const begins = new Float64Array(count);
  const widths = new Float64Array(count);
  const given = new Float64Array(count);
  let givenToRoots = 0;
  for (const [turn, one] of order.entries()) {
    const inviter = inviters[one] as number;
    const mine = branch[one] as number;
    if (inviter === -1) {
      begins[one] = givenToRoots;
      widths[one] = mine;
      givenToRoots += mine;
    } else {
      // All below share the whole angle, that of the person's own dot included: it needs none further out.
      const width = ((widths[inviter] as number) * mine) / ((branch[inviter] as number) - (room[inviter] as number));
      begins[one] = (begins[inviter] as number) + (given[inviter] as number);
      widths[one] = width;
      given[inviter] = (given[inviter] as number) + width;
    }
    const angle = (((begins[one] as number) + (widths[one] as number) / 2) / all) * 2 * Math.PI;
    const [from, to] = rings[depths[one] as number] as readonly [number, number];
    const out = Math.sqrt(from ** 2 + ((turn * SPREAD) % 1) * (to ** 2 - from ** 2));
    x[one] = out * Math.cos(angle);
    y[one] = out * Math.sin(angle);
  }
  return { x, y, radius };
}

/** Inner and outer radius of every ring. */
function ringsOf(order: Int32Array, depths: Int32Array, room: Float64Array): (readonly [number, number])[] {
  const areas: number[] = [];
  for (const one of order) areas[depths[one] as number] = (areas[depths[one] as number] ?? 0) + (room[one] as number);
  let inner = 0;
  return areas.map((area) => {
    const from = inner;
    inner = Math.max(Math.sqrt(from ** 2 + area / Math.PI), from + THINNEST_RING);
    return [from, inner] as const;
  });
}

/** Everybody after who brought them, and those whom one brought in their own order. */
function walkDown(inviters: Int32Array): { order: Int32Array; depths: Int32Array } {
  const count = inviters.length;
  const [first, next] = [new Int32Array(count).fill(-1), new Int32Array(count).fill(-1)];
  const [order, depths] = [new Int32Array(count), new Int32Array(count)];
  for (let one = count - 1; one >= 0; one--) {
    const inviter = inviters[one] as number;
    if (inviter === -1) continue;
    next[one] = first[inviter] as number;
    first[inviter] = one;
  }
  let known = 0;
  for (let one = 0; one < count; one++) if (inviters[one] === -1) order[known++] = one;
  for (let at = 0; at < known; at++) {
    const one = order[at] as number;
    for (let child = first[one] as number; child !== -1; child = next[child] as number) {
      depths[child] = (depths[one] as number) + 1;
      order[known++] = child;
    }
  }
  return { order: order.subarray(0, known), depths };
}
