/**
 * The days of a season: chains of people who hand links on, orders, parcels, receipts, refunds before and after settlement.
 * Everything goes through the api; what was asked of it is written down as facts, which a model reckons with as well.
 *
 * Within a day people act side by side, in waves of which nobody depends on another: the order of facts within a wave says
 * nothing, and the model may take them as they come.
 */
import {
  bulkShip,
  createShareLink,
  type OrderView,
  payOrder,
  placeOrder,
  refundOrder,
  settleSandbox,
} from '@walnut-live/contracts';
import { SANDBOX_DELIVERY_JOB } from '../../api/src/compose-payments.ts';
import { AUTO_RECEIVE_JOB, EXPIRY_JOB } from '../../api/src/features/orders/index.ts';
import { REFUND_JOB } from '../../api/src/features/refunds/index.ts';
import type { Principal } from '../../api/src/platform/principal.ts';
import type { FixtureRoom } from '../../api/src/testing/fixtures.ts';
import type { Fact } from '../../api/src/testing/reference-model.ts';
import { shelfLine, TEST_ADDRESS } from '../../api/src/testing/shop.ts';
import type { FaultWorld } from './fault-world.ts';
import { patient, patiently } from './patient-caller.ts';
import type { Customer, SeasonBrand } from './season-world.ts';
import { seeded } from './seeded.ts';

const SIDE_BY_SIDE = 12;
/** People between the first link and the last that was handed on. */
const DEEPEST_CHAIN = 8;
const CHAINS_PER_ORDER = 0.12;
const HANDS_ON = 0.8;
/** Of those who came by a link. */
const BUYS = 0.7;
const LEFT_UNPAID = 0.03;
const REFUNDED_EARLY = 0.04;
const REFUNDED_LATE = 0.04;
/** Days after the order: within the days of no-reason return, and when its commission was paid out. */
const EARLY_DAYS = [1, 9] as const;
const LATE_DAYS = [42, 50] as const;
const LINES_OF_A_SHIPPING_LIST = 400;
const RETRY_SECONDS = 2;
const TURNS_OF_A_JOB = 400;
const DAY_SECONDS = 86_400;

export interface SeasonLife {
  readonly facts: Fact[];
  /** One day with so many orders; zero: a day on which only what was begun goes on. */
  day(orders: number): Promise<void>;
}

interface Refund {
  readonly order: OrderView;
  readonly onDay: number;
  readonly whole: boolean;
  /** Of the first item, if it is not everything. */
  readonly part: number;
}

export async function eachOf<T>(all: readonly T[], act: (one: T) => Promise<void>): Promise<void> {
  let next = 0;
  const worker = async (): Promise<void> => {
    for (let one = all[next++]; one !== undefined; one = all[next++]) await act(one);
  };
  await Promise.all(Array.from({ length: SIDE_BY_SIDE }, worker));
}

export function createSeasonLife(world: FaultWorld, brand: SeasonBrand, seed: number): SeasonLife {
  const chance = seeded(seed);
  const { ok } = patient(world);
  const { sql } = world.api.platform.db;
  const upTo = (most: number): number => Math.floor(chance() * most);
  const anyOf = <T>(all: readonly T[]): T => {
    const one = all[upTo(all.length)];
    if (one === undefined) throw new Error('nothing to choose from');
    return one;
  };
  const facts: Fact[] = [];
  const toShip: OrderView[] = [];
  const refunds: Refund[] = [];
  let today = 0;
  const now = (): number => world.clock.now().getTime();

  async function come(visitor: Principal, sharer: Principal, room: FixtureRoom, from: string): Promise<void> {
    const link = await ok(createShareLink, { as: sharer, body: { roomId: room.id } });
    const cookie = await world.visitorCookie(visitor.personId);
    const headers = {
      cookie,
      'x-forwarded-for': from,
      'user-agent': `Mozilla/5.0 (iPhone) MicroMessenger/8.0 ${from}`,
    };
    const at = now();
    const answer = await patiently(() => fetch(`${world.url}${link.path}`, { redirect: 'manual', headers }));
    if (answer.status !== 302) throw new Error(`a link answered ${answer.status}`);
    facts.push({ kind: 'touch', at, visitor: visitor.personId, sharer: sharer.personId, room: room.id });
  }
  const address = (): string => [10 + upTo(200), upTo(256), upTo(256), 1 + upTo(250)].join('.');

  /** Wave by wave the links go on; answers who came, and where to. */
  async function chains(count: number): Promise<{ buyer: Customer; room: FixtureRoom }[]> {
    const touchedToday = new Set<Customer>();
    const stranger = (): Customer => {
      for (;;) {
        const one = anyOf(brand.customers);
        if (touchedToday.has(one)) continue;
        touchedToday.add(one);
        return one;
      }
    };
    const came: { buyer: Customer; room: FixtureRoom }[] = [];
    let heads = Array.from({ length: count }, () => ({
      sharer: (chance() < 0.6 ? anyOf(brand.guides) : stranger()) as Principal,
      room: anyOf(brand.rooms),
    }));
    for (let depth = 0; depth < DEEPEST_CHAIN && heads.length > 0; depth++) {
      const steps = heads.map((head) => ({ ...head, visitor: stranger(), from: address() }));
      await eachOf(steps, ({ visitor, sharer, room, from }) => come(visitor, sharer, room, from));
      came.push(...steps.map(({ visitor, room }) => ({ buyer: visitor, room })));
      heads = steps.flatMap(({ visitor, room }) => (chance() < HANDS_ON ? [{ sharer: visitor, room }] : []));
    }
    return came;
  }

  /** All that is left to chance, before anybody acts: side by side, chance would not come again with its seed. */
  function wish({ buyer, room }: { buyer: Customer; room: FixtureRoom }) {
    const wanted = brand.products.filter(() => chance() < 0.4);
    const lines = (wanted.length > 0 ? wanted : [anyOf(brand.products)]).map((one) => shelfLine(one, 1 + upTo(3)));
    const fate = chance();
    const days = fate < LEFT_UNPAID + REFUNDED_EARLY ? EARLY_DAYS : LATE_DAYS;
    const back = { onDay: today + days[0] + upTo(days[1] - days[0]), whole: chance() < 0.5, part: chance() };
    return { buyer, room, lines, fate, back };
  }

  async function order({ buyer, room, lines, fate, back }: ReturnType<typeof wish>): Promise<void> {
    const at = now();
    const { phone, street, name } = buyer;
    const placed = await ok(placeOrder, {
      as: buyer,
      body: { roomId: room.id, lines, address: { ...TEST_ADDRESS, recipient: name, phone, street } },
    });
    const items = placed.items.map(({ amountFen }) => BigInt(amountFen));
    facts.push({ kind: 'order', at, id: placed.id, buyer: buyer.personId, room: room.id, items });
    if (fate < LEFT_UNPAID) return;
    const params = { id: placed.id };
    const { paymentId } = await ok(payOrder, { as: buyer, params, body: { provider: 'sandbox' } });
    await ok(settleSandbox, { as: buyer, params: { paymentId }, body: { outcome: 'captured' } });
    facts.push({ kind: 'paid', at: now(), id: placed.id });
    toShip.push(placed);
    if (fate < LEFT_UNPAID + REFUNDED_EARLY + REFUNDED_LATE) refunds.push({ order: placed, ...back });
  }

  /** All of it, or an odd part of the money of one item. */
  async function refund({ order: of, whole, part }: Refund): Promise<void> {
    const parts = whole ? of.items : of.items.slice(0, 1);
    const items = parts.map(({ id, quantity, amountFen }) =>
      whole
        ? { itemId: id, quantity, amountFen }
        : { itemId: id, quantity: 0, amountFen: 1 + Math.floor(part * (amountFen - 1)) },
    );
    await ok(refundOrder, { as: brand.admin, params: { id: of.id }, body: { reason: '不满意', items } });
    for (const { itemId, amountFen } of items) {
      const item = of.items.findIndex(({ id }) => id === itemId);
      facts.push({ kind: 'refund', at: now(), id: of.id, item, fen: BigInt(amountFen) });
    }
  }

  async function ship(): Promise<void> {
    const gone = new Set(refunds.filter(({ onDay, whole }) => whole && onDay <= today).map(({ order: { id } }) => id));
    const all = toShip.splice(0).filter(({ id }) => !gone.has(id));
    for (let from = 0; from < all.length; from += LINES_OF_A_SHIPPING_LIST) {
      const list = all.slice(from, from + LINES_OF_A_SHIPPING_LIST);
      const text = list.map(({ orderNo }, n) => `${orderNo},顺丰速运,SF${today}${from + n + 1_000_000_000}`).join('\n');
      const { sent, lines } = await ok(bulkShip, { as: brand.operations, body: { text, apply: true } });
      if (sent !== list.length) {
        const refused = lines.filter(({ result }) => result !== 'sent').slice(0, 3);
        throw new Error(`${sent} of ${list.length} were sent: ${JSON.stringify(refused)}`);
      }
    }
  }

  /** Turns of jobs, until nothing of this is left. */
  async function until(what: string, left: () => Promise<number>, ...jobs: string[]): Promise<void> {
    for (let turn = 0; turn < TURNS_OF_A_JOB; turn++) {
      if ((await left()) === 0) return;
      await world.run(...jobs);
      // What failed waits before it is tried again.
      world.jump(RETRY_SECONDS);
    }
    throw new Error(`${await left()} ${what} left`);
  }
  const count = async (rows: Promise<{ n: number }[]>): Promise<number> => (await rows)[0]?.n ?? 0;

  async function evening(): Promise<void> {
    const at = () => world.clock.now();
    await until(
      'payments on their way',
      () =>
        count(sql`SELECT count(*)::int AS n FROM orders o JOIN payments p ON p.order_id = o.id
        JOIN sandbox_charges s ON s.payment_id = p.id WHERE o.state = 'pending_payment' AND s.state = 'captured'`),
      SANDBOX_DELIVERY_JOB,
    );
    await until(
      'refunds on their way',
      () => count(sql`SELECT count(*)::int AS n FROM refunds WHERE state IN ('requested', 'processing')`),
      REFUND_JOB,
      SANDBOX_DELIVERY_JOB,
    );
    await until(
      'orders to be received',
      () => count(sql`SELECT count(*)::int AS n FROM orders WHERE state = 'shipped' AND auto_receive_at <= ${at()}`),
      AUTO_RECEIVE_JOB,
    );
    await until(
      'unpaid orders',
      () => count(sql`SELECT count(*)::int AS n FROM orders WHERE state = 'pending_payment' AND expires_at < ${at()}`),
      EXPIRY_JOB,
    );
    const known = new Set(facts.flatMap((fact) => (fact.kind === 'received' ? [fact.id] : [])));
    for (const { id, receivedAt } of await sql<{ id: string; receivedAt: Date }>`
        SELECT id, received_at AS "receivedAt" FROM orders WHERE received_at IS NOT NULL ORDER BY received_at, id`)
      if (!known.has(id)) facts.push({ kind: 'received', at: receivedAt.getTime(), id });
  }

  return {
    facts,
    async day(orders) {
      today += 1;
      const came = await chains(Math.round(orders * CHAINS_PER_ORDER));
      const buyers = came.filter(() => chance() < BUYS).slice(0, orders);
      const known = new Set(buyers.map(({ buyer }) => buyer));
      while (buyers.length < orders) {
        const buyer = anyOf(brand.customers);
        if (known.has(buyer)) continue;
        known.add(buyer);
        buyers.push({ buyer, room: anyOf(brand.rooms) });
      }
      await eachOf(buyers.map(wish), order);
      await evening();
      const due = refunds.filter(({ onDay }) => onDay === today);
      await eachOf(due, refund);
      await ship();
      await evening();
      world.jump(Math.round(DAY_SECONDS * (0.5 + chance())));
    },
  };
}
