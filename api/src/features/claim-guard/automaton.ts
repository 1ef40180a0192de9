/**
 * Many patterns at once in one pass over a text (Aho and Corasick, CACM 18(6), 1975).
 *
 * Model: the trie of all patterns, its states numbered breadth first, so that the children of a state are neighbours and one
 * number says where they begin. Everything is in flat typed arrays, 18 bytes a state: built in a worker, handed over
 * without a copy, read by the event loop. Nothing changes after it was built.
 * Invariants
 * - Children of state s are firstChild[s] … firstChild[s + 1] − 1, by rising letter.
 * - fail[s] is the longest proper suffix of s that is a state, and has a lower number.
 * - Every pattern that ends at s is found along out[s], then outLink[s], its outLink …, 0 being the end.
 */

export interface Automaton {
  /** State after the first letter; 0 if no pattern begins with it. By letter. */
  readonly first: Uint32Array;
  readonly firstChild: Uint32Array;
  /** The letter that leads into a state. */
  readonly letterIn: Uint16Array;
  readonly fail: Uint32Array;
  /** Pattern that ends here, or −1. */
  readonly out: Int32Array;
  /** Next shorter suffix at which a pattern ends. */
  readonly outLink: Uint32Array;
  /** Letters of each pattern. */
  readonly lengths: Uint16Array;
}

/** More children than this are searched by halving. */
const SEARCH_LINEARLY = 8;

/** Patterns must be distinct and not empty. */
export function buildAutomaton(given: readonly string[]): Automaton {
  const order = given.map((_, i) => i).sort((a, b) => compare(given[a] as string, given[b] as string));
  const patterns = order.map((i) => given[i] as string);
  const bound = 1 + patterns.reduce((sum, pattern) => sum + pattern.length, 0);
  // A state is a stretch of the sorted patterns that agree in their first `depth` letters.
  const low = new Uint32Array(bound);
  const high = new Uint32Array(bound);
  const depth = new Uint16Array(bound);
  const firstChild = new Uint32Array(bound + 1);
  const letterIn = new Uint16Array(bound);
  const fail = new Uint32Array(bound);
  const out = new Int32Array(bound).fill(-1);
  const outLink = new Uint32Array(bound);
  const first = new Uint32Array(0x1_0000);
  const made: Automaton = { first, firstChild, letterIn, fail, out, outLink, lengths: new Uint16Array(0) };
  high[0] = patterns.length;
  let count = 1;

  for (let state = 0; state < count; state++) {
    firstChild[state] = count;
    const at = depth[state] as number;
    let from = low[state] as number;
    const end = high[state] as number;
    if (from < end && (patterns[from] as string).length === at) {
      out[state] = order[from] as number;
      from += 1; // the others that begin alike are longer
    }
    while (from < end) {
      const letter = (patterns[from] as string).charCodeAt(at);
      let to = from + 1;
      while (to < end && (patterns[to] as string).charCodeAt(at) === letter) to += 1;
      const child = count++;
      low[child] = from;
      high[child] = to;
      depth[child] = at + 1;
      letterIn[child] = letter;
      if (state === 0) first[letter] = child;
      from = to;
    }
  }
  firstChild[count] = count;
  // Breadth first again: what a state falls back to is shorter and therefore done. The last child's end must be known first.
  for (let state = 1; state < count; state++) {
    // `fail` of a state's children needs that of the state itself.
    for (let child = firstChild[state] as number; child < (firstChild[state + 1] as number); child++) {
      fail[child] = step(made, fail[state] as number, letterIn[child] as number);
    }
    const suffix = fail[state] as number;
    outLink[state] = (out[suffix] as number) >= 0 ? suffix : (outLink[suffix] as number);
  }
  return {
    first,
    firstChild: firstChild.slice(0, count + 1),
    letterIn: letterIn.slice(0, count),
    fail: fail.slice(0, count),
    out: out.slice(0, count),
    outLink: outLink.slice(0, count),
    lengths: Uint16Array.from(given, (pattern) => pattern.length),
  };
}

const compare = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);

/** The state after one more letter. */
export function step(automaton: Automaton, from: number, letter: number): number {
  const { first, firstChild, letterIn, fail } = automaton;
  for (let state = from; state !== 0; state = fail[state] as number) {
    let low = firstChild[state] as number;
    let high = firstChild[state + 1] as number;
    while (high - low > SEARCH_LINEARLY) {
      const middle = (low + high) >>> 1;
      if ((letterIn[middle] as number) <= letter) low = middle;
      else high = middle;
    }
    for (; low < high; low++) if (letterIn[low] === letter) return low;
  }
  return first[letter] as number;
}

/** Bytes of its arrays. */
export const automatonBytes = (automaton: Automaton): number =>
  Object.values(automaton).reduce((sum: number, array: Uint8Array) => sum + array.byteLength, 0);
