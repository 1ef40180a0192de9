/** The shortest way over people who know one another, searched from both ends, a whole step at a time. */
export type Tie = 'brought' | 'brought_by' | 'guide_of' | 'customer_of';
export interface Acquaintance {
  readonly from: string;
  readonly to: string;
  /** What `from` is to `to`. */
  readonly tie: Tie;
}
export interface Way {
  /** Both ends included; empty when there is none. */
  readonly steps: readonly { readonly id: string; readonly tie: Tie | null }[];
  /** False: the search was cut. */
  readonly shortest: boolean;
}

const inverse: Record<Tie, Tie> = {
  ...{ brought: 'brought_by', brought_by: 'brought' },
  ...{ guide_of: 'customer_of', customer_of: 'guide_of' },
} as const;
/** People that are looked at before the search is cut. */
export const MAX_SEARCHED = 40_000;

interface Side {
  /** How each was reached: from whom, and what that one is to them. */
  readonly reached: Map<string, { from: string; tie: Tie } | null>;
  edge: string[];
}

/** `acquaintances` of these people, at most `limit`; if it answers so many, there may be more. */
export async function findWay(
  from: string,
  to: string,
  acquaintances: (ids: readonly string[], limit: number) => Promise<readonly Acquaintance[]>,
  maxSearched = MAX_SEARCHED,
): Promise<Way> {
  if (from === to) return { steps: [{ id: from, tie: null }], shortest: true };
  const sideOf = (id: string): Side => ({ reached: new Map([[id, null]]), edge: [id] });
  const [forth, back] = [sideOf(from), sideOf(to)];
  while (forth.edge.length > 0 && back.edge.length > 0) {
    const [side, other] = forth.edge.length <= back.edge.length ? [forth, back] : [back, forth];
    const left = maxSearched - forth.reached.size - back.reached.size;
    const found = left > 0 ? await acquaintances(side.edge, left) : [];
    const cut = left <= 0 || found.length >= left;
    side.edge = [];
    for (const { from: known, to: one, tie } of found) {
      if (side.reached.has(one)) continue;
      side.reached.set(one, { from: known, tie });
      side.edge.push(one);
    }
    const met = side.edge.filter((id) => other.reached.has(id));
    const ways = met.map((id) => join(forth, back, id));
    const [best] = ways.toSorted((a, b) => a.length - b.length);
    if (best) return { steps: best, shortest: !cut };
    if (cut) return { steps: [], shortest: false };
  }
  return { steps: [], shortest: true };
}

function join(forth: Side, back: Side, middle: string): { id: string; tie: Tie | null }[] {
  const before: { id: string; tie: Tie | null }[] = [];
  for (let id: string | undefined = middle; id !== undefined; ) {
    const by: { from: string; tie: Tie } | null | undefined = forth.reached.get(id);
    before.unshift({ id, tie: by?.tie ?? null });
    id = by?.from;
  }
  const after: { id: string; tie: Tie | null }[] = [];
  for (let by = back.reached.get(middle); by; by = back.reached.get(by.from))
    after.push({ id: by.from, tie: inverse[by.tie] });
  return [...before, ...after];
}
