/** The mall a brand has already: products, prices and stock come from it, orders go to it. Without one nothing happens here. */
import {
  getMall,
  listMallIssues,
  type MallIssue,
  type MallLaneKind,
  type MallStatus,
  type MallStockMode,
  mallLanes,
  skipMallOrder,
  syncMall,
} from '@walnut-live/contracts';
import { writeAudit } from '../../platform/audit.ts';
import type { Clock, Random } from '../../platform/clock.ts';
import { cutPage, decodeCodeCursor, encodeCodeCursor } from '../../platform/cursor.ts';
import type { Db } from '../../platform/db.ts';
import { AppError } from '../../platform/errors.ts';
import type { Binder } from '../../platform/http.ts';
import type { Jobs } from '../../platform/jobs.ts';
import { createLimit } from '../../platform/limits.ts';
import type { Logger } from '../../platform/logger.ts';
import type { Writer, Writing } from '../catalogue/index.ts';
import type { ClaimGuard } from '../claim-guard/index.ts';
import type { MediaLibrary } from '../media-library/index.ts';
import { type Counts, createLanes, type LaneRow } from './lanes.ts';
import { createOrdersLane, MALL_FACTS, nextFacts } from './orders-lane.ts';
import { type Mall, MallFault, type MallPage } from './port.ts';
import { createProductsLane } from './products-lane.ts';
import { createStockLane } from './stock-lane.ts';

export { createEmbeddedMall } from './embedded-mall.ts';
export type { Mall } from './port.ts';
export { createRestMall } from './rest-mall.ts';

export const mallJob = (kind: MallLaneKind): string => `mall: ${kind}`;
const EVERY_MS: Record<MallLaneKind, number> = { products: 60_000, stock: 15_000, orders: 2_000 };
/** A first synchronisation of thousands goes on in the next turn. */
const PAGES_PER_TURN = 50;
/** For the same page in one run. */
const ASKED_AT_MOST = 2;
const SYNCS_PER_MINUTE = 20;

export interface MallDeps {
  bind: Binder;
  db: Db;
  clock: Clock;
  random: Random;
  log: Logger;
  jobs: Jobs;
  guard: Pick<ClaimGuard, 'judge'>;
  pictures: Pick<MediaLibrary, 'keep'>;
  writing: Writing;
  mall: Mall;
  stock: MallStockMode;
}
export function createMall(deps: MallDeps) {
  const { bind, db, clock, log, jobs, mall } = deps;
  const stopped = new AbortController();
  const lanes = createLanes({ db, clock, source: mall.source });
  const products = createProductsLane(deps);
  const stock = createStockLane(deps);
  const orders = createOrdersLane({ db, lanes, mall });
  const syncs = createLimit({ points: SYNCS_PER_MINUTE, seconds: 60 });
  const isJoined = mall.kind !== 'embedded';
  const kinds = isJoined ? mallLanes.filter((kind) => kind !== 'stock' || deps.stock !== 'off') : [];
  const atWork = new Set<Promise<void>>();

  async function writer(): Promise<Writer> {
    const [root] = await db.sql<{ path: string }>`SELECT path FROM org_units WHERE parent_id IS NULL`;
    return { personId: null, orgPath: root?.path ?? '', maySetFloors: false };
  }

  /**
   * Page after page. A cursor may lead back once, and what was passed is passed again; one that leads to the same page over and
   * over ends the run, before the position is moved there.
   */
  async function throughPages<Page extends MallPage<unknown>>(
    lane: LaneRow,
    ask: (cursor: string | null) => Promise<Page>,
    take: (page: Page) => Promise<void>,
  ): Promise<void> {
    const asked = new Map([[lane.cursor, 1]]);
    let { cursor } = lane;
    for (let pages = 0; pages < PAGES_PER_TURN; pages += 1) {
      const page = await ask(cursor);
      await take(page);
      const times = (asked.get(page.cursor) ?? 0) + 1;
      if (page.more && times > ASKED_AT_MOST) throw new MallFault('cursor_repeated');
      await lanes.moved(lane.kind, page.cursor);
      if (!page.more) return;
      cursor = page.cursor;
      asked.set(cursor, times);
    }
  }

  const runs: Record<MallLaneKind, (lane: LaneRow, counts: Counts) => Promise<void>> = {
    async products(lane, counts) {
      const by = await writer();
      await products.retryRefused(by, counts, stopped.signal);
      await throughPages(
        lane,
        (cursor) => mall.changedProducts(cursor, stopped.signal),
        async ({ items, faults }) => {
          await products.noteFaults(faults, counts);
          await products.takePage(items, by, counts, stopped.signal);
        },
      );
    },
    async stock(lane, counts) {
      if (deps.stock === 'ours') return stock.tell(counts, stopped.signal);
      // Orders from before we told the mall of any are in its figures by themselves.
      const from = BigInt((await lanes.read('orders'))?.cursor ?? '0');
      await throughPages(
        lane,
        (cursor) => mall.stock(cursor, stopped.signal),
        async ({ items, faults, ordersThrough }) => {
          counts.seen += faults.length;
          counts.refused += faults.length;
          const known = BigInt(ordersThrough);
          await stock.take(items, known > from ? known : from, counts);
        },
      );
    },
    orders: (lane, counts) => orders.push(lane, counts, stopped.signal),
  };

  async function run(kind: MallLaneKind, once = false): Promise<void> {
    if (stopped.signal.aborted) return;
    const lane = await lanes.take(kind, { once });
    if (!lane) return;
    const counts: Counts = { seen: 0, changed: 0, refused: 0 };
    try {
      await runs[kind](lane, counts);
      await lanes.release(lane, counts, null);
    } catch (error) {
      // Our own fault is no reason to hold the lane until its time is over.
      const isFault = error instanceof MallFault;
      const text = isFault ? error.message : 'internal';
      const retryAfterSeconds = isFault ? error.retryAfterSeconds : null;
      await lanes.release(lane, counts, { text, retryAfterSeconds });
      if (!isFault) throw error;
      if (error.code !== 'stopped') log.warn({ lane: kind, fault: text }, 'mall: an exchange failed');
    }
  }

  /** Waits for nobody: a turn may take as long as the mall does. */
  function start(kind: MallLaneKind, once = false): void {
    const work = run(kind, once)
      .catch((error: unknown) => log.error({ err: error, lane: kind }, 'mall: an exchange failed'))
      .finally(() => atWork.delete(work));
    atWork.add(work);
  }

  async function waitingIn(lane: LaneRow): Promise<number> {
    const [row] =
      lane.kind === 'products'
        ? await db.sql<{ n: number }>`SELECT count(*)::int AS n FROM mall_products WHERE issue IS NOT NULL`
        : lane.kind === 'orders'
          ? await db.sql<{ n: number }>`SELECT count(*)::int AS n FROM domain_events
              WHERE (no > ${lane.pushedNo} OR no IS NULL) AND type = ANY(${[...MALL_FACTS]}::text[])`
          : deps.stock === 'ours'
            ? await db.sql<{ n: number }>`SELECT count(*)::int AS n FROM stocks s JOIN skus k ON k.id = s.sku_id
                LEFT JOIN mall_levels l ON l.sku_id = s.sku_id AND l.org_unit_id = s.org_unit_id
                WHERE k.code IS NOT NULL AND l.available IS DISTINCT FROM s.on_hand - s.reserved`
            : [{ n: 0 }];
    return row?.n ?? 0;
  }
  async function stuckAt(lane: LaneRow | undefined): Promise<MallStatus['stuck']> {
    if (!lane || lane.attempts === 0) return null;
    const [fact] = await nextFacts(db.sql, lane.pushedNo, 1);
    if (!fact) return null;
    const [order] = await db.sql<{ no: string }>`SELECT order_no AS no FROM orders WHERE id = ${fact.orderId}::uuid`;
    return { eventId: fact.id, type: fact.type, orderNo: order?.no ?? null };
  }
  async function status(): Promise<MallStatus> {
    const known = new Map((await lanes.readAll()).map((lane) => [lane.kind, lane]));
    const shown = await Promise.all(
      kinds.map(async (kind) => {
        const lane = known.get(kind);
        const time = (at: Date | null | undefined) => at?.toISOString() ?? null;
        return {
          kind,
          startedAt: time(lane?.startedAt),
          endedAt: time(lane?.endedAt),
          succeededAt: time(lane?.succeededAt),
          failingSince: time(lane?.failingSince),
          nextTryAt: time(lane?.nextTryAt),
          error: lane?.error ?? null,
          ...{ seen: lane?.seen ?? 0, changed: lane?.changed ?? 0, refused: lane?.refused ?? 0 },
          waiting: lane ? await waitingIn(lane) : 0,
        };
      }),
    );
    return {
      kind: mall.kind,
      host: isJoined ? new URL(mall.source).host : null,
      stock: isJoined ? deps.stock : 'off',
      lanes: shown,
      stuck: await stuckAt(known.get('orders')),
    };
  }

  bind(getMall, status);
  bind(listMallIssues, async ({ query: { cursor, limit } }) => {
    const after = decodeCodeCursor(cursor) ?? '';
    const found = await db.sql<Omit<MallIssue, 'at'> & { at: Date }>`
      SELECT code, coalesce(payload->>'title', code) AS title, issue, at FROM mall_products
      WHERE issue IS NOT NULL AND code COLLATE "C" > ${after} ORDER BY code COLLATE "C" LIMIT ${limit + 1}`;
    const { rows: items, nextCursor } = cutPage(found, limit, (last) => encodeCodeCursor(last.code));
    return { items: items.map((row) => ({ ...row, at: row.at.toISOString() })), nextCursor };
  });
  bind(syncMall, async ({ principal, body }) => {
    await syncs.take(principal.personId);
    if (kinds.includes(body.lane)) start(body.lane, true);
    return status();
  });
  bind(skipMallOrder, async ({ principal, body }) => {
    const lane = await lanes.read('orders');
    const stuck = await stuckAt(lane);
    if (!lane || stuck?.eventId !== body.eventId) throw new AppError('state_conflict');
    await db.transaction(async (tx) => {
      const moved =
        await tx`UPDATE mall_lanes l SET pushed_no = e.no, attempts = 0, next_try_at = NULL, error = NULL, failing_since = NULL
        FROM domain_events e WHERE e.id = ${body.eventId} AND l.kind = 'orders' AND l.pushed_no = ${lane.pushedNo} RETURNING l.kind`;
      if (moved.length === 0) throw new AppError('state_conflict');
      await writeAudit(tx, deps, {
        actorId: principal.personId,
        action: 'mall:order-left-out',
        target: `event:${body.eventId}`,
        orgPath: principal.staff.orgPath,
        reason: body.reason,
        detail: { ...stuck },
      });
    });
    return status();
  });

  for (const kind of kinds) jobs.every(mallJob(kind), EVERY_MS[kind], async () => start(kind));
  return {
    /** Resolves when nothing is exchanged here. */
    async idle(): Promise<void> {
      while (atWork.size > 0) await Promise.all(atWork);
    },
    /** Ends what is under way; it goes on where it was. */
    async close(): Promise<void> {
      stopped.abort();
      await Promise.all(atWork);
    },
  };
}
export type MallFeature = ReturnType<typeof createMall>;
