/** Rows of after-sale cases: the case, its items, pictures and steps. */
import type { AfterSaleKind, AfterSaleReason, AfterSaleState, AfterSaleView } from '@walnut-live/contracts';
import type { TimeCursor } from '../../platform/cursor.ts';
import type { Sql, Tx } from '../../platform/db.ts';
import { type AfterSaleEvent, openStates } from './after-sales.policy.ts';

export interface CaseRow {
  readonly id: string;
  readonly caseNo: string;
  readonly orderId: string;
  readonly personId: string;
  readonly orgPath: string;
  readonly kind: AfterSaleKind;
  readonly state: AfterSaleState;
  readonly protected: boolean;
  readonly amountFen: bigint;
  readonly shippingFen: bigint;
  readonly returnTrackingNo: string | null;
}
export interface CaseLine {
  readonly itemId: string;
  readonly quantity: number;
  readonly amountFen: bigint;
  /** Its pieces left the house: none of those that are still in it is meant. */
  readonly sent: boolean;
}

export async function orderOf(sql: Sql, caseId: string): Promise<string | undefined> {
  const [row] = await sql<{ orderId: string }>`SELECT order_id AS "orderId" FROM after_sales WHERE id = ${caseId}`;
  return row?.orderId;
}

/** With its row locked. The order's row is locked before: the first lock of whatever happens to an order. */
export async function lockCase(tx: Tx, caseId: string): Promise<CaseRow | undefined> {
  const [row] = await tx<CaseRow>`
    SELECT id, case_no AS "caseNo", order_id AS "orderId", person_id AS "personId", org_path AS "orgPath", kind, state, protected,
      amount_fen AS "amountFen", shipping_fen AS "shippingFen", return_tracking_no AS "returnTrackingNo"
    FROM after_sales WHERE id = ${caseId} FOR UPDATE`;
  return row;
}

export async function readLines(sql: Sql, caseId: string): Promise<CaseLine[]> {
  return sql<CaseLine>`
    SELECT l.order_item_id AS "itemId", l.quantity, l.amount_fen AS "amountFen", l.sent
    FROM after_sale_lines l JOIN order_items i ON i.id = l.order_item_id WHERE l.after_sale_id = ${caseId} ORDER BY i.position`;
}

/** Pieces and fen that open cases ask for and no refund is under way for yet, by item; `shippingFen` likewise. */
export async function heldByCases(
  sql: Sql,
  orderId: string,
): Promise<{ items: Map<string, { pieces: number; sent: number; amountFen: bigint }>; shippingFen: bigint }> {
  const asking = openStates.filter((state) => state !== 'refunding');
  const items = await sql<{ itemId: string; pieces: bigint; sent: bigint; amountFen: bigint }>`
    SELECT l.order_item_id AS "itemId", sum(l.quantity) AS pieces,
      coalesce(sum(l.quantity) FILTER (WHERE l.sent), 0) AS sent, sum(l.amount_fen)::bigint AS "amountFen"
    FROM after_sale_lines l JOIN after_sales a ON a.id = l.after_sale_id
    WHERE a.order_id = ${orderId} AND a.state = ANY(${asking}::text[]) GROUP BY l.order_item_id`;
  const [shipping] = await sql<{ fen: bigint }>`
    SELECT coalesce(sum(shipping_fen), 0)::bigint AS fen FROM after_sales
    WHERE order_id = ${orderId} AND state = ANY(${asking}::text[])`;
  return {
    items: new Map(
      items.map(
        ({ itemId, pieces, sent, amountFen }) =>
          [itemId, { pieces: Number(pieces), sent: Number(sent), amountFen }] as const,
      ),
    ),
    shippingFen: shipping?.fen ?? 0n,
  };
}

export async function drawCaseNo(tx: Tx): Promise<bigint> {
  const [drawn] = await tx<{ no: bigint }>`SELECT nextval('after_sale_no_seq') AS no`;
  if (!drawn) throw new Error('no case number');
  return drawn.no;
}

export interface NewCase extends Omit<CaseRow, 'state' | 'returnTrackingNo'> {
  readonly orgUnitId: string;
  readonly reason: AfterSaleReason;
  readonly note: string;
  readonly lines: readonly CaseLine[];
  readonly pictureIds: readonly string[];
  readonly deadlineAt: Date | null;
  readonly at: Date;
}
export async function insertCase(tx: Tx, made: NewCase): Promise<void> {
  await tx`
    INSERT INTO after_sales (id, case_no, order_id, person_id, org_unit_id, org_path, kind, state, reason, note, amount_fen, shipping_fen,
      protected, deadline_at, waiting_since, created_at)
    VALUES (${made.id}, ${made.caseNo}, ${made.orderId}, ${made.personId}, ${made.orgUnitId}, ${made.orgPath}, ${made.kind}, 'requested',
      ${made.reason}, ${made.note}, ${made.amountFen}, ${made.shippingFen}, ${made.protected}, ${made.deadlineAt}, ${made.at}, ${made.at})`;
  const { lines, pictureIds } = made;
  await tx`
    INSERT INTO after_sale_lines (after_sale_id, order_item_id, quantity, amount_fen, sent)
    SELECT ${made.id}::uuid, l.id, l.quantity, l.amount, l.sent FROM unnest(${lines.map(({ itemId }) => itemId)}::uuid[],
      ${lines.map(({ quantity }) => quantity)}::int[], ${lines.map(({ amountFen }) => amountFen.toString())}::bigint[],
      ${lines.map(({ sent }) => sent)}::bool[]) AS l (id, quantity, amount, sent)`;
  await tx`
    INSERT INTO after_sale_pictures (after_sale_id, file_id, position)
    SELECT ${made.id}::uuid, p.id, p.n FROM unnest(${pictureIds}::uuid[]) WITH ORDINALITY AS p (id, n)`;
  await tx`
    INSERT INTO after_sale_steps (after_sale_id, to_state, event, side, actor_id, note, at)
    VALUES (${made.id}, 'requested', 'request', 'buyer', ${made.personId}, ${made.note}, ${made.at})`;
}

export interface StepFacts {
  readonly returnTo?: string;
  readonly returnCarrier?: string;
  readonly returnTrackingNo?: string;
  readonly replacementTrackingNo?: string;
  readonly refundId?: string;
  readonly amountFen?: bigint;
  readonly shippingFen?: bigint;
}
/** Rule S7: moves the case only from where the caller saw it, with its history row, in one statement. False: a rival was faster. */
export async function moveCase(
  tx: Tx,
  step: {
    caseId: string;
    from: AfterSaleState;
    to: AfterSaleState;
    event: AfterSaleEvent;
    side: 'buyer' | 'store' | 'hq' | 'system';
    actorId: string | null;
    note: string;
    deadlineAt: Date | null;
    isOver: boolean;
    at: Date;
  },
  facts: StepFacts = {},
): Promise<boolean> {
  const rows = await tx`
    WITH moved AS (
      UPDATE after_sales SET state = ${step.to}, deadline_at = ${step.deadlineAt}, waiting_since = ${step.at},
        closed_at = CASE WHEN ${step.isOver} THEN ${step.at}::timestamptz END,
        return_to = coalesce(${facts.returnTo ?? null}::text, return_to),
        return_carrier = coalesce(${facts.returnCarrier ?? null}::text, return_carrier),
        return_tracking_no = coalesce(${facts.returnTrackingNo ?? null}::text, return_tracking_no),
        replacement_tracking_no = coalesce(${facts.replacementTrackingNo ?? null}::text, replacement_tracking_no),
        refund_id = coalesce(${facts.refundId ?? null}::uuid, refund_id),
        amount_fen = coalesce(${facts.amountFen ?? null}::bigint, amount_fen),
        shipping_fen = coalesce(${facts.shippingFen ?? null}::bigint, shipping_fen)
      WHERE id = ${step.caseId} AND state = ${step.from} RETURNING id)
    INSERT INTO after_sale_steps (after_sale_id, from_state, to_state, event, side, actor_id, note, at)
    SELECT id, ${step.from}::text, ${step.to}::text, ${step.event}::text, ${step.side}::text, ${step.actorId}::uuid, ${step.note}::text,
      ${step.at}::timestamptz FROM moved RETURNING id`;
  return rows.length === 1;
}

/** An exchange that cannot be sent becomes a return for its money. */
export async function turnIntoRefund(
  tx: Tx,
  caseId: string,
  lines: readonly { itemId: string; amountFen: bigint }[],
): Promise<void> {
  const amountFen = lines.reduce((sum, line) => sum + line.amountFen, 0n);
  await setLineAmounts(tx, caseId, lines);
  await tx`UPDATE after_sales SET kind = 'return_and_refund', amount_fen = ${amountFen} WHERE id = ${caseId}`;
}

export async function setLineAmounts(
  tx: Tx,
  caseId: string,
  lines: readonly { itemId: string; amountFen: bigint }[],
): Promise<void> {
  await tx`
    UPDATE after_sale_lines a SET amount_fen = l.amount
    FROM unnest(${lines.map(({ itemId }) => itemId)}::uuid[], ${lines.map(({ amountFen }) => amountFen.toString())}::bigint[]) AS l (id, amount)
    WHERE a.after_sale_id = ${caseId} AND a.order_item_id = l.id`;
}
export async function noteLinesRestocked(
  tx: Tx,
  caseId: string,
  pieces: readonly { itemId: string; quantity: number }[],
): Promise<void> {
  await tx`
    UPDATE after_sale_lines a SET restocked = l.quantity
    FROM unnest(${pieces.map(({ itemId }) => itemId)}::uuid[], ${pieces.map(({ quantity }) => quantity)}::int[]) AS l (id, quantity)
    WHERE a.after_sale_id = ${caseId} AND a.order_item_id = l.id`;
}

export async function caseOfRefund(sql: Sql, refundId: string): Promise<string | undefined> {
  const [row] = await sql<{ id: string }>`SELECT id FROM after_sales WHERE refund_id = ${refundId}`;
  return row?.id;
}
/** Cases of an order that have not come to money or other pieces yet. */
export async function askingCases(sql: Sql, orderId: string): Promise<string[]> {
  const asking = openStates.filter((state) => state !== 'refunding');
  const rows = await sql<{ id: string }>`
    SELECT id FROM after_sales WHERE order_id = ${orderId} AND state = ANY(${asking}::text[]) ORDER BY id`;
  return rows.map(({ id }) => id);
}

/** The next case that is over its time; `except` were tried in this turn. Nothing is locked: the order comes first. */
export async function nextOverdue(
  sql: Sql,
  at: Date,
  except: readonly string[],
): Promise<{ id: string; orderId: string } | undefined> {
  const [row] = await sql<{ id: string; orderId: string }>`
    SELECT id, order_id AS "orderId" FROM after_sales WHERE deadline_at <= ${at} AND id <> ALL(${except}::uuid[])
    ORDER BY deadline_at LIMIT 1`;
  return row;
}
export async function isOverdue(tx: Tx, caseId: string, at: Date): Promise<boolean> {
  return (await tx`SELECT 1 FROM after_sales WHERE id = ${caseId} AND deadline_at <= ${at}`).length === 1;
}

// ── reading for people ──────────────────────────────────────────────────────────────────────────────────────────────

type Json<T> = { [K in keyof T]: T[K] };
export interface CaseViewRow {
  readonly id: string;
  readonly caseNo: string;
  readonly orderId: string;
  readonly orderNo: string;
  readonly personId: string;
  readonly orgPath: string;
  readonly store: AfterSaleView['store'];
  readonly buyerName: string;
  readonly buyerKind: string;
  /** Whose customer they are now. */
  readonly buyerGuideId: string | null;
  readonly kind: AfterSaleKind;
  readonly state: AfterSaleState;
  readonly reason: AfterSaleReason;
  readonly note: string;
  readonly items: Json<AfterSaleView['items'][number]>[];
  readonly shippingFen: bigint;
  readonly amountFen: bigint;
  readonly protected: boolean;
  readonly pictures: AfterSaleView['pictures'] | null;
  readonly returnTo: string | null;
  readonly returnCarrier: string | null;
  readonly returnTrackingNo: string | null;
  readonly replacementTrackingNo: string | null;
  readonly refundId: string | null;
  readonly deadlineAt: Date | null;
  readonly waitingSince: Date;
  readonly createdAt: Date;
  readonly closedAt: Date | null;
  readonly history: AfterSaleView['history'];
}
/** In the order of `ids`, in one statement. */
export async function readCases(sql: Sql, ids: readonly string[]): Promise<CaseViewRow[]> {
  if (ids.length === 0) return [];
  return sql<CaseViewRow>`
    SELECT a.id, a.case_no AS "caseNo", a.order_id AS "orderId", o.order_no AS "orderNo", a.person_id AS "personId",
      a.org_path AS "orgPath", json_build_object('id', u.id, 'kind', u.kind, 'path', u.path, 'name', u.name) AS store,
      b.name AS "buyerName", b.kind AS "buyerKind",
      (SELECT ob.guide_id FROM owner_bindings ob WHERE ob.customer_id = b.id AND ob.ended_at IS NULL) AS "buyerGuideId", a.kind, a.state, a.reason, a.note,
      (SELECT json_agg(json_build_object('itemId', i.id, 'productId', i.product_id, 'title', i.title, 'skuName', i.sku_name,
          'pictureUrl', i.picture_url, 'quantity', l.quantity, 'amountFen', l.amount_fen, 'restocked', l.restocked) ORDER BY i.position)
        FROM after_sale_lines l JOIN order_items i ON i.id = l.order_item_id WHERE l.after_sale_id = a.id) AS items,
      a.shipping_fen AS "shippingFen", a.amount_fen AS "amountFen", a.protected,
      (SELECT json_agg(json_build_object('fileId', p.file_id, 'name', f.name) ORDER BY p.position)
        FROM after_sale_pictures p JOIN stored_files f ON f.id = p.file_id WHERE p.after_sale_id = a.id) AS pictures,
      a.return_to AS "returnTo", a.return_carrier AS "returnCarrier", a.return_tracking_no AS "returnTrackingNo",
      a.replacement_tracking_no AS "replacementTrackingNo", a.refund_id AS "refundId", a.deadline_at AS "deadlineAt",
      a.waiting_since AS "waitingSince", a.created_at AS "createdAt", a.closed_at AS "closedAt",
      (SELECT json_agg(json_build_object('from', s.from_state, 'to', s.to_state, 'event', s.event, 'side', s.side, 'note', s.note,
          'at', s.at) ORDER BY s.id) FROM after_sale_steps s WHERE s.after_sale_id = a.id) AS history
    FROM unnest(${ids}::uuid[]) WITH ORDINALITY AS wanted (id, n)
    JOIN after_sales a ON a.id = wanted.id JOIN orders o ON o.id = a.order_id
    JOIN org_units u ON u.id = a.org_unit_id JOIN people b ON b.id = a.person_id
    ORDER BY wanted.n`;
}

export interface CaseFilter {
  readonly personId?: string;
  readonly orgPath?: string;
  readonly orderId?: string;
  readonly states?: readonly AfterSaleState[] | undefined;
  readonly kind?: AfterSaleKind | undefined;
  readonly search?: string | undefined;
  /** Buyers read their newest first, staff whoever waits longest. */
  readonly newestFirst: boolean;
}
const likeText = (text: string) => `%${text.replaceAll(/[\\%_]/g, '\\$&')}%`;
/** Ids of one page; one more than `limit` when there is a next one. */
export async function findCaseIds(
  sql: Sql,
  filter: CaseFilter,
  page: { after: TimeCursor | undefined; limit: number },
): Promise<string[]> {
  const search = filter.search === undefined ? null : likeText(filter.search);
  const after = page.after ?? null;
  const rows = await sql<{ id: string }>`
    SELECT a.id FROM after_sales a JOIN orders o ON o.id = a.order_id
    WHERE (${filter.personId ?? null}::uuid IS NULL OR a.person_id = ${filter.personId ?? null}::uuid)
      AND (${filter.orgPath ?? null}::text IS NULL OR a.org_path = ${filter.orgPath ?? null}::text
        OR a.org_path LIKE ${filter.orgPath === undefined ? null : `${filter.orgPath}.%`}::text)
      AND (${filter.orderId ?? null}::uuid IS NULL OR a.order_id = ${filter.orderId ?? null}::uuid)
      AND (${filter.states ?? null}::text[] IS NULL OR a.state = ANY(${filter.states ?? null}::text[]))
      AND (${filter.kind ?? null}::text IS NULL OR a.kind = ${filter.kind ?? null}::text)
      AND (${search}::text IS NULL OR a.case_no ILIKE ${search}::text OR o.order_no ILIKE ${search}::text)
      AND (${after?.at ?? null}::timestamptz IS NULL OR CASE WHEN ${filter.newestFirst}
        THEN (a.created_at, a.id) < (${after?.at ?? null}::timestamptz, ${after?.id ?? null}::uuid)
        ELSE (a.waiting_since, a.id) > (${after?.at ?? null}::timestamptz, ${after?.id ?? null}::uuid) END)
    ORDER BY CASE WHEN ${filter.newestFirst} THEN a.created_at END DESC, CASE WHEN ${filter.newestFirst} THEN a.id END DESC,
      a.waiting_since, a.id LIMIT ${page.limit + 1}`;
  return rows.map(({ id }) => id);
}
