/**
 * Orders placed together (group commit): what a room's buyers want in the same moments goes through one transaction, so that a
 * hot SKU's row is locked once for all of them and not once for each.
 *
 * Model: every room with buyers waiting has a lane; a lane has one transaction at a time, and whoever comes meanwhile is in the
 * next. A transaction: keys asked (M3) → room, buyers, SKUs and offers read → each wish priced (S4) → people locked, credit
 * considered (A3) → stock in the order of arrival (reserving.ts) → the winners' rows, each table by one statement → answers
 * under their keys. About twenty statements, however many orders.
 * Invariants: people are locked before hot rows, and those by SKU, as everywhere; a person is in a transaction once, their next
 * order waits for the next one; a loser leaves no trace; what cannot be decided here (a former guest, a transaction that
 * failed) is placed alone by placing.ts, which decides the same.
 */
import type { OrderView } from '@walnut-live/contracts';
import { databaseFailure } from '../../platform/database-failure.ts';
import { type Db, sqlState, type Tx } from '../../platform/db.ts';
import { AppError } from '../../platform/errors.ts';
import type { StoredAnswer } from '../../platform/idempotency.ts';
import { type KeyedWish, nameOfWish, storeAnswers, takeKeys } from '../../platform/idempotency-many.ts';
import { createLanes } from '../../platform/lanes.ts';
import type { Logger } from '../../platform/logger.ts';
import { writeRoomEvents } from '../../platform/outbox.ts';
import type { Stored } from '../../platform/tracing.ts';
import type { Considered } from '../credits/index.ts';
import { giftsFor } from './gifts.policy.ts';
import {
  couponsOf,
  newItem,
  newOrder,
  type PlaceRequest,
  type Priced,
  pricedLine,
  refused,
  refuseRoom,
  wantedLines,
} from './order-parts.ts';
import { readOrders } from './order-view.ts';
import { drawOrderNos, insertItems, insertOrders } from './orders.repository.ts';
import type { OrdersDeps } from './orders.service.ts';
import { refuseEarly, type WantedLine } from './pricing.policy.ts';
import { readHeld } from './reservations.repository.ts';
import { reserveTogether } from './reserving.ts';
import { readBuyers, readSellingRoom, readSkus, type SellingRoom } from './selling.repository.ts';
import { shippingOf } from './shipping-of.ts';
import type { SoldOut } from './sold-out.ts';

/** The first of a quiet lane waits so long for company: one turn of the event loop. */
const WAIT_MS = 0;
const ORDERS_AT_ONCE = 200;
/** More who wait for one room are told to try again. */
const WAITING = 10_000;
/** Tries of a transaction that met another node's answer under the same key. */
const TRIES = 3;
const UNIQUE_VIOLATION = '23505';
const CREATED = 201;

export interface OrderWish {
  readonly personId: string;
  /** A key that has been checked. */
  readonly key: string;
  readonly body: PlaceRequest;
  /** Everything that tells this request from another one under its key. */
  readonly request: unknown;
}
export interface Asking {
  readonly wish: OrderWish;
  readonly keyed: KeyedWish;
  /** Of the wish; the transaction that serves it is below it. */
  readonly traceparent: Stored;
}
/** Of each wish in a transaction, its part of that transaction. */
type Traced = ReadonlyMap<Asking, Stored>;
const ALONE = Symbol('to be placed alone');
type Outcome = StoredAnswer | AppError | typeof ALONE;

/** Whether a request is of the simple kind that is placed together with others: one SKU, and nothing else to it. */
export const isPlain = (request: PlaceRequest): boolean =>
  couponsOf(request).length === 0 &&
  request.pickup === undefined &&
  !request.bundles?.length &&
  request.groupBuy === undefined &&
  request.preSale === undefined &&
  new Set(request.lines.map(({ skuId }) => skuId)).size === 1;

/** An order on its way through a transaction. */
interface Candidate {
  readonly asking: Asking;
  readonly orderId: string;
  readonly personId: string;
  readonly priced: Priced;
}

export function createTogether(
  deps: Pick<
    OrdersDeps,
    'clock' | 'random' | 'tracing' | 'payments' | 'credits' | 'reservationSeconds' | 'priceGraceSeconds' | 'onStep'
  > & {
    db: Db;
    log: Logger;
    /** Id of the route whose keys these are. */
    route: string;
    soldOut: SoldOut;
    /** Places one order in a transaction of its own, with its key. */
    placeAlone: (wish: OrderWish) => Promise<StoredAnswer>;
  },
) {
  const { db, clock, random, log, route, soldOut, tracing } = deps;
  /** Person and key of everybody who waits. */
  const inFlight = new Set<string>();

  // ── one transaction ───────────────────────────────────────────────────────────────────────────────────────────────
  async function serve(
    tx: Tx,
    roomId: string,
    askings: readonly Asking[],
    traced: Traced,
  ): Promise<Map<Asking, Outcome>> {
    const at = clock.now();
    const outcomes = new Map<Asking, Outcome>();
    const settled = await takeKeys(
      tx,
      route,
      askings.map(({ keyed }) => keyed),
    );
    for (const [n, asking] of askings.entries()) {
      const outcome = settled[n];
      if (outcome) outcomes.set(asking, outcome);
    }
    const open = askings.filter((asking) => !outcomes.has(asking));
    const room = open.length === 0 ? undefined : await readSellingRoom(tx, roomId);
    if (!room) {
      for (const asking of open) outcomes.set(asking, new AppError('not_found'));
      return outcomes;
    }
    const candidates = await price(tx, { room, askings: open, at }, outcomes);
    if (candidates.length > 0) await placeAll(tx, { room, candidates, at, traced }, outcomes);
    return outcomes;
  }

  /** Those who may buy what they want at the price they saw; the others have their outcome. */
  async function price(
    tx: Tx,
    { room, askings, at }: { room: SellingRoom; askings: readonly Asking[]; at: Date },
    outcomes: Map<Asking, Outcome>,
  ): Promise<Candidate[]> {
    const buyers = await readBuyers(
      tx,
      room.id,
      askings.map(({ wish }) => wish.personId),
      at,
    );
    const lines = new Map<Asking, WantedLine>();
    const attempt = (asking: Asking, work: () => void): void => {
      try {
        work();
      } catch (error) {
        if (!(error instanceof AppError)) throw error;
        outcomes.set(asking, error);
      }
    };
    for (const asking of askings) {
      const buyer = buyers.get(asking.wish.personId);
      if (!buyer || buyer.merged) outcomes.set(asking, ALONE);
      else
        attempt(asking, () => {
          refuseRoom(room, buyer.banned, asking.wish.body);
          const [line] = wantedLines(asking.wish.body);
          if (line) lines.set(asking, line);
        });
    }
    const distinct = new Map([...lines.values()].map((line) => [nameOfLine(line), line]));
    const named = [...distinct.values()];
    // What is left is the same for all but for each one's share of the limit.
    const facts = await readSkus(tx, { room, personId: null }, named);
    const held = await readHeld(
      tx,
      [...lines].flatMap(([{ wish }, { offerId }]) => (offerId === null ? [] : [{ personId: wish.personId, offerId }])),
    );
    const candidates: Candidate[] = [];
    for (const [asking, line] of lines)
      attempt(asking, () => {
        const sku = facts.find((fact) => fact.wanted === nameOfLine(line));
        if (!sku) throw new AppError('not_found', { facts: { skuId: line.skuId } });
        const priced = pricedLine(line, sku, at, deps.priceGraceSeconds);
        shippingOf(room, asking.wish.body, [priced]);
        const mine = held.get(`${line.offerId} ${asking.wish.personId}`) ?? 0;
        const { ofLimit, ...left } = sku.left;
        const refusal = refuseEarly(line, { ...left, ofLimit: ofLimit === null ? null : ofLimit - mine });
        if (left.pieces <= 0) soldOut.remember({ roomId: room.id, ...line }, 'out_of_stock');
        if (left.ofOffer !== null && left.ofOffer <= 0)
          soldOut.remember({ roomId: room.id, ...line }, 'offer_sold_out');
        if (refusal) throw refused(refusal);
        // What brings a gift is more than one SKU.
        if (sku.gift && giftsFor(line.quantity, sku.gift) > 0) return void outcomes.set(asking, ALONE);
        candidates.push({ asking, orderId: random.id(), personId: asking.wish.personId, priced });
      });
    return candidates;
  }

  async function placeAll(
    tx: Tx,
    { room, candidates, at, traced }: { room: SellingRoom; candidates: readonly Candidate[]; at: Date; traced: Traced },
    outcomes: Map<Asking, Outcome>,
  ): Promise<void> {
    const considered = await deps.credits.considerAll(tx, { orders: candidates, room, at });
    const known = candidates.filter(({ orderId }) => considered.has(orderId));
    const { stockUnits, refusals, levels } = await reserveTogether(
      tx,
      { orgPath: room.orgPath, at },
      known.map(({ orderId, personId, priced: { line } }) => ({ orderId, personId, ...line })),
    );
    for (const { asking, orderId, priced } of candidates) {
      const code = refusals.get(orderId);
      if (code) outcomes.set(asking, new AppError(code, { facts: { skuId: priced.line.skuId } }));
      else if (!stockUnits.has(orderId)) outcomes.set(asking, ALONE);
    }
    const winners = known.filter(({ orderId }) => stockUnits.has(orderId));
    if (winners.length === 0) return;

    await write(tx, { room, winners, stockUnits, considered, at, traced });
    const tracedOf = new Map(winners.map(({ asking, priced }) => [priced.line.skuId, traced.get(asking)]));
    await writeRoomEvents(
      tx,
      clock,
      // What many changed is told once, in the trace of the last of them.
      levels.map((level) => ({
        ...{ roomId: room.id, traceparent: tracedOf.get(level.skuId) },
        event: { kind: 'stock:changed', ...level },
      })),
    );
    const seen = await readOrders(
      tx,
      winners.map(({ orderId }) => orderId),
    );
    const answers = winners.map(({ asking }, n) => {
      const reply: OrderView | undefined = seen[n]?.view('buyer');
      if (!reply) throw new Error('an order that was just placed cannot be read');
      outcomes.set(asking, { status: CREATED, reply, replayed: false });
      return { wish: asking.keyed, status: CREATED, reply };
    });
    await storeAnswers(tx, route, answers, at);
    tx.afterCommit(() => {
      for (const _order of winners) deps.onStep('place');
    });
  }

  async function write(
    tx: Tx,
    all: {
      room: SellingRoom;
      winners: readonly Candidate[];
      stockUnits: ReadonlyMap<string, string>;
      considered: ReadonlyMap<string, Considered>;
      at: Date;
      traced: Traced;
    },
  ): Promise<void> {
    const { room, winners, stockUnits, considered, at, traced } = all;
    const orderNos = await drawOrderNos(tx, winners.length, at);
    const orders = winners.map(({ asking, orderId, personId, priced }, n) =>
      newOrder(
        { id: orderId, orderNo: orderNos[n] ?? '', personId, room, request: asking.wish.body, priced: [priced], at },
        deps,
      ),
    );
    await insertOrders(tx, orders);
    await insertItems(
      tx,
      winners.map(({ orderId, priced }) =>
        newItem(priced, { id: random.id(), orderId, position: 0, stockUnitId: stockUnits.get(orderId) }),
      ),
    );
    const decisions = winners.flatMap(({ orderId }) => considered.get(orderId) ?? []);
    await deps.credits.freeze(tx, decisions, room, at);
    const payable = orders.map(({ id, totalFen }, n) => {
      const winner = winners[n];
      return { orderId: id, amountFen: totalFen, traceparent: winner && traced.get(winner.asking) };
    });
    await deps.payments.openAll(tx, { orders: payable, provider: 'sandbox', at });
  }

  // ── lanes ─────────────────────────────────────────────────────────────────────────────────────────────────────────
  async function serveAgain(roomId: string, askings: readonly Asking[]): Promise<Map<Asking, Outcome>> {
    for (let tries = 1; ; tries++) {
      try {
        return await tracing.each(
          'orders.transaction',
          askings.map(({ traceparent }) => traceparent),
          (own) => db.transaction((tx) => serve(tx, roomId, askings, new Map(askings.map((one, n) => [one, own[n]])))),
          { facts: { 'walnut.together': askings.length } },
        );
      } catch (error) {
        if (sqlState(error) !== UNIQUE_VIOLATION || tries >= TRIES) throw error;
      }
    }
  }

  /** Whatever went wrong with all of them need not be wrong with each, unless the database is away. */
  function failed(roomId: string, askings: readonly Asking[], error: unknown): Map<Asking, Outcome> {
    log.error({ err: error, roomId, orders: askings.length }, 'orders could not be placed together');
    const away = databaseFailure(error) === 'unavailable';
    const outcome = away ? new AppError('unavailable', { retryAfterSeconds: 1 }, error) : ALONE;
    return new Map(askings.map((asking) => [asking, outcome]));
  }

  /** One transaction for each person's first order, one for their second, and so on. */
  async function serveLane(roomId: string, askings: readonly Asking[]): Promise<Outcome[]> {
    const outcomes = new Map<Asking, Outcome>();
    let rest = askings;
    while (rest.length > 0) {
      const people = new Set<string>();
      const now: Asking[] = [];
      const later: Asking[] = [];
      for (const asking of rest) {
        (people.has(asking.wish.personId) ? later : now).push(asking);
        people.add(asking.wish.personId);
      }
      const served = await serveAgain(roomId, now).catch((error: unknown) => failed(roomId, now, error));
      for (const asking of now) outcomes.set(asking, served.get(asking) ?? ALONE);
      rest = later;
    }
    return askings.map((asking) => outcomes.get(asking) ?? ALONE);
  }

  const lanes = createLanes<Asking, Outcome>({
    waitMs: WAIT_MS,
    maxItems: ORDERS_AT_ONCE,
    maxPending: WAITING,
    run: serveLane,
  });

  return {
    /** @throws AppError what placing refuses, request_in_flight, idempotency_key_reused, unavailable */
    async place(asking: Asking): Promise<StoredAnswer> {
      const name = nameOfWish(asking.keyed);
      if (inFlight.has(name)) throw new AppError('request_in_flight', { retryAfterSeconds: 1 });
      inFlight.add(name);
      try {
        const outcome = await lanes.add(asking.wish.body.roomId, asking);
        if (outcome instanceof AppError) throw outcome;
        return outcome === ALONE ? await deps.placeAlone(asking.wish) : outcome;
      } finally {
        inFlight.delete(name);
      }
    },
    /** Finishes what was accepted. */
    close: lanes.close,
  };
}

const nameOfLine = ({ skuId, offerId, offerVersion }: WantedLine): string => `${skuId} ${offerId} ${offerVersion}`;
