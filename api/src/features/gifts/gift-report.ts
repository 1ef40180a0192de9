/** Gifts per room of a scope: what came, what was taken back, and whose it is. In the order of the lives: gifts are not ranked (K6). */
import { fenToWire, isWithin, type QueryOf, type ReplyOf, type reportGifts } from '@walnut-live/contracts';
import type { CsvColumn } from '../../platform/csv.ts';
import type { Sql } from '../../platform/db.ts';
import { AppError } from '../../platform/errors.ts';
import type { StaffPrincipal } from '../../platform/principal.ts';

type Report = ReplyOf<typeof reportGifts>;
type ReportRow = Report['items'][number];

/** Lives in one answer; older ones are reached by the dates. */
const ROOMS = 500;

interface Row {
  roomId: string;
  title: string;
  startedAt: Date | null;
  unit: ReportRow['orgUnit'];
  hostId: string;
  hostName: string;
  gifts: number;
  pieces: number;
  givers: number;
  coins: bigint;
  takenBackCoins: bigint;
  brandFen: bigint;
  storeFen: bigint;
  guideFen: bigint;
  coolingFen: bigint;
}

export async function readGiftReport(
  sql: Sql,
  principal: StaffPrincipal,
  query: QueryOf<typeof reportGifts>,
): Promise<Report> {
  const scope = query.orgPath ?? principal.staff.orgPath;
  if (!isWithin(scope, principal.staff.orgPath)) throw new AppError('not_found');
  const [from, to] = [query.from ?? null, query.to ?? null];
  const found = await sql<Row>`
    SELECT r.id AS "roomId", r.title, r.started_at AS "startedAt",
      json_build_object('id', u.id, 'kind', u.kind, 'path', u.path, 'name', u.name) AS unit,
      h.id AS "hostId", h.name AS "hostName",
      count(*) FILTER (WHERE v.state <> 'taken_back')::int AS gifts,
      coalesce(sum(v.quantity) FILTER (WHERE v.state <> 'taken_back'), 0)::int AS pieces,
      count(DISTINCT v.person_id) FILTER (WHERE v.state <> 'taken_back')::int AS givers,
      coalesce(sum(v.coins) FILTER (WHERE v.state <> 'taken_back'), 0)::bigint AS coins,
      coalesce(sum(v.coins) FILTER (WHERE v.state = 'taken_back'), 0)::bigint AS "takenBackCoins",
      coalesce(sum(v.brand_fen), 0)::bigint AS "brandFen", coalesce(sum(v.store_fen), 0)::bigint AS "storeFen",
      coalesce(sum(v.guide_fen), 0)::bigint AS "guideFen",
      coalesce(sum(v.coins * 10) FILTER (WHERE v.state = 'given'), 0)::bigint AS "coolingFen"
    FROM given_gifts v JOIN rooms r ON r.id = v.room_id JOIN org_units u ON u.id = v.org_unit_id JOIN people h ON h.id = v.host_id
    WHERE (v.org_path = ${scope} OR v.org_path LIKE ${scope} || '.%')
      AND (${from}::timestamptz IS NULL OR v.given_at >= ${from}) AND (${to}::timestamptz IS NULL OR v.given_at < ${to})
    GROUP BY r.id, u.id, h.id ORDER BY r.started_at DESC NULLS LAST, r.id LIMIT ${ROOMS}`;
  const items = found.map(toRow);
  const sum = (pick: (row: ReportRow) => number): number => items.reduce((total, row) => total + pick(row), 0);
  return {
    items,
    totals: {
      totals: {
        gifts: sum((row) => row.totals.gifts),
        pieces: sum((row) => row.totals.pieces),
        givers: sum((row) => row.totals.givers),
        coins: sum((row) => row.totals.coins),
        takenBackCoins: sum((row) => row.totals.takenBackCoins),
      },
      brandFen: sum((row) => row.brandFen),
      storeFen: sum((row) => row.storeFen),
      guideFen: sum((row) => row.guideFen),
      coolingFen: sum((row) => row.coolingFen),
    },
  };
}

const toRow = (row: Row): ReportRow => ({
  room: { id: row.roomId, title: row.title, startedAt: row.startedAt?.toISOString() ?? null },
  orgUnit: row.unit,
  host: { id: row.hostId, name: row.hostName },
  totals: {
    gifts: row.gifts,
    pieces: row.pieces,
    givers: row.givers,
    coins: fenToWire(row.coins),
    takenBackCoins: fenToWire(row.takenBackCoins),
  },
  brandFen: fenToWire(row.brandFen),
  storeFen: fenToWire(row.storeFen),
  guideFen: fenToWire(row.guideFen),
  coolingFen: fenToWire(row.coolingFen),
});

export const giftReportColumns: readonly CsvColumn<ReportRow>[] = [
  { title: 'room_id', value: (row) => row.room.id },
  { title: 'room', value: (row) => row.room.title },
  { title: 'started_at', value: (row) => row.room.startedAt ?? '' },
  { title: 'org_path', value: (row) => row.orgUnit.path },
  { title: 'org_unit', value: (row) => row.orgUnit.name },
  { title: 'host', value: (row) => row.host.name },
  { title: 'gifts', value: (row) => row.totals.gifts },
  { title: 'pieces', value: (row) => row.totals.pieces },
  { title: 'givers', value: (row) => row.totals.givers },
  { title: 'coins', value: (row) => row.totals.coins },
  { title: 'taken_back_coins', value: (row) => row.totals.takenBackCoins },
  { title: 'brand_fen', value: (row) => row.brandFen },
  { title: 'store_fen', value: (row) => row.storeFen },
  { title: 'guide_fen', value: (row) => row.guideFen },
  { title: 'cooling_fen', value: (row) => row.coolingFen },
];
