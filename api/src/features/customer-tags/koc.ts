/**
 * KOC proposals (rule N4): by figures, decided by a person.
 *
 * Model: `proposed` → `accepted` | `declined` by staff, or `lapsed` when the figures no longer say so or somebody marked the
 * person meanwhile. One open proposal a person (unique index); who was declined is not proposed again for a time.
 * Accepting marks the customer as KOC in the same transaction; nothing else ever does because of figures.
 */
import {
  type BodyOf,
  type decideKocProposal,
  isWithin,
  type KocProposal,
  type listKocProposals,
  type QueryOf,
} from '@walnut-live/contracts';
import { writeAudit } from '../../platform/audit.ts';
import type { Clock, Random } from '../../platform/clock.ts';
import { cutPage, decodeTimeCursor, encodeTimeCursor } from '../../platform/cursor.ts';
import type { Db, Sql, Tx } from '../../platform/db.ts';
import { AppError } from '../../platform/errors.ts';
import { requireScope, type StaffPrincipal } from '../../platform/principal.ts';
import { nameFor } from '../bindings/index.ts';
import { createRoomAccessRepository, KOC_RULE } from '../room-access/index.ts';
import { isCandidate, type KocFigures, kocTransitions } from './tags.policy.ts';

/** Who was declined has peace for so long. */
const DECLINED_DAYS = 180;

interface ProposalRow {
  readonly id: string;
  readonly personId: string;
  readonly personName: string;
  readonly orgPath: string;
  readonly store: string;
  readonly state: KocProposal['state'];
  readonly why: KocProposal['why'];
  readonly proposedAt: Date;
  readonly endedAt: Date | null;
  readonly by: string | null;
  readonly reason: string;
}

export function createKocProposals(deps: { db: Db; clock: Clock; random: Random }) {
  const { db, clock, random } = deps;

  const read = (
    sql: Sql,
    by: {
      id?: string;
      scope?: string;
      state?: string | undefined;
      after?: { at: Date; id: string } | undefined;
      limit: number;
    },
  ) => sql<ProposalRow>`
    SELECT k.id, p.id AS "personId", p.name AS "personName", k.org_path AS "orgPath", u.name AS store, k.state, k.why,
      k.proposed_at AS "proposedAt", k.ended_at AS "endedAt", s.name AS by, k.reason
    FROM koc_proposals k JOIN people p ON p.id = k.person_id JOIN org_units u ON u.path = k.org_path LEFT JOIN people s ON s.id = k.ended_by
    WHERE (${by.id ?? null}::uuid IS NULL OR k.id = ${by.id ?? null}::uuid)
      AND (${by.scope ?? null}::text IS NULL OR k.org_path = ${by.scope ?? null}::text OR k.org_path LIKE ${by.scope ?? null}::text || '.%')
      AND (${by.state ?? null}::text IS NULL OR k.state = ${by.state ?? null}::text)
      AND (${by.after?.id ?? null}::uuid IS NULL OR (k.proposed_at, k.id) < (${by.after?.at ?? null}::timestamptz, ${by.after?.id ?? null}::uuid))
    ORDER BY k.proposed_at DESC, k.id DESC LIMIT ${by.limit}`;

  const toView = ({ staff }: StaffPrincipal, row: ProposalRow): KocProposal => ({
    id: row.id,
    person: nameFor(staff, { id: row.personId, name: row.personName, kind: 'consumer', ownerPath: row.orgPath }),
    ...{ store: row.store, state: row.state, why: row.why, by: row.by, reason: row.reason },
    proposedAt: row.proposedAt.toISOString(),
    endedAt: row.endedAt?.toISOString() ?? null,
  });

  /** Proposes and withdraws for a batch of customers whose turn it is. */
  async function consider(tx: Tx, people: readonly string[], now: Date): Promise<void> {
    const rows = await tx<
      KocFigures & {
        personId: string;
        orgPath: string | null;
        marked: boolean;
        openId: string | null;
        declinedAt: Date | null;
      }
    >`
      SELECT p.id AS "personId", u.path AS "orgPath",
        (SELECT count(*)::int FROM orders o WHERE o.person_id = p.id AND o.paid_at IS NOT NULL AND o.refunded_fen < o.paid_fen) AS "paidOrders",
        (SELECT count(*)::int FROM invite_edges e WHERE e.inviter_id = p.id) AS "broughtPeople",
        (SELECT count(DISTINCT o.person_id)::int FROM invite_edges e JOIN orders o ON o.person_id = e.invitee_id
          WHERE e.inviter_id = p.id AND o.paid_at IS NOT NULL AND o.refunded_fen < o.paid_fen) AS "broughtBuyers",
        EXISTS (SELECT 1 FROM customer_marks m WHERE m.person_id = p.id AND m.kind = 'koc' AND m.ended_at IS NULL) AS marked,
        (SELECT k.id FROM koc_proposals k WHERE k.person_id = p.id AND k.state = 'proposed') AS "openId",
        (SELECT max(k.ended_at) FROM koc_proposals k WHERE k.person_id = p.id AND k.state = 'declined') AS "declinedAt"
      FROM unnest(${people}::uuid[]) AS w(id) JOIN people p ON p.id = w.id AND p.active AND p.merged_into IS NULL
        LEFT JOIN owner_bindings b ON b.customer_id = p.id AND b.ended_at IS NULL LEFT JOIN org_units u ON u.id = b.store_id`;
    for (const { personId, orgPath, marked, openId, declinedAt, ...why } of rows) {
      const fits = !marked && orgPath !== null && isCandidate(why, KOC_RULE);
      if (openId !== null && !fits)
        await tx`UPDATE koc_proposals SET state = 'lapsed', ended_at = ${now} WHERE id = ${openId} AND state = 'proposed'`;
      const peace = declinedAt !== null && now.getTime() < declinedAt.getTime() + DECLINED_DAYS * 86_400_000;
      if (openId === null && fits && !peace)
        await tx`INSERT INTO koc_proposals (id, person_id, org_path, state, why, proposed_at)
          VALUES (${random.id()}, ${personId}, ${orgPath}, 'proposed', ${JSON.stringify(why)}::jsonb, ${now})
          ON CONFLICT (person_id) WHERE state = 'proposed' DO NOTHING`;
    }
  }

  return {
    consider,
    async list(principal: StaffPrincipal, query: QueryOf<typeof listKocProposals>) {
      const { state, limit } = query;
      const after = decodeTimeCursor(query.cursor);
      const found = await read(db.sql, { scope: principal.staff.orgPath, state, after, limit: limit + 1 });
      const { rows, nextCursor } = cutPage(found, limit, (last) =>
        encodeTimeCursor({ at: last.proposedAt, id: last.id }),
      );
      return { items: rows.map((row) => toView(principal, row)), nextCursor };
    },
    /** @throws AppError not_found, state_conflict: decided otherwise, or lapsed */
    async decide(
      principal: StaffPrincipal,
      id: string,
      { accept, reason }: BodyOf<typeof decideKocProposal>,
    ): Promise<KocProposal> {
      const event = accept ? 'accept' : 'decline';
      const row = await db.transaction(async (tx) => {
        const [known] = await read(tx, { id, limit: 1 });
        if (!known || !isWithin(known.orgPath, principal.staff.orgPath)) throw new AppError('not_found');
        requireScope(principal, 'customers:mark', known.orgPath);
        const to = kocTransitions.proposed[event];
        const at = clock.now();
        const moved = await tx`
          UPDATE koc_proposals SET state = ${to}, ended_at = ${at}, ended_by = ${principal.personId}, reason = ${reason}
          WHERE id = ${id} AND state = 'proposed' RETURNING id`;
        const [after] = await read(tx, { id, limit: 1 });
        if (!after) throw new Error('a row is gone');
        if (moved.length === 0) {
          if (after.state !== to) throw new AppError('state_conflict', { facts: { state: after.state } });
          return after;
        }
        const { orgPath, orgUnitId } = principal.staff;
        if (accept)
          await createRoomAccessRepository(tx).insertMark({
            ...{ id: random.id(), personId: known.personId, kind: 'koc', reason, orgUnitId, orgPath },
            ...{ by: principal.personId, at },
          });
        await writeAudit(tx, deps, {
          ...{ actorId: principal.personId, action: `koc-proposal:${after.state}`, target: `person:${known.personId}` },
          ...{ orgPath: known.orgPath, reason, detail: { ...known.why } },
        });
        return after;
      });
      return toView(principal, row);
    },
  };
}
