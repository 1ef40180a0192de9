/** What was withheld from whom in a month, for the declaration that finance makes: with the names people gave, in full. */
import { addDays, chinaDayStart } from '../../platform/china-day.policy.ts';
import type { CsvColumn } from '../../platform/csv.ts';
import type { Sql } from '../../platform/db.ts';

interface Withheld {
  personId: string;
  name: string;
  realName: string | null;
  kind: string;
  transfers: bigint;
  paidFen: bigint;
  withheldFen: bigint;
  /** Claimed in the month, and not transferred yet. */
  openFen: bigint;
  openWithheldFen: bigint;
}
export const withholdingColumns: readonly CsvColumn<Withheld>[] = [
  { title: 'person_id', value: (row) => row.personId },
  { title: 'name', value: (row) => row.name },
  { title: 'real_name', value: (row) => row.realName },
  { title: 'kind', value: (row) => row.kind },
  { title: 'transfers', value: (row) => row.transfers },
  { title: 'income_fen', value: (row) => row.paidFen },
  { title: 'withheld_fen', value: (row) => row.withheldFen },
  { title: 'under_way_fen', value: (row) => row.openFen },
  { title: 'under_way_withheld_fen', value: (row) => row.openWithheldFen },
];

const MOST_DAYS_OF_A_MONTH = 31;
/** By the month in which a bill was written, as the tax on it was worked out. */
export async function withheldIn(sql: Sql, month: string): Promise<Withheld[]> {
  const from = chinaDayStart(`${month}-01`);
  const to = chinaDayStart(`${addDays(`${month}-01`, MOST_DAYS_OF_A_MONTH).slice(0, 7)}-01`);
  return sql<Withheld>`
    SELECT p.id AS "personId", p.name, a.real_name AS "realName", p.kind,
      count(*) FILTER (WHERE b.state = 'succeeded') AS transfers,
      coalesce(sum(b.gross_fen) FILTER (WHERE b.state = 'succeeded'), 0)::bigint AS "paidFen",
      coalesce(sum(b.withheld_fen) FILTER (WHERE b.state = 'succeeded'), 0)::bigint AS "withheldFen",
      coalesce(sum(b.gross_fen) FILTER (WHERE b.state <> 'succeeded'), 0)::bigint AS "openFen",
      coalesce(sum(b.withheld_fen) FILTER (WHERE b.state <> 'succeeded'), 0)::bigint AS "openWithheldFen"
    FROM payout_bills b JOIN people p ON p.id = b.person_id LEFT JOIN payout_accounts a ON a.person_id = p.id
    WHERE b.source = 'commission' AND b.state NOT IN ('failed', 'cancelled') AND b.created_at >= ${from} AND b.created_at < ${to}
    GROUP BY p.id, p.name, a.real_name, p.kind ORDER BY p.id`;
}
