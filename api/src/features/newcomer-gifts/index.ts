/**
 * Red packets for newcomers, from a unit's marketing budget.
 *
 * Model: a campaign takes its whole sum from the budget when it starts (ledger account `red_packet` of its own); each newcomer
 * takes one packet into their reward account; what nobody took goes back when it ends. It is a gift for being new, not for
 * sharing, so it is open inside WeChat too (rule Z5), and whoever brought the newcomer gets no money for it (rule K2).
 * Invariants: a person is new once, whichever campaign it was (primary key), and so is whoever has their phone, WeChat account or
 * checked identity in another account, closed ones too (newcomer-marks.ts); `taken` <= `count` by a conditional statement; the
 * account holds `amount × (count − taken)` while it runs and nothing afterwards; who loses leaves nothing behind.
 * Locks: person, then what they are known by, then campaign, then accounts.
 */
import {
  type BodyOf,
  endNewcomerGift,
  fenToWire,
  listNewcomerGifts,
  myNewcomerGift,
  NEWCOMER_DAYS,
  type NewcomerGift,
  type ReplyOf,
  startNewcomerGift,
  takeNewcomerGift,
} from '@walnut-live/contracts';
import { type Ledger, LedgerShortError } from '../../ledger/index.ts';
import { writeAudit } from '../../platform/audit.ts';
import type { Clock, Random } from '../../platform/clock.ts';
import { cutPage, decodeTimeCursor, encodeTimeCursor } from '../../platform/cursor.ts';
import type { Db, Sql, Tx } from '../../platform/db.ts';
import { AppError } from '../../platform/errors.ts';
import type { Binder } from '../../platform/http.ts';
import type { Jobs } from '../../platform/jobs.ts';
import { requireScope, type StaffPrincipal } from '../../platform/principal.ts';
import type { ClaimGuard } from '../claim-guard/index.ts';
import { createContentRows } from '../contents/index.ts';
import type { NewcomerMarks } from './newcomer-marks.ts';

export { createNewcomerMarks, type NewcomerMarks } from './newcomer-marks.ts';

export const NEWCOMER_GIFTS_JOB = 'newcomer-gifts-due';
const DUE_EVERY_MS = 30_000;
const DUE_AT_ONCE = 20;
const DAY_MS = 86_400_000;

interface Row {
  id: string;
  title: string;
  unitId: string;
  unitKind: 'hq' | 'channel' | 'store';
  orgPath: string;
  unitName: string;
  amountFen: bigint;
  count: number;
  taken: number;
  state: 'running' | 'ended';
  startsAt: Date;
  endsAt: Date;
  returnedFen: bigint | null;
}
const toView = (row: Row): NewcomerGift => ({
  ...{ id: row.id, title: row.title, count: row.count, taken: row.taken, state: row.state },
  orgUnit: { id: row.unitId, kind: row.unitKind, path: row.orgPath, name: row.unitName },
  amountFen: fenToWire(row.amountFen),
  startsAt: row.startsAt.toISOString(),
  endsAt: row.endsAt.toISOString(),
  returnedFen: row.returnedFen === null ? null : fenToWire(row.returnedFen),
});

export function createNewcomerGifts(deps: {
  bind: Binder;
  db: Db;
  clock: Clock;
  random: Random;
  jobs: Jobs;
  ledger: Ledger;
  guard: Pick<ClaimGuard, 'requireClean'>;
  newcomers: Pick<NewcomerMarks, 'isKnown' | 'takeChance'>;
}): void {
  const { bind, db, clock, random, ledger, newcomers } = deps;

  const read = (sql: Sql, ids: readonly string[]) => sql<Row>`
    SELECT g.id, g.title, u.id AS "unitId", u.kind AS "unitKind", g.org_path AS "orgPath", u.name AS "unitName", g.amount_fen AS "amountFen",
      g.count, g.taken, g.state, g.starts_at AS "startsAt", g.ends_at AS "endsAt", g.returned_fen AS "returnedFen"
    FROM unnest(${ids}::uuid[]) WITH ORDINALITY AS wanted (id, at) JOIN newcomer_gifts g ON g.id = wanted.id
    JOIN org_units u ON u.id = g.org_unit_id ORDER BY wanted.at`;
  async function find(sql: Sql, id: string): Promise<Row> {
    const [row] = await read(sql, [id]);
    if (!row) throw new AppError('not_found');
    return row;
  }

  async function start(
    tx: Tx,
    principal: StaffPrincipal,
    body: BodyOf<typeof startNewcomerGift>,
  ): Promise<NewcomerGift> {
    const [unit] = await tx<{ path: string }>`SELECT path FROM org_units WHERE id = ${body.orgUnitId}`;
    if (!unit) throw new AppError('not_found');
    requireScope(principal, 'rewards:write', unit.path);
    const id = random.id();
    const { personId } = principal;
    const text = { place: 'play', target: `newcomer-gift:${id}`, orgPath: unit.path, roomId: null, personId } as const;
    await deps.guard.requireClean(text, [body.title]);
    const at = clock.now();
    const endsAt = new Date(at.getTime() + body.days * DAY_MS);
    const made = await tx`
      INSERT INTO newcomer_gifts (id, org_unit_id, org_path, title, amount_fen, count, state, starts_at, ends_at, created_by)
      VALUES (${id}, ${body.orgUnitId}, ${unit.path}, ${body.title}, ${body.amountFen}, ${body.count}, 'running', ${at}, ${endsAt}, ${personId})
      ON CONFLICT (org_unit_id) WHERE state = 'running' DO NOTHING RETURNING id`;
    if (made.length === 0) throw new AppError('state_conflict');
    const totalFen = BigInt(body.amountFen) * BigInt(body.count);
    try {
      await ledger.postTransfer(tx, {
        ...{ kind: 'newcomer_gift_reserved', ref: id, at },
        entries: [
          { account: { kind: 'marketing_budget', owner: body.orgUnitId }, amountFen: totalFen },
          { account: { kind: 'red_packet', owner: id }, amountFen: -totalFen },
        ],
      });
    } catch (error) {
      if (error instanceof LedgerShortError) throw new AppError('budget_exceeded');
      throw error;
    }
    await writeAudit(tx, deps, {
      ...{ actorId: personId, action: 'newcomer-gift:started', target: `newcomer-gift:${id}`, orgPath: unit.path },
      detail: { amountFen: body.amountFen, count: body.count },
    });
    return toView(await find(tx, id));
  }

  /** Once, whoever asks: staff, or the job when it is due. */
  function endNow(id: string, by: string | null, reason: string): Promise<void> {
    return db.transaction(async (tx) => {
      const at = clock.now();
      const [ended] = await tx<{ orgUnitId: string; orgPath: string; returnedFen: bigint }>`
        UPDATE newcomer_gifts SET state = 'ended', ended_at = ${at}, end_reason = ${reason}, returned_fen = amount_fen * (count - taken)
        WHERE id = ${id} AND state = 'running' RETURNING org_unit_id AS "orgUnitId", org_path AS "orgPath", returned_fen AS "returnedFen"`;
      if (!ended) return;
      if (ended.returnedFen > 0n)
        await ledger.postTransfer(tx, {
          ...{ kind: 'newcomer_gift_returned', ref: id, at },
          entries: [
            { account: { kind: 'red_packet', owner: id }, amountFen: ended.returnedFen },
            { account: { kind: 'marketing_budget', owner: ended.orgUnitId }, amountFen: -ended.returnedFen },
          ],
        });
      await writeAudit(tx, deps, {
        ...{
          actorId: by,
          action: 'newcomer-gift:ended',
          target: `newcomer-gift:${id}`,
          orgPath: ended.orgPath,
          reason,
        },
        detail: { returnedFen: fenToWire(ended.returnedFen) },
      });
    });
  }

  /** Who somebody is to these gifts. */
  async function standing(sql: Sql, personId: string, lock: boolean) {
    if (lock) await sql`SELECT FROM people WHERE id = ${personId} FOR UPDATE`;
    const since = new Date(clock.now().getTime() - NEWCOMER_DAYS * DAY_MS);
    const [row] = await sql<{ isNew: boolean; isInsider: boolean; takenId: string | null }>`
      WITH same AS MATERIALIZED (
        SELECT id FROM people WHERE phone = (SELECT phone FROM people WHERE id = ${personId}) AND kind = 'consumer'
        UNION SELECT o.person_id FROM wechat_accounts w JOIN wechat_accounts o ON o.app_id = w.app_id AND o.openid = w.openid WHERE w.person_id = ${personId}
        UNION SELECT o.person_id FROM adult_checks w JOIN adult_checks o ON o.subject = w.subject WHERE w.person_id = ${personId}
        UNION SELECT ${personId}::uuid
      ), them AS MATERIALIZED (SELECT id FROM same UNION SELECT g.id FROM people g JOIN same s ON g.merged_into = s.id)
      SELECT p.active AND p.merged_into IS NULL AND p.kind = 'consumer' AND p.phone IS NOT NULL AND p.created_at > ${since} AND NOT p.came_back
          AND NOT EXISTS (SELECT FROM orders o WHERE o.paid_at IS NOT NULL AND o.person_id IN (SELECT id FROM them))
          AND NOT EXISTS (SELECT FROM newcomer_gift_shares s WHERE s.person_id IN (SELECT id FROM them)) AS "isNew",
        EXISTS (SELECT FROM people s JOIN staff_accounts a ON a.person_id = s.id AND a.active WHERE s.phone = p.phone AND s.kind = 'staff') AS "isInsider",
        (SELECT gift_id FROM newcomer_gift_shares s WHERE s.person_id = p.id) AS "takenId"
      FROM people p WHERE p.id = ${personId}`;
    return row;
  }
  /** What runs nearest to where somebody belongs. */
  async function nearest(personId: string): Promise<Row | undefined> {
    const now = clock.now();
    const home = await createContentRows(db.sql).homeOf(personId, now);
    const [row] = await db.sql<{ id: string }>`
      SELECT id FROM newcomer_gifts WHERE state = 'running' AND ends_at > ${now} AND taken < count
        AND (org_path = ${home}::text OR ${home}::text LIKE org_path || '.%' OR (${home}::text IS NULL AND strpos(org_path, '.') = 0))
      ORDER BY length(org_path) DESC LIMIT 1`;
    return row ? find(db.sql, row.id) : undefined;
  }
  const shown = (row: Row) => ({
    ...{ id: row.id, title: row.title, amountFen: fenToWire(row.amountFen), store: row.unitName },
  });

  bind(startNewcomerGift, ({ tx, principal, body }) => start(tx, principal, body));
  bind(listNewcomerGifts, async ({ principal, query }) => {
    const scope = principal.staff.orgPath;
    const after = decodeTimeCursor(query.cursor);
    const found = await db.sql<{ id: string; at: Date }>`
      SELECT id, starts_at AS at FROM newcomer_gifts WHERE (org_path = ${scope} OR org_path LIKE ${`${scope}.%`})
        AND (${after?.id ?? null}::uuid IS NULL OR (starts_at, id) < (${after?.at ?? null}::timestamptz, ${after?.id ?? null}::uuid))
      ORDER BY starts_at DESC, id DESC LIMIT ${query.limit + 1}`;
    const { rows: items, nextCursor } = cutPage(found, query.limit, encodeTimeCursor);
    return {
      items: (
        await read(
          db.sql,
          items.map(({ id }) => id),
        )
      ).map(toView),
      nextCursor,
    };
  });
  bind(endNewcomerGift, async ({ principal, params, body }) => {
    requireScope(principal, 'rewards:write', (await find(db.sql, params.id)).orgPath);
    await endNow(params.id, principal.personId, body.reason);
    return toView(await find(db.sql, params.id));
  });
  bind(myNewcomerGift, async ({ principal }): Promise<ReplyOf<typeof myNewcomerGift>> => {
    const me = await standing(db.sql, principal.personId, false);
    if (me?.takenId) return { state: 'taken', gift: shown(await find(db.sql, me.takenId)) };
    const gift = principal.kind === 'staff' ? undefined : await nearest(principal.personId);
    if (!gift || me?.isInsider) return { state: 'none', gift: null };
    if (principal.kind === 'guest') return { state: 'sign_in', gift: shown(gift) };
    const isNew = me?.isNew === true && !(await newcomers.isKnown(db.sql, principal.personId));
    return isNew ? { state: 'open', gift: shown(gift) } : { state: 'none', gift: null };
  });
  bind(takeNewcomerGift, async ({ tx, principal, params, ip, userAgent }) => {
    const gift = await find(tx, params.id);
    const { personId } = principal;
    const me = await standing(tx, personId, true);
    if (me?.isInsider) throw new AppError('insiders_excluded');
    if (me?.takenId === gift.id) return { amountFen: fenToWire(gift.amountFen) };
    if (!me?.isNew || me.takenId !== null)
      throw new AppError('state_conflict', { facts: { state: me?.takenId ? 'taken' : 'not_new' } });
    if (!(await newcomers.takeChance(tx, personId, { ip, userAgent })))
      throw new AppError('state_conflict', { facts: { state: 'not_new' } });
    const at = clock.now();
    const taken = await tx`UPDATE newcomer_gifts SET taken = taken + 1
      WHERE id = ${gift.id} AND state = 'running' AND ends_at > ${at} AND taken < count RETURNING id`;
    if (taken.length === 0) throw new AppError('state_conflict', { facts: { state: 'ended' } });
    await tx`INSERT INTO newcomer_gift_shares (person_id, gift_id, amount_fen, taken_at)
      VALUES (${personId}, ${gift.id}, ${gift.amountFen}, ${at})`;
    await ledger.postTransfer(tx, {
      ...{ kind: 'newcomer_gift_taken', ref: `${gift.id}:${personId}`, at },
      entries: [
        { account: { kind: 'red_packet', owner: gift.id }, amountFen: gift.amountFen },
        { account: { kind: 'reward_balance', owner: personId }, amountFen: -gift.amountFen },
      ],
    });
    return { amountFen: fenToWire(gift.amountFen) };
  });

  deps.jobs.every(NEWCOMER_GIFTS_JOB, DUE_EVERY_MS, async () => {
    const due = await db.sql<{ id: string }>`
      SELECT id FROM newcomer_gifts WHERE state = 'running' AND (ends_at <= ${clock.now()} OR taken = count) LIMIT ${DUE_AT_ONCE}`;
    for (const { id } of due) await endNow(id, null, 'due');
  });
}
