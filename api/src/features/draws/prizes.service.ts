/** What people won: told to them alone, claimed within a week, sent by the store. */
import { type Address, type DrawnPrize, type MyPrize, may, type PrizeOnList } from '@walnut-live/contracts';
import { writeAudit } from '../../platform/audit.ts';
import type { Clock, Random } from '../../platform/clock.ts';
import type { TimeCursor } from '../../platform/cursor.ts';
import type { Db, Sql } from '../../platform/db.ts';
import { AppError } from '../../platform/errors.ts';
import { type Principal, requireScope, type StaffPrincipal } from '../../platform/principal.ts';
import { nameTo } from '../bindings/index.ts';
import { maskAddress } from '../orders/index.ts';
import type { StoredPrize } from './draws.repository.ts';

interface WinRow {
  id: string;
  drawId: string;
  orgPath: string;
  personId: string;
  personName: string;
  personKind: string;
  guideId: string | null;
  rank: number;
  drawTitle: string;
  roomId: string;
  roomTitle: string;
  orgUnit: PrizeOnList['orgUnit'];
  prize: StoredPrize;
  state: 'won' | 'claimed' | 'shipped';
  wonAt: Date;
  claimUntil: Date;
  address: Address | null;
  trackingNo: string | null;
}

export function createPrizes(deps: { db: Db; clock: Clock; random: Random }) {
  const { db, clock } = deps;

  const read = (
    sql: Sql,
    filter: {
      id?: string;
      drawId?: string;
      personId?: string;
      /** Of this unit and those under it. */
      scope?: string;
      state?: MyPrize['state'] | undefined;
      after?: TimeCursor | undefined;
      limit?: number;
    },
  ) =>
    sql<WinRow>`
      SELECT w.id, w.draw_id AS "drawId", d.org_path AS "orgPath", w.person_id AS "personId", p.name AS "personName", p.kind AS "personKind",
        (SELECT ob.guide_id FROM owner_bindings ob WHERE ob.customer_id = p.id AND ob.ended_at IS NULL) AS "guideId", w.rank,
        d.title AS "drawTitle", r.id AS "roomId", r.title AS "roomTitle",
        jsonb_build_object('id', u.id, 'kind', u.kind, 'path', u.path, 'name', u.name) AS "orgUnit", (SELECT z FROM jsonb_array_elements(d.prizes) z WHERE (z->>'no')::int = w.prize_no) AS prize,
        w.state, w.won_at AS "wonAt", d.claim_until AS "claimUntil", w.address, w.tracking_no AS "trackingNo"
      FROM draw_wins w JOIN draws d ON d.id = w.draw_id JOIN rooms r ON r.id = d.room_id JOIN org_units u ON u.id = r.org_unit_id
        JOIN people p ON p.id = w.person_id
      WHERE (${filter.id ?? null}::uuid IS NULL OR w.id = ${filter.id ?? null}::uuid)
        AND (${filter.drawId ?? null}::uuid IS NULL OR w.draw_id = ${filter.drawId ?? null}::uuid)
        AND (${filter.personId ?? null}::uuid IS NULL OR w.person_id = ${filter.personId ?? null}::uuid)
        AND (${filter.scope ?? null}::text IS NULL OR d.org_path = ${filter.scope ?? null} OR d.org_path LIKE ${filter.scope ?? null} || '.%')
        AND (${filter.state ?? null}::text IS NULL
          OR CASE WHEN w.state = 'won' AND d.claim_until < ${clock.now()} THEN 'lapsed' ELSE w.state END = ${filter.state ?? null})
        AND (${filter.after?.id ?? null}::uuid IS NULL
          OR (w.won_at, w.id) < (${filter.after?.at ?? null}::timestamptz, ${filter.after?.id ?? null}::uuid))
      ORDER BY w.won_at DESC, CASE WHEN ${filter.drawId ?? null}::uuid IS NULL THEN 0 ELSE w.rank END, w.id DESC LIMIT ${filter.limit ?? 100}`;

  const stateOf = (row: WinRow): MyPrize['state'] =>
    row.state === 'won' && row.claimUntil < clock.now() ? 'lapsed' : row.state;
  const prizeOf = ({ prize: { no, name, kind, valueFen } }: WinRow) => ({ no, name, kind, valueFen });

  const toMine = (row: WinRow): MyPrize => ({
    id: row.id,
    drawId: row.drawId,
    drawTitle: row.drawTitle,
    roomTitle: row.roomTitle,
    prize: prizeOf(row),
    note: row.prize.kind === 'coupon' && row.state !== 'won' ? row.prize.note : '',
    state: stateOf(row),
    wonAt: row.wonAt.toISOString(),
    claimUntil: row.claimUntil.toISOString(),
    trackingNo: row.trackingNo,
  });
  const toDrawn = (row: WinRow, reader: StaffPrincipal): DrawnPrize => {
    const ships = may(reader.staff.role, 'orders:ship');
    const { personId: id, personName: name, personKind: kind, guideId } = row;
    return {
      id: row.id,
      rank: row.rank,
      prize: prizeOf(row),
      winner: { name: nameTo(reader, { id, name, kind, ownerPath: null, guideId }, row.orgPath).name },
      state: stateOf(row),
      address: row.address && (ships ? row.address : maskAddress(row.address)),
      trackingNo: row.trackingNo,
      claimUntil: row.claimUntil.toISOString(),
    };
  };

  return {
    async ofPerson(personId: string, after: TimeCursor | undefined, limit: number): Promise<MyPrize[]> {
      return (await read(db.sql, { personId, after, limit })).map(toMine);
    },
    async inDraw(personId: string, drawId: string): Promise<MyPrize | null> {
      const [row] = await read(db.sql, { personId, drawId });
      return row ? toMine(row) : null;
    },
    async ofDraw(principal: StaffPrincipal, drawId: string): Promise<{ items: DrawnPrize[] }> {
      return { items: (await read(db.sql, { drawId })).map((row) => toDrawn(row, principal)) };
    },

    /** Of the principal's scope, the newest first. */
    async inScope(
      principal: StaffPrincipal,
      filter: { state: MyPrize['state'] | undefined; after: TimeCursor | undefined; limit: number },
    ): Promise<PrizeOnList[]> {
      return (await read(db.sql, { scope: principal.staff.orgPath, ...filter })).map((row) => ({
        ...toDrawn(row, principal),
        drawId: row.drawId,
        drawTitle: row.drawTitle,
        room: { id: row.roomId, title: row.roomTitle },
        orgUnit: row.orgUnit,
        wonAt: row.wonAt.toISOString(),
      }));
    },

    /** @throws AppError not_found, gone (its time is over), state_conflict (shipped), invalid_request (no address) */
    async claim(principal: Principal, id: string, address: Address | undefined): Promise<MyPrize> {
      const [won] = await read(db.sql, { id, personId: principal.personId });
      if (!won) throw new AppError('not_found');
      const isParcel = won.prize.kind === 'parcel';
      if (isParcel && !address)
        throw new AppError('invalid_request', { issues: [{ path: '/address', issue: 'required' }] });
      const now = clock.now();
      const claimed = await db.sql`
        UPDATE draw_wins SET state = 'claimed', claimed_at = coalesce(claimed_at, ${now}), address = ${isParcel ? JSON.stringify(address) : null}::jsonb
        WHERE id = ${id} AND person_id = ${principal.personId} AND (state = 'claimed' OR (state = 'won' AND ${won.claimUntil >= now}::boolean)) RETURNING id`;
      const [after] = await read(db.sql, { id });
      if (!after) throw new AppError('not_found');
      if (claimed.length === 0) throw new AppError(after.state === 'won' ? 'gone' : 'state_conflict');
      return toMine(after);
    },

    /** @throws AppError not_found, state_conflict (not claimed yet, or no parcel) */
    async ship(principal: StaffPrincipal, id: string, trackingNo: string): Promise<DrawnPrize> {
      const [row] = await read(db.sql, { id });
      if (!row) throw new AppError('not_found');
      requireScope(principal, 'orders:ship', row.orgPath);
      return db.transaction(async (tx) => {
        const at = clock.now();
        const sent = await tx`
          UPDATE draw_wins SET state = 'shipped', shipped_at = coalesce(shipped_at, ${at}), tracking_no = ${trackingNo}
          WHERE id = ${id} AND state IN ('claimed', 'shipped') AND address IS NOT NULL RETURNING id`;
        if (sent.length === 0) throw new AppError('state_conflict', { facts: { state: row.state } });
        await writeAudit(tx, deps, {
          actorId: principal.personId,
          action: 'prize:shipped',
          target: `prize:${id}`,
          orgPath: row.orgPath,
          detail: { drawId: row.drawId, trackingNo },
        });
        const [after] = await read(tx, { id });
        return toDrawn(after ?? row, principal);
      });
    },
  };
}
export type Prizes = ReturnType<typeof createPrizes>;
