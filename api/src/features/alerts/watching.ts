/**
 * Looks for trouble every half minute.
 *
 * Model: one process at a time (advisory lock) reads what may be trouble, weighs it by the rule of its unit, and opens, renews or ends
 * alerts. Invariants: one standing alert per kind, subject and unit (unique index); after it was closed none is opened for the
 * cool-down; a unit never has more than MOST_OPEN of one kind, so a broken network is no storm. How long a picture has been poor is
 * known to this process alone and begins anew with it.
 */
import type { AlertKind } from '@walnut-live/contracts';
import type { Clock, Random } from '../../platform/clock.ts';
import type { Db, Sql, Tx } from '../../platform/db.ts';
import type { Jobs } from '../../platform/jobs.ts';
import { maskName } from '../../platform/masks.policy.ts';
import { endsByItself, isTrouble, MOST_OPEN, ruleFor, type UnitRule } from './alerts.policy.ts';

export const ALERTS_JOB = 'alerts';
const EVERY_MS = 30_000;
const ALERTS_LOCK = 5_150_036;
const BURST_MS = 600_000;
/** Of bursts, which end by nobody but staff: none is taken for over because it was not read. */
const MOST_READ = 2_000;

export interface PictureHealth {
  readonly health: string | null;
}
interface Candidate {
  kind: AlertKind;
  subjectId: string;
  label: string;
  unitId: string;
  path: string;
  roomId: string | null;
  value: number;
}

export const readRules = (sql: Sql): Promise<UnitRule[]> => sql<UnitRule>`
  SELECT r.kind, r.enabled, r.threshold, r.cool_down_minutes AS "coolDownMinutes", u.path FROM alert_rules r JOIN org_units u ON u.id = r.org_unit_id`;

export function createWatching(deps: {
  db: Db;
  clock: Clock;
  random: Random;
  jobs: Jobs;
  streamFigures: () => Promise<ReadonlyMap<string, PictureHealth>>;
}): void {
  const { db, clock, random } = deps;
  /** Stream → since when its picture is poor. */
  const poorSince = new Map<string, number>();

  /** Live rooms with their own picture whose host is not there, by what the room log said last. */
  const hostLost = (tx: Sql, now: Date) => tx<Candidate>`
    SELECT 'host_lost' AS kind, r.id::text AS "subjectId", r.title AS label, r.org_unit_id AS "unitId", r.org_path AS path, r.id AS "roomId",
      floor(extract(epoch FROM ${now}::timestamptz - COALESCE(e.at, r.started_at)))::int AS value
    FROM rooms r LEFT JOIN LATERAL (
      SELECT x.at, x.event ->> 'state' AS state FROM room_events x WHERE x.room_id = r.id AND x.kind = 'stream:changed' ORDER BY x.seq DESC LIMIT 1
    ) e ON true
    WHERE r.state = 'live' AND r.relay_of IS NULL AND r.started_at IS NOT NULL AND COALESCE(e.state, 'idle') <> 'live'`;

  async function poorPicture(tx: Sql, now: Date): Promise<Candidate[]> {
    const figures = await deps.streamFigures();
    const poor = [...figures].filter(([, { health }]) => health === 'poor').map(([streamId]) => streamId);
    for (const streamId of poorSince.keys()) if (!poor.includes(streamId)) poorSince.delete(streamId);
    for (const streamId of poor) if (!poorSince.has(streamId)) poorSince.set(streamId, now.getTime());
    if (poor.length === 0) return [];
    const rooms = await tx<Omit<Candidate, 'value'> & { streamId: string }>`
      SELECT 'poor_picture' AS kind, r.id::text AS "subjectId", r.title AS label, r.org_unit_id AS "unitId", r.org_path AS path, r.id AS "roomId", r.stream_id::text AS "streamId"
      FROM rooms r WHERE r.state = 'live' AND r.stream_id::text = ANY(${poor}::text[])`;
    return rooms.map(({ streamId, ...room }) => ({
      ...room,
      value: Math.floor((now.getTime() - (poorSince.get(streamId) ?? now.getTime())) / 1000),
    }));
  }

  /**
   * What is on sale and has little left; the widest threshold of all rules bounds what is read. Of every unit the least, as many as
   * can stand there, and whatever has an alert already: one that is not read would be taken for over.
   */
  const stockLow = (tx: Sql, most: number) => tx<Candidate>`
    SELECT 'stock_low' AS kind, low."subjectId", low.label, low."unitId", low.path, NULL::uuid AS "roomId", low.value FROM (
      SELECT k.id::text AS "subjectId", p.title || ' ' || k.name AS label, s.org_unit_id AS "unitId", s.org_path AS path, s.on_hand - s.reserved AS value,
        row_number() OVER (PARTITION BY s.org_unit_id ORDER BY s.on_hand - s.reserved, k.id) AS place
      FROM stocks s JOIN skus k ON k.id = s.sku_id JOIN products p ON p.id = k.product_id
      WHERE p.status = 'on_sale' AND k.active AND s.on_hand - s.reserved <= ${most}
    ) low
    WHERE low.place <= ${MOST_OPEN} OR EXISTS (SELECT FROM alerts a
      WHERE a.kind = 'stock_low' AND a.subject_id = low."subjectId" AND a.org_unit_id = low."unitId" AND a.state <> 'closed')`;

  /** Different visitors by one person's links from one network (rule K7). */
  async function bursts(tx: Sql, now: Date): Promise<Candidate[]> {
    const rows = await tx<Candidate & { staff: boolean }>`
      WITH recent AS (
        SELECT COALESCE(s.merged_into, s.id) AS sharer, t.ip_hash, t.room_id, t.at, t.visitor_id FROM touches t JOIN people s ON s.id = t.sharer_id
        WHERE t.at > ${new Date(now.getTime() - BURST_MS)} AND t.at <= ${now} AND t.ip_hash <> ''
      ), counted AS (
        SELECT sharer, ip_hash, count(DISTINCT visitor_id)::int AS people, (array_agg(room_id ORDER BY at DESC))[1] AS room_id FROM recent GROUP BY 1, 2
      ), most AS (SELECT DISTINCT ON (sharer) * FROM counted ORDER BY sharer, people DESC)
      SELECT 'fraud_burst' AS kind, m.sharer::text AS "subjectId", p.name AS label, p.kind = 'staff' AS staff, r.org_unit_id AS "unitId", r.org_path AS path, r.id AS "roomId",
        m.people AS value
      FROM most m JOIN people p ON p.id = m.sharer JOIN rooms r ON r.id = m.room_id ORDER BY m.people DESC LIMIT ${MOST_READ}`;
    return rows.map(({ staff, ...row }) => ({ ...row, label: staff ? row.label : maskName(row.label) }));
  }

  async function open(
    tx: Tx,
    one: Candidate,
    rule: { threshold: number; coolDownMinutes: number },
    now: Date,
  ): Promise<void> {
    const renewed =
      await tx`UPDATE alerts SET last_seen_at = ${now}, value = ${one.value}, threshold = ${rule.threshold}, seen = seen + 1
      WHERE kind = ${one.kind} AND subject_id = ${one.subjectId} AND org_unit_id = ${one.unitId} AND state <> 'closed' RETURNING id`;
    if (renewed.length > 0) return;
    const since = new Date(now.getTime() - rule.coolDownMinutes * 60_000);
    await tx`
      INSERT INTO alerts (id, kind, subject_id, label, org_unit_id, org_path, room_id, state, value, threshold, opened_at, last_seen_at)
      SELECT ${random.id()}::uuid, ${one.kind}, ${one.subjectId}, ${one.label}, ${one.unitId}::uuid, ${one.path}, ${one.roomId}::uuid, 'open', ${one.value}::int, ${rule.threshold}::int, ${now}::timestamptz, ${now}::timestamptz
      WHERE NOT EXISTS (SELECT FROM alerts WHERE kind = ${one.kind} AND subject_id = ${one.subjectId} AND org_unit_id = ${one.unitId} AND closed_at > ${since})
        AND (SELECT count(*) FROM alerts WHERE kind = ${one.kind} AND org_unit_id = ${one.unitId} AND state <> 'closed') < ${MOST_OPEN}
      ON CONFLICT DO NOTHING`;
  }

  async function look(): Promise<void> {
    const now = clock.now();
    const poor = await poorPicture(db.sql, now);
    await db.transaction(async (tx) => {
      const [lock] = await tx<{ got: boolean }>`SELECT pg_try_advisory_xact_lock(${ALERTS_LOCK}) AS got`;
      if (!lock?.got) return;
      const rules = await readRules(tx);
      const widest = Math.max(
        ...rules.filter(({ kind }) => kind === 'stock_low').map(({ threshold }) => threshold),
        ruleFor('stock_low', '', []).rule.threshold,
      );
      const found = [
        ...(await hostLost(tx, now)),
        ...poor,
        ...(await stockLow(tx, widest)),
        ...(await bursts(tx, now)),
      ];
      const troubles = found.flatMap((one) => {
        const { rule } = ruleFor(one.kind, one.path, rules);
        return isTrouble(one.kind, one.value, rule) ? [{ one, rule }] : [];
      });
      for (const { one, rule } of troubles) await open(tx, one, rule, now);
      const standing = new Set(troubles.map(({ one }) => `${one.kind} ${one.subjectId} ${one.unitId}`));
      const alerts = await tx<{ id: string; kind: AlertKind; key: string }>`
        SELECT id, kind, kind || ' ' || subject_id || ' ' || org_unit_id AS key FROM alerts WHERE state <> 'closed'`;
      const over = alerts.filter(({ kind, key }) => endsByItself(kind) && !standing.has(key)).map(({ id }) => id);
      await tx`UPDATE alerts SET state = 'closed', closed_at = ${now} WHERE id = ANY(${over}::uuid[])`;
    });
  }
  deps.jobs.every(ALERTS_JOB, EVERY_MS, look);
}
