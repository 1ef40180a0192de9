/** The rows of agents, their agreements, and what people brought. */
import type { AgentState } from '@walnut-live/contracts';
import type { Sql } from '../../platform/db.ts';
import { agentTransitions } from './agents.policy.ts';
import type { BroughtCursor } from './brought-cursor.policy.ts';

type UnitKind = 'hq' | 'channel' | 'store';
export interface AgentRow {
  id: string;
  personId: string;
  name: string;
  phone: string | null;
  unitId: string;
  unitKind: UnitKind;
  orgPath: string;
  unitName: string;
  state: AgentState;
  note: string;
  appliedAt: Date;
  decidedAt: Date | null;
  reason: string;
  agreementVersion: number | null;
  agreedAt: Date | null;
}
export interface Unit {
  id: string;
  kind: UnitKind;
  path: string;
  name: string;
}
export interface Brought {
  personId: string;
  name: string;
  kind: string;
  role: 'guide' | 'staff' | 'agent';
  unitId: string;
  unitKind: UnitKind;
  orgPath: string;
  unitName: string;
  visitors: bigint;
  newCustomers: bigint;
  orders: bigint;
  netFen: bigint;
}
/** Of everybody of the scope, whatever the page. */
export interface BroughtTotals {
  allCustomers: bigint;
  allOrders: bigint;
  allNetFen: bigint;
}

export function createAgentRows(sql: Sql) {
  const read = (by: { id?: string; personId?: string }) => sql<AgentRow>`
    SELECT a.id, p.id AS "personId", p.name, p.phone, u.id AS "unitId", u.kind AS "unitKind", a.org_path AS "orgPath", u.name AS "unitName",
      a.state, a.note, a.applied_at AS "appliedAt", a.decided_at AS "decidedAt", a.reason, a.agreement_version AS "agreementVersion", a.agreed_at AS "agreedAt"
    FROM agents a JOIN people p ON p.id = a.person_id JOIN org_units u ON u.id = a.org_unit_id
    WHERE a.id = ${by.id ?? null}::uuid OR a.person_id = ${by.personId ?? null}::uuid
    ORDER BY a.applied_at DESC, a.id DESC LIMIT 1`;
  return {
    async find(id: string): Promise<AgentRow | undefined> {
      return (await read({ id }))[0];
    },
    /** The newest application of somebody. */
    async latestOf(personId: string): Promise<AgentRow | undefined> {
      return (await read({ personId }))[0];
    },
    async listed(of: {
      scope: string;
      state: AgentState | undefined;
      after: { at: Date; id: string } | undefined;
      limit: number;
    }): Promise<{ id: string; at: Date }[]> {
      return sql<{ id: string; at: Date }>`
        SELECT id, applied_at AS at FROM agents WHERE (org_path = ${of.scope} OR org_path LIKE ${`${of.scope}.%`})
          AND (${of.state ?? null}::text IS NULL OR state = ${of.state ?? null}::text)
          AND (${of.after?.id ?? null}::uuid IS NULL OR (applied_at, id) < (${of.after?.at ?? null}::timestamptz, ${of.after?.id ?? null}::uuid))
        ORDER BY applied_at DESC, id DESC LIMIT ${of.limit}`;
    },
    /** False when one of theirs is open. */
    async insert(row: { id: string; personId: string; unit: Unit; note: string; at: Date }): Promise<boolean> {
      const made = await sql`
        INSERT INTO agents (id, person_id, org_unit_id, org_path, state, note, applied_at)
        VALUES (${row.id}, ${row.personId}, ${row.unit.id}, ${row.unit.path}, 'applied', ${row.note}, ${row.at})
        ON CONFLICT (person_id) WHERE state IN ('applied', 'approved', 'active') DO NOTHING RETURNING id`;
      return made.length > 0;
    },
    /** True for who moved it; a rival finds it moved (rule S7). */
    async move(
      id: string,
      to: AgentState,
      by: { staffId?: string; reason?: string; version?: number; at: Date },
    ): Promise<boolean> {
      const from = Object.entries(agentTransitions).flatMap(([state, next]) => (next.includes(to) ? [state] : []));
      const moved = await sql`
        UPDATE agents SET state = ${to}, reason = coalesce(${by.reason ?? null}::text, reason),
          decided_at = coalesce(decided_at, ${by.at}::timestamptz), decided_by = coalesce(decided_by, ${by.staffId ?? null}::uuid),
          agreement_version = coalesce(${by.version ?? null}::int, agreement_version),
          agreed_at = CASE WHEN ${by.version ?? null}::int IS NULL THEN agreed_at ELSE ${by.at}::timestamptz END,
          ended_at = CASE WHEN ${to} = 'ended' THEN ${by.at}::timestamptz END
        WHERE id = ${id} AND state = ANY(${from}::text[]) RETURNING id`;
      return moved.length > 0;
    },
    async agreeAnew(id: string, version: number, at: Date): Promise<void> {
      await sql`UPDATE agents SET agreement_version = ${version}, agreed_at = ${at}
        WHERE id = ${id} AND state = 'active' AND agreement_version < ${version}`;
    },
    async isAgent(personId: string): Promise<boolean> {
      return (await sql`SELECT FROM agents WHERE person_id = ${personId} AND state = 'active'`).length > 0;
    },
    async isInsider(personId: string): Promise<boolean> {
      const rows = await sql`SELECT FROM people p JOIN people s ON s.phone = p.phone AND s.kind = 'staff'
        JOIN staff_accounts a ON a.person_id = s.id AND a.active WHERE p.id = ${personId}`;
      return rows.length > 0;
    },

    async agreement() {
      const [row] = await sql<{ version: number; text: string; createdAt: Date }>`
        SELECT version, text, created_at AS "createdAt" FROM agent_agreements ORDER BY version DESC LIMIT 1`;
      return row;
    },
    async writeAgreement(text: string, by: string, at: Date): Promise<void> {
      await sql`INSERT INTO agent_agreements (version, text, created_by, created_at)
        SELECT coalesce(max(version), 0) + 1, ${text}::text, ${by}::uuid, ${at}::timestamptz FROM agent_agreements`;
    },

    async unit(by: { id?: string | undefined; path?: string | null }): Promise<Unit | undefined> {
      const [row] = await sql<Unit>`SELECT id, kind, path, name FROM org_units
        WHERE id = ${by.id ?? null}::uuid OR path = ${by.path ?? null}::text
          OR (${by.id ?? null}::uuid IS NULL AND ${by.path ?? null}::text IS NULL AND kind = 'hq') LIMIT 1`;
      return row;
    },
    /** The guide somebody belongs to, as long as they work there. */
    async guideOf(personId: string, at: Date): Promise<{ id: string; name: string } | undefined> {
      const [row] = await sql<{ id: string; name: string }>`
        SELECT g.id, g.name FROM owner_bindings b JOIN people g ON g.id = b.guide_id AND g.active
        JOIN staff_accounts s ON s.person_id = g.id AND s.active AND s.org_unit_id = b.store_id
        WHERE b.customer_id = ${personId} AND b.ended_at IS NULL AND (b.valid_until IS NULL OR b.valid_until > ${at})`;
      return row;
    },

    /** What staff who sell and agents of a scope brought in a span; one person only where it is said. Who sold most first. */
    async brought(of: {
      path: string | null;
      personId: string | null;
      from: Date;
      to: Date;
      after: BroughtCursor | undefined;
      limit: number;
    }): Promise<{ page: Brought[]; totals: BroughtTotals }> {
      const found = await sql<BroughtTotals & (Brought | { personId: null })>`
        WITH team AS (
          SELECT s.person_id, CASE WHEN s.role = 'guide' THEN 'guide' ELSE 'staff' END AS role, s.org_unit_id, s.org_path
          FROM staff_accounts s WHERE s.active AND s.role IN ('guide', 'assistant', 'store_manager')
          UNION ALL
          SELECT a.person_id, 'agent', a.org_unit_id, a.org_path FROM agents a WHERE a.state = 'active'
            AND NOT EXISTS (SELECT FROM staff_accounts s WHERE s.person_id = a.person_id AND s.active AND s.role IN ('guide', 'assistant', 'store_manager'))
        ),
        rows AS (
        SELECT p.id AS "personId", p.name, p.kind, t.role, u.id AS "unitId", u.kind AS "unitKind", u.path AS "orgPath", u.name AS "unitName",
          v.visitors, e.new_customers AS "newCustomers", o.orders, o.net_fen AS "netFen"
        FROM team t JOIN people p ON p.id = t.person_id JOIN org_units u ON u.id = t.org_unit_id
        CROSS JOIN LATERAL (SELECT array_agg(m.id) AS ids FROM people m WHERE m.id = p.id OR m.merged_into = p.id) me
        CROSS JOIN LATERAL (SELECT count(DISTINCT coalesce(w.merged_into, w.id)) AS visitors FROM touches x JOIN people w ON w.id = x.visitor_id
          WHERE x.sharer_id = ANY(me.ids) AND x.at >= ${of.from} AND x.at < ${of.to} AND NOT coalesce(w.merged_into, w.id) = ANY(me.ids)) v
        CROSS JOIN LATERAL (SELECT count(*) AS new_customers FROM invite_edges i
          WHERE i.inviter_id = ANY(me.ids) AND i.at >= ${of.from} AND i.at < ${of.to}) e
        CROSS JOIN LATERAL (SELECT count(*) AS orders, coalesce(sum(r.paid_fen - r.refunded_fen), 0)::bigint AS net_fen
          FROM order_credits c JOIN orders r ON r.id = c.order_id
          WHERE c.person_id = ANY(me.ids) AND r.paid_at >= ${of.from} AND r.paid_at < ${of.to}) o
        WHERE (${of.path}::text IS NULL OR t.org_path = ${of.path}::text OR t.org_path LIKE ${of.path}::text || '.%')
          AND (${of.personId}::uuid IS NULL OR p.id = ${of.personId}::uuid)
        ),
        everybody AS (SELECT coalesce(sum("newCustomers"), 0)::bigint AS "allCustomers", coalesce(sum(orders), 0)::bigint AS "allOrders",
          coalesce(sum("netFen"), 0)::bigint AS "allNetFen" FROM rows),
        page AS (SELECT * FROM rows r
        WHERE ${of.after?.personId ?? null}::uuid IS NULL OR (-r."netFen", -r."newCustomers", r."personId")
          > (-(${String(of.after?.netFen ?? 0)}::bigint), -(${String(of.after?.newCustomers ?? 0)}::bigint), ${of.after?.personId ?? null}::uuid)
        ORDER BY r."netFen" DESC, r."newCustomers" DESC, r."personId" LIMIT ${of.limit})
        SELECT r.*, a.* FROM everybody a LEFT JOIN page r ON true
        ORDER BY r."netFen" DESC, r."newCustomers" DESC, r."personId"`;
      const [totals = { allCustomers: 0n, allOrders: 0n, allNetFen: 0n }] = found;
      return { page: found.filter((row) => row.personId !== null), totals };
    },
    async targets(month: string, people: readonly string[]) {
      return sql<{ personId: string; kind: 'gmv' | 'new_customers'; amount: bigint }>`
        SELECT person_id AS "personId", kind, amount FROM sales_targets
        WHERE month = ${month} AND person_id = ANY(${people}::uuid[]) ORDER BY kind`;
    },
    async setTarget(target: {
      personId: string;
      month: string;
      kind: string;
      unit: { id: string; path: string };
      amount: number;
      by: string;
      at: Date;
    }): Promise<void> {
      await sql`
        INSERT INTO sales_targets (person_id, month, kind, org_unit_id, org_path, amount, set_by, set_at)
        VALUES (${target.personId}, ${target.month}, ${target.kind}, ${target.unit.id}, ${target.unit.path}, ${target.amount}, ${target.by}, ${target.at})
        ON CONFLICT (person_id, month, kind) DO UPDATE SET org_unit_id = EXCLUDED.org_unit_id, org_path = EXCLUDED.org_path,
          amount = EXCLUDED.amount, set_by = EXCLUDED.set_by, set_at = EXCLUDED.set_at`;
    },
  };
}
