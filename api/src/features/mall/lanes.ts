/**
 * Lanes: products, stock, orders.
 *
 * Model: a lane is idle, or one process has it until `busy_until`, which it renews while it works. A run ends well (the position
 * has moved, the fault is gone) or with a fault: then the lane pauses, longer after each, or as long as the mall asks for. What a
 * dead process left is taken up when its time is over, from the position that was saved last: everything a run does may be done
 * twice. Another mall (its address) begins anew.
 */
import type { MallLane, MallLaneKind } from '@walnut-live/contracts';
import type { Clock } from '../../platform/clock.ts';
import type { Db, Tx } from '../../platform/db.ts';

/** Longer than any single call with its repetitions. */
const LEASE_MS = 120_000;
const PAUSES_SECONDS = [5, 15, 30, 60, 120, 300];
const LONGEST_WISH_SECONDS = 3_600;
const ERROR_CHARACTERS = 200;

export interface Counts {
  seen: number;
  changed: number;
  refused: number;
}
export interface LaneRow
  extends Omit<MallLane, 'startedAt' | 'endedAt' | 'succeededAt' | 'failingSince' | 'nextTryAt' | 'waiting'> {
  readonly kind: MallLaneKind;
  readonly cursor: string | null;
  readonly pushedNo: bigint;
  readonly attempts: number;
  readonly startedAt: Date | null;
  readonly endedAt: Date | null;
  readonly succeededAt: Date | null;
  readonly failingSince: Date | null;
  readonly nextTryAt: Date | null;
}
/** Seconds until the next run after so many that failed. Pure. */
export const pauseAfter = (failures: number, wishSeconds: number | null): number =>
  Math.max(
    PAUSES_SECONDS[Math.min(failures, PAUSES_SECONDS.length) - 1] ?? 0,
    Math.min(wishSeconds ?? 0, LONGEST_WISH_SECONDS),
  );

export function createLanes(deps: { db: Db; clock: Clock; source: string }) {
  const { db, clock, source } = deps;
  const leaseUntil = () => new Date(clock.now().getTime() + LEASE_MS);

  /** Positions of another mall mean nothing here. Facts about orders begin with those that come from now on. */
  async function begin(tx: Tx): Promise<void> {
    const old = await tx`SELECT 1 FROM mall_lanes WHERE source <> ${source} FOR UPDATE`;
    if (old.length > 0) {
      await tx`DELETE FROM mall_lanes`;
      await tx`DELETE FROM mall_products`;
      await tx`DELETE FROM mall_levels`;
    }
    await tx`INSERT INTO mall_lanes (kind, source, cursor, pushed_no)
      SELECT kind, ${source}, CASE kind WHEN 'orders' THEN latest.no::text END, latest.no
      FROM unnest(ARRAY['products', 'stock', 'orders']) AS k (kind), (SELECT coalesce(max(no), 0) AS no FROM domain_events) latest
      ON CONFLICT (kind) DO NOTHING`;
  }

  const readAll = () => db.sql<LaneRow>`
    SELECT kind, cursor, pushed_no AS "pushedNo", attempts, started_at AS "startedAt", ended_at AS "endedAt", succeeded_at AS "succeededAt",
      failing_since AS "failingSince", next_try_at AS "nextTryAt", error, seen, changed, refused
    FROM mall_lanes WHERE source = ${source} ORDER BY kind`;

  return {
    readAll,
    async read(kind: MallLaneKind): Promise<LaneRow | undefined> {
      return (await readAll()).find((lane) => lane.kind === kind);
    },

    /** The lane, when it is nobody's and due. */
    async take(kind: MallLaneKind, at: { once: boolean }): Promise<LaneRow | undefined> {
      await db.transaction(begin);
      const now = clock.now();
      const [taken] = await db.sql<{ kind: string }>`
        UPDATE mall_lanes SET busy_until = ${leaseUntil()}, started_at = ${now}
        WHERE kind = ${kind} AND (busy_until IS NULL OR busy_until <= ${now})
          AND (${at.once}::boolean OR next_try_at IS NULL OR next_try_at <= ${now}) RETURNING kind`;
      return taken && (await readAll()).find((lane) => lane.kind === kind);
    },
    /** The position after a step; keeps the lane. */
    async moved(kind: MallLaneKind, cursor: string | null): Promise<void> {
      await db.sql`UPDATE mall_lanes SET cursor = ${cursor}, busy_until = ${leaseUntil()} WHERE kind = ${kind}`;
    },
    /** False when the fact was told or left out meanwhile. */
    async pushed(from: bigint, to: bigint): Promise<boolean> {
      const rows = await db.sql`UPDATE mall_lanes SET pushed_no = ${to}, busy_until = ${leaseUntil()}, attempts = 0
        WHERE kind = 'orders' AND pushed_no = ${from} RETURNING kind`;
      return rows.length === 1;
    },
    async release(
      lane: LaneRow,
      counts: Counts,
      failure: { text: string; retryAfterSeconds: number | null } | null,
    ): Promise<void> {
      const now = clock.now();
      const { seen, changed, refused } = counts;
      if (!failure) {
        await db.sql`UPDATE mall_lanes SET busy_until = NULL, ended_at = ${now}, succeeded_at = ${now}, failing_since = NULL, attempts = 0,
          next_try_at = NULL, error = NULL, seen = ${seen}, changed = ${changed}, refused = ${refused} WHERE kind = ${lane.kind}`;
        return;
      }
      const [row] = await db.sql<{ attempts: number }>`
        UPDATE mall_lanes SET busy_until = NULL, ended_at = ${now}, failing_since = coalesce(failing_since, ${now}), attempts = attempts + 1,
          error = ${failure.text.slice(0, ERROR_CHARACTERS)}, seen = ${seen}, changed = ${changed}, refused = ${refused}
        WHERE kind = ${lane.kind} RETURNING attempts`;
      const pause = pauseAfter(row?.attempts ?? 1, failure.retryAfterSeconds);
      await db.sql`UPDATE mall_lanes SET next_try_at = ${new Date(now.getTime() + pause * 1_000)} WHERE kind = ${lane.kind}`;
    },
  };
}
export type Lanes = ReturnType<typeof createLanes>;
