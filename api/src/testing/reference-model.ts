/**
 * Who brought an order, what it earns and what is due, read once more from the rules (A2, A3, A5, K1, K2, K4, K5) and from
 * nothing else: slow, without a database, and short enough to be checked by eye. Tests hold the product against it.
 */
export type Fact =
  | { readonly kind: 'touch'; at: number; visitor: string; sharer: string; room: string }
  | { readonly kind: 'order'; at: number; id: string; buyer: string; room: string; items: readonly bigint[] }
  | { readonly kind: 'paid' | 'received'; at: number; id: string }
  | { readonly kind: 'refund'; at: number; id: string; item: number; fen: bigint }
  /** Published at `at`; its cuts hold from `from` on. */
  | { readonly kind: 'rule'; at: number; from: number; bps: readonly [number, number] }
  | { readonly kind: 'settle'; at: number };
export interface Place {
  readonly store: string;
  readonly guide: string;
}
export interface Terms {
  /** Store and self of every member of staff. */
  readonly staff: ReadonlyMap<string, Place>;
  /** Store and host. */
  readonly rooms: ReadonlyMap<string, Place>;
  readonly windowMs: number;
  readonly freezeMs: number;
  readonly minimumFen: bigint;
}
interface Order {
  readonly buyer: string;
  readonly room: string;
  readonly at: number;
  readonly credit: string;
  readonly items: { kept: bigint }[];
  paid?: { level: readonly (string | undefined)[]; bps: readonly number[] };
  receivedAt?: number;
}

export function reckon(facts: readonly Fact[], terms: Terms) {
  const owner = new Map<string, Place>();
  const inviter = new Map<string, string>();
  const orders = new Map<string, Order>();
  const taken = new Map<string, bigint>();
  const done: Fact[] = [];
  const isAbove = (one: string, below: string | undefined): boolean =>
    below !== undefined && (one === below || isAbove(one, inviter.get(below)));
  const creditOf = ({ at, buyer, room }: Extract<Fact, { kind: 'order' }>): string => {
    const ofRoom = [...orders.values()].filter((order) => order.buyer === buyer && order.room === room && order.paid);
    const boughtAt = Math.max(-1, ...ofRoom.map((order) => order.at));
    const isGood = (fact: Fact) =>
      fact.kind === 'touch' &&
      fact.visitor === buyer &&
      fact.room === room &&
      fact.sharer !== buyer &&
      at - fact.at <= terms.windowMs &&
      fact.at > boughtAt;
    const click = done.findLast(isGood) as Extract<Fact, { kind: 'touch' }> | undefined;
    return click?.sharer ?? (owner.get(buyer) ?? terms.rooms.get(room))!.guide;
  };
  const bpsAt = (at: number, level: 0 | 1): number => {
    const rules = done.filter((fact) => fact.kind === 'rule');
    const whole = rules.findLastIndex(({ from }) => from <= at);
    return Math.max(...rules.slice(whole).map(({ bps }) => bps[level]));
  };
  const owed = (order: Order, level: 0 | 1): bigint =>
    order.items.reduce((sum, { kept }) => sum + (kept * BigInt(order.paid?.bps[level] ?? 0)) / 10_000n, 0n);
  /** Of each person what every order in `which` owes them now. */
  const sums = (which: (order: Order) => boolean): Map<string, bigint> => {
    const all = new Map<string, bigint>();
    for (const order of orders.values())
      for (const level of which(order) ? ([0, 1] as const) : []) {
        const person = order.paid?.level[level];
        if (person !== undefined) all.set(person, (all.get(person) ?? 0n) + owed(order, level));
      }
    return all;
  };

  for (const fact of facts) {
    if (fact.kind === 'touch' && !terms.staff.has(fact.visitor) && fact.sharer !== fact.visitor) {
      const { visitor, sharer, room } = fact;
      if (!owner.has(visitor))
        owner.set(visitor, (terms.staff.get(sharer) ?? owner.get(sharer) ?? terms.rooms.get(room))!);
      if (!inviter.has(visitor) && !isAbove(visitor, sharer)) inviter.set(visitor, sharer);
    } else if (fact.kind === 'order') {
      const items = fact.items.map((kept) => ({ kept }));
      orders.set(fact.id, { ...fact, credit: creditOf(fact), items });
      if (!owner.has(fact.buyer)) owner.set(fact.buyer, terms.rooms.get(fact.room)!);
    } else if (fact.kind === 'paid') {
      const order = orders.get(fact.id)!;
      const isOther = (one: string | undefined) => (one === order.buyer ? undefined : one);
      const level = [isOther(order.credit), isOther(inviter.get(order.credit))];
      order.paid = { level, bps: [bpsAt(fact.at, 0), bpsAt(fact.at, 1)] };
    } else if (fact.kind === 'received') orders.get(fact.id)!.receivedAt = fact.at;
    else if (fact.kind === 'refund') orders.get(fact.id)!.items[fact.item]!.kept -= fact.fen;
    else if (fact.kind === 'settle')
      for (const [person, sum] of sums(({ receivedAt }) => receivedAt! + terms.freezeMs <= fact.at))
        if (sum - (taken.get(person) ?? 0n) >= terms.minimumFen) taken.set(person, sum);
    done.push(fact);
  }
  const credits = new Map([...orders].map(([id, { credit }]) => [id, credit]));
  return { credits, owner, inviter, earned: sums(() => true), taken, owed, orders };
}
