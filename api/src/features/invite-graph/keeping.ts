/**
 * Keeps what stands below every person (invite_nodes, invite_rollups) behind the facts.
 *
 * Model: facts put the ids of those concerned into `invite_news` in their own transaction (triggers of migration 0300); one process
 * at a time takes some and makes the graph say of these people what is true of them now. What is written is the difference
 * between what is true and what was counted, so a fact that is told twice, late or out of order changes nothing.
 * Invariants: a row of level n is the sum of the rows of level n − 1 of those whom the person brought; the edges that figures
 * were counted by (`inviter_id`) are a forest at every moment; who waits for news waits for nobody's payment.
 */
import type { Clock } from '../../platform/clock.ts';
import type { Db, Tx } from '../../platform/db.ts';
import type { Jobs } from '../../platform/jobs.ts';

/** The one who writes the graph; any number that is used for nothing else. */
const GRAPH_LOCK = 5_150_030;
const BATCH = 500;
const EVERY_MS = 1_000;
export const INVITE_GRAPH_JOB = 'invite-graph: news';
export const INVITE_RETURNS_JOB = 'invite-graph: who is back in rooms';
const RETURNS_EVERY_MS = 60_000;
/** Presence is written once a minute; what came late is looked at again. */
const RETURNS_OVERLAP_MS = 300_000;

interface Fact {
  readonly personId: string;
  readonly inviterId: string | null;
  /** Null: no row of the graph. */
  readonly counted: { readonly inviterId: string | null } | null;
  readonly hasFigures: boolean;
  readonly belongs: boolean;
}

export function createGraphKeeping(deps: { db: Db; clock: Clock }) {
  const { db, clock } = deps;

  const isMine = async (tx: Tx): Promise<boolean> => {
    const [lock] = await tx<{ got: boolean }>`SELECT pg_try_advisory_xact_lock(${GRAPH_LOCK}) AS got`;
    return lock?.got === true;
  };

  /** Takes news and whoever is due by time; with those they became, and those who brought them when they are new. */
  async function take(tx: Tx, now: Date): Promise<{ taken: number; ids: string[] }> {
    const news = await tx<{ id: string }>`
      DELETE FROM invite_news WHERE seq IN (SELECT seq FROM invite_news ORDER BY seq LIMIT ${BATCH}) RETURNING person_id AS id`;
    const due = await tx<{ id: string }>`
      SELECT person_id AS id FROM invite_nodes WHERE due_at <= ${now} ORDER BY due_at LIMIT ${BATCH}`;
    const told = [...news, ...due].map(({ id }) => id);
    if (told.length === 0) return { taken: 0, ids: [] };
    const concerned = await tx<{ id: string }>`
      WITH told AS (SELECT DISTINCT unnest(${told}::uuid[]) AS id)
      SELECT id FROM told
      UNION SELECT p.merged_into FROM told JOIN people p USING (id) WHERE p.merged_into IS NOT NULL
      UNION SELECT e.inviter_id FROM told JOIN invite_edges e ON e.invitee_id = told.id
        WHERE NOT EXISTS (SELECT FROM invite_nodes n WHERE n.person_id = e.inviter_id)`;
    return { taken: Math.max(news.length, due.length), ids: concerned.map(({ id }) => id) };
  }

  const factsOf = (tx: Tx, ids: readonly string[]) => tx<Fact>`
    SELECT w.id AS "personId", f.inviter_id AS "inviterId", coalesce(f.belongs, false) AS belongs,
      CASE WHEN n.person_id IS NOT NULL THEN json_build_object('inviterId', n.inviter_id) END AS counted,
      EXISTS (SELECT FROM invite_rollups r WHERE r.person_id = w.id) AS "hasFigures"
    FROM unnest(${ids}::uuid[]) AS w (id)
    LEFT JOIN invite_facts(${ids}::uuid[]) f ON f.person_id = w.id
    LEFT JOIN invite_nodes n ON n.person_id = w.id`;

  /** Under whoever brought them now. A branch goes with all below it; one that would close a ring is left for the news to come. */
  async function hang(tx: Tx, facts: readonly Fact[]): Promise<void> {
    const moved = facts.filter(({ counted, inviterId }) => counted && counted.inviterId !== inviterId);
    for (const { personId, counted } of moved) {
      if (!counted?.inviterId) continue;
      await tx`SELECT invite_hang(${personId}::uuid, ${counted.inviterId}::uuid, -1)`;
      await tx`UPDATE invite_nodes SET inviter_id = NULL WHERE person_id = ${personId}`;
    }
    const hung = moved.filter(({ inviterId }) => inviterId !== null);
    // Who has no figures yet has nobody below: they add themselves when they are settled.
    const fresh = hung.filter(({ hasFigures }) => !hasFigures);
    if (fresh.length > 0)
      await tx`
      UPDATE invite_nodes n SET inviter_id = w.inviter_id
      FROM unnest(${fresh.map(({ personId }) => personId)}::uuid[], ${fresh.map(({ inviterId }) => inviterId)}::uuid[])
        AS w (person_id, inviter_id) WHERE n.person_id = w.person_id`;
    for (const { personId, inviterId } of hung.filter(({ hasFigures }) => hasFigures)) {
      const ring = await tx`SELECT 1 FROM invite_above(${inviterId}::uuid) WHERE person_id = ${personId}`;
      if (ring.length > 0) {
        await tx`INSERT INTO invite_news (person_id) VALUES (${personId}), (${inviterId})`;
        continue;
      }
      await tx`SELECT invite_hang(${personId}::uuid, ${inviterId}::uuid, 1)`;
      await tx`UPDATE invite_nodes SET inviter_id = ${inviterId} WHERE person_id = ${personId}`;
    }
  }

  /** One turn; answers how many were taken. */
  async function followSome(): Promise<number> {
    return db.transaction(async (tx) => {
      if (!(await isMine(tx))) return 0;
      const now = clock.now();
      const { taken, ids } = await take(tx, now);
      if (taken === 0) return 0;
      // Somebody may have been hung under them before they were told of: their sums begin with what that brought.
      await tx`
        INSERT INTO invite_nodes (person_id, people, active, bringers, fresh_30, fresh_60, orders, gross_fen, refunded_fen)
        SELECT f.person_id, coalesce(s.people, 0), coalesce(s.active, 0), coalesce(s.bringers, 0), coalesce(s.fresh_30, 0),
          coalesce(s.fresh_60, 0), coalesce(s.orders, 0), coalesce(s.gross_fen, 0), coalesce(s.refunded_fen, 0)
        FROM invite_facts(${ids}::uuid[]) f CROSS JOIN LATERAL (
          SELECT sum(people)::int AS people, sum(active)::int AS active, sum(bringers)::int AS bringers, sum(fresh_30)::int AS fresh_30,
            sum(fresh_60)::int AS fresh_60, sum(orders)::int AS orders, sum(gross_fen)::bigint AS gross_fen,
            sum(refunded_fen)::bigint AS refunded_fen
          FROM invite_rollups WHERE person_id = f.person_id AND level > 0) s
        WHERE f.belongs ON CONFLICT (person_id) DO NOTHING`;
      const facts = await factsOf(tx, ids);
      await hang(tx, facts);
      await tx`SELECT invite_settle(${ids}::uuid[], ${now}::timestamptz)`;
      await tx`SELECT invite_remember(${ids}::uuid[], ${now}::timestamptz)`;
      await tx`DELETE FROM invite_rollups WHERE people = 0 AND orders = 0`;
      const gone = facts.filter(({ belongs, counted }) => counted && !belongs).map(({ personId }) => personId);
      if (gone.length > 0) await tx`DELETE FROM invite_nodes WHERE person_id = ANY(${gone}::uuid[])`;
      await tx`UPDATE invite_graph_state SET version = version + 1, changed_at = ${now}`;
      return taken;
    });
  }

  /** Who of the forest was not seen for 30 days and is in a room again. */
  async function noticeReturns(): Promise<void> {
    const now = clock.now();
    await db.transaction(async (tx) => {
      if (!(await isMine(tx))) return;
      await tx`
        WITH state AS (SELECT seen_to FROM invite_graph_state)
        INSERT INTO invite_news (person_id)
        SELECT DISTINCT n.person_id FROM state JOIN rooms r ON r.state = 'live' OR r.ended_at >= state.seen_to
        JOIN room_watches w ON w.room_id = r.id AND w.counted_to >= state.seen_to
        JOIN people p ON p.id = w.person_id
        JOIN invite_nodes n ON n.person_id = coalesce(p.merged_into, p.id)
        WHERE n.active_at IS NULL OR n.active_at <= w.counted_to - interval '720 hours'`;
      await tx`UPDATE invite_graph_state SET seen_to = ${new Date(now.getTime() - RETURNS_OVERLAP_MS)}`;
    });
  }

  return {
    noticeReturns,
    /** What there is. Somebody who could not be hung yet (see `hang`) waits for the next turn. */
    async follow(): Promise<void> {
      while ((await followSome()) >= BATCH);
    },
    /**
     * All anew from the facts, in one transaction, while others read what was before. Takes about a minute for a million people;
     * the connection must allow statements that long.
     */
    async rebuild(): Promise<void> {
      await db.transaction(async (tx) => {
        await tx`SELECT set_config('statement_timeout', '0', true), set_config('lock_timeout', '0', true)`;
        await tx`SELECT pg_advisory_xact_lock(${GRAPH_LOCK})`;
        await tx`SELECT rebuild_invite_graph(${clock.now()}::timestamptz)`;
      });
    },
  };
}
export type GraphKeeping = ReturnType<typeof createGraphKeeping>;

export function scheduleGraphKeeping(jobs: Jobs, keeping: GraphKeeping): void {
  jobs.every(INVITE_GRAPH_JOB, EVERY_MS, keeping.follow);
  jobs.every(INVITE_RETURNS_JOB, RETURNS_EVERY_MS, keeping.noticeReturns);
}
