/** What is settleable and nobody's yet, and previews as they were kept. Reads as a claim would, and claims nothing. */
import type { SettlementPreviewLine } from '@walnut-live/contracts';
import type { Sql, Tx } from '../../platform/db.ts';
import type { Due, PreviewLine } from './preview.policy.ts';

/** People as they are now, a guest being whom they became. Whoever has only minus elsewhere is no matter of this run. */
export async function duesOf(
  sql: Sql,
  run: { scope: string; upTo: Date; withParts: boolean; at: Date },
): Promise<Due[]> {
  const rows = await sql<{
    personId: string;
    kind: string;
    storeId: string;
    positiveFen: bigint;
    negativeFen: bigint;
    heldFen: bigint;
    entries: number;
    partIds: string[];
  }>`
    WITH waiting AS MATERIALIZED (SELECT bonus_id FROM commission_bonuses_waiting(NULL, ${run.at})),
    open AS (
      SELECT coalesce(b.merged_into, b.id) AS person_id, e.id, e.store_id, e.amount_fen, e.state,
        (e.org_path = ${run.scope} OR e.org_path LIKE ${run.scope} || '.%') AS within
      FROM commission_parts e JOIN people b ON b.id = e.beneficiary_id LEFT JOIN orders_in_dispute d ON d.order_id = e.order_id
      WHERE (e.state = 'held' OR (e.state = 'settleable' AND (e.amount_fen < 0 OR e.settleable_at <= ${run.upTo})))
        AND (d.order_id IS NULL OR e.is_against)
        AND (e.kind = 'entry' OR e.id NOT IN (SELECT bonus_id FROM waiting))),
    sums AS (
      SELECT person_id, store_id, bool_or(within) AS within,
        coalesce(sum(amount_fen) FILTER (WHERE state = 'settleable' AND amount_fen >= 0 AND within), 0)::bigint AS positive,
        coalesce(sum(amount_fen) FILTER (WHERE state = 'settleable' AND amount_fen < 0), 0)::bigint AS negative,
        coalesce(sum(amount_fen) FILTER (WHERE state = 'held' AND within), 0)::bigint AS held,
        (count(*) FILTER (WHERE state = 'settleable' AND (within OR amount_fen < 0)))::int AS entries,
        coalesce(array_agg(id) FILTER (WHERE ${run.withParts} AND state = 'settleable' AND amount_fen >= 0 AND within), '{}') AS parts
      FROM open GROUP BY person_id, store_id)
    SELECT p.id AS "personId", p.kind, s.store_id AS "storeId", s.positive AS "positiveFen", s.negative AS "negativeFen",
      s.held AS "heldFen", s.entries, s.parts AS "partIds"
    FROM sums s JOIN people p ON p.id = s.person_id
    WHERE (s.within OR s.entries > 0) AND s.person_id IN (SELECT person_id FROM sums WHERE within)
    ORDER BY p.id, s.store_id`;
  const dues = new Map<string, Due & { stores: Due['stores'][number][] }>();
  for (const { personId, kind, heldFen, partIds, ...part } of rows) {
    const due = dues.get(personId) ?? { personId, kind, stores: [], heldFen: 0n, partIds: [] };
    dues.set(personId, {
      ...due,
      heldFen: due.heldFen + heldFen,
      partIds: [...due.partIds, ...partIds],
      stores: part.entries > 0 ? [...due.stores, part] : due.stores,
    });
  }
  return [...dues.values()];
}

export async function keepPreview(
  tx: Tx,
  preview: { id: string; runId: string; no: number; hash: string; by: string; at: Date },
  lines: readonly PreviewLine[],
): Promise<void> {
  await tx`INSERT INTO settlement_previews (id, run_id, no, hash, made_by, at)
    VALUES (${preview.id}, ${preview.runId}, ${preview.no}, ${preview.hash}, ${preview.by}, ${preview.at})`;
  const column = <T>(of: (line: PreviewLine) => T): T[] => lines.map(of);
  const stores = column((line) =>
    JSON.stringify(
      line.stores.map(({ storeId, positiveFen, negativeFen, entries }) => ({
        ...{ storeId, entries, amountFen: Number(positiveFen + negativeFen) },
      })),
    ),
  );
  await tx`INSERT INTO settlement_preview_lines (preview_id, person_id, outcome, reason, entries, positive_fen, negative_fen, gross_fen,
      held_fen, withheld_fen, net_fen, stores)
    SELECT ${preview.id}::uuid, l.person_id, l.outcome, l.reason, l.entries, l.positive, l.negative, l.gross, l.held, l.withheld, l.net,
      l.stores::jsonb
    FROM unnest(${column((l) => l.personId)}::uuid[], ${column((l) => l.outcome)}::text[], ${column((l) => l.reason)}::text[],
      ${column((l) => l.entries)}::int[], ${column((l) => l.positiveFen)}::bigint[], ${column((l) => l.negativeFen)}::bigint[],
      ${column((l) => l.grossFen)}::bigint[], ${column((l) => l.heldFen)}::bigint[], ${column((l) => l.withheldFen)}::bigint[],
      ${column((l) => l.netFen)}::bigint[], ${stores}::text[])
      AS l (person_id, outcome, reason, entries, positive, negative, gross, held, withheld, net, stores)`;
}

type Change = SettlementPreviewLine['change'];
export interface PreviewRow {
  personId: string;
  personName: string;
  personKind: 'guest' | 'consumer' | 'staff';
  ownerPath: string | null;
  outcome: 'pay' | 'carried';
  reason: SettlementPreviewLine['reason'];
  entries: number;
  positiveFen: bigint;
  negativeFen: bigint;
  grossFen: bigint;
  heldFen: bigint;
  withheldFen: bigint;
  netFen: bigint;
  stores: SettlementPreviewLine['stores'];
  change: Change;
  beforeOutcome: 'pay' | 'carried' | null;
  beforeGrossFen: bigint | null;
  beforeNetFen: bigint | null;
}
/** The newest preview beside the one before it, the largest payment first. */
export async function readPreview(
  sql: Sql,
  runId: string,
  filter: { outcome: 'pay' | 'carried' | null; change: Change | null },
  after: { netFen: bigint; personId: string } | undefined,
  limit: number,
): Promise<PreviewRow[]> {
  return sql<PreviewRow>`
    WITH newest AS (SELECT id, no FROM settlement_previews WHERE run_id = ${runId} ORDER BY no DESC LIMIT 1),
    c AS (SELECT * FROM settlement_preview_lines WHERE preview_id = (SELECT id FROM newest)),
    b AS (SELECT * FROM settlement_preview_lines WHERE preview_id =
      (SELECT p.id FROM settlement_previews p, newest n WHERE p.run_id = ${runId} AND p.no = n.no - 1)),
    pairs AS (
      SELECT coalesce(c.person_id, b.person_id) AS person_id, coalesce(c.outcome, 'carried') AS outcome,
        CASE WHEN c.person_id IS NULL THEN 'not_positive' ELSE c.reason END AS reason, coalesce(c.entries, 0) AS entries,
        coalesce(c.positive_fen, 0)::bigint AS positive_fen, coalesce(c.negative_fen, 0)::bigint AS negative_fen,
        coalesce(c.gross_fen, 0)::bigint AS gross_fen, coalesce(c.held_fen, 0)::bigint AS held_fen,
        coalesce(c.withheld_fen, 0)::bigint AS withheld_fen, coalesce(c.net_fen, 0)::bigint AS net_fen, coalesce(c.stores, '[]') AS stores,
        CASE WHEN c.person_id IS NULL THEN 'gone' WHEN b.person_id IS NULL THEN 'new'
          WHEN (c.outcome, c.gross_fen, c.net_fen, c.entries, c.held_fen) = (b.outcome, b.gross_fen, b.net_fen, b.entries, b.held_fen)
          THEN 'same' ELSE 'changed' END AS change,
        b.outcome AS before_outcome, b.gross_fen AS before_gross, b.net_fen AS before_net
      FROM c FULL JOIN b ON b.person_id = c.person_id)
    SELECT x.person_id AS "personId", p.name AS "personName", p.kind AS "personKind", u.path AS "ownerPath", x.outcome, x.reason,
      x.entries, x.positive_fen AS "positiveFen", x.negative_fen AS "negativeFen", x.gross_fen AS "grossFen", x.held_fen AS "heldFen",
      x.withheld_fen AS "withheldFen", x.net_fen AS "netFen", x.change, x.before_outcome AS "beforeOutcome",
      x.before_gross AS "beforeGrossFen", x.before_net AS "beforeNetFen",
      (SELECT coalesce(json_agg(json_build_object('store', json_build_object('id', s.id, 'kind', s.kind, 'path', s.path, 'name', s.name),
          'amountFen', r."amountFen", 'entries', r.entries) ORDER BY r."amountFen" DESC, s.path), '[]')
        FROM jsonb_to_recordset(x.stores) AS r ("storeId" uuid, "amountFen" bigint, entries int) JOIN org_units s ON s.id = r."storeId") AS stores
    FROM pairs x JOIN people p ON p.id = x.person_id
    LEFT JOIN owner_bindings o ON o.customer_id = p.id AND o.ended_at IS NULL LEFT JOIN org_units u ON u.id = o.store_id
    WHERE (${filter.outcome}::text IS NULL OR x.outcome = ${filter.outcome})
      AND (${filter.change}::text IS NULL OR x.change = ${filter.change})
      AND (${after?.netFen ?? null}::bigint IS NULL OR x.net_fen < ${after?.netFen ?? null}
        OR (x.net_fen = ${after?.netFen ?? null} AND x.person_id > ${after?.personId ?? null}::uuid))
    ORDER BY x.net_fen DESC, x.person_id LIMIT ${limit}`;
}
