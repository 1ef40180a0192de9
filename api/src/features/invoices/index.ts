/**
 * Invoices: buyers ask, staff say what became of it.
 *
 * Invariants: an order has at most one invoice that is asked for or issued (a unique index says so); every step leaves a row of its
 * history, in its transaction (rule Z1); what is voided keeps its number and amount, and another one may follow; rivals race by conditional
 * statements on its row; the amount is what the order is worth when it is issued, less what is on its way back, and never changes with later refunds. What
 * issues invoices is an outside system: it reads the CSV or the list and answers by `issue` (docs/20-orders-and-delivery.md).
 */
import {
  getOrderInvoice,
  type Invoice,
  type InvoiceState,
  issueInvoice,
  listInvoices,
  may,
  refuseInvoice,
  requestInvoice,
  voidInvoice,
  withdrawInvoice,
} from '@walnut-live/contracts';
import { writeAudit } from '../../platform/audit.ts';
import type { Clock, Random } from '../../platform/clock.ts';
import type { CsvColumn } from '../../platform/csv.ts';
import { cutPage, decodeTimeCursor, encodeTimeCursor, type TimeCursor } from '../../platform/cursor.ts';
import type { Db, Sql, Tx } from '../../platform/db.ts';
import { sqlState } from '../../platform/db.ts';
import { AppError } from '../../platform/errors.ts';
import { type Binder, written } from '../../platform/http.ts';
import { maskName } from '../../platform/masks.policy.ts';
import { sendPersonalCsv } from '../../platform/personal-csv.ts';
import { requireScope, type StaffPrincipal } from '../../platform/principal.ts';
import { type InvoiceEvent, invoiceTransitions, maskEmail, maskTaxNo } from './invoices.policy.ts';

const UNIQUE_VIOLATION = '23505';
const CSV_PAGE = 500;

type Row = Omit<Invoice, 'requestedAt' | 'endedAt' | 'amountFen' | 'history'> & {
  readonly orgPath: string;
  readonly personId: string;
  readonly amountFen: bigint;
  readonly requestedAt: Date;
  readonly endedAt: Date | null;
  readonly history: readonly (Omit<Invoice['history'][number], 'at'> & { at: string })[];
};

export function createInvoices(deps: { bind: Binder; db: Db; clock: Clock; random: Random }): void {
  const { bind, db, clock, random } = deps;

  bind(getOrderInvoice, async ({ principal, params }) => {
    await ownOrder(db.sql, principal.personId, params.id);
    const [row] = await read(db.sql, { orderId: params.id, limit: 1 });
    return { invoice: row ? toView(row, true) : null };
  });

  bind(requestInvoice, async ({ tx, principal, params, body }) => {
    const order = await ownOrder(tx, principal.personId, params.id);
    if (order.worthFen <= 0n) throw new AppError('state_conflict', { facts: { state: order.state } });
    const { kind, title, email } = body;
    const taxNo = kind === 'company' ? (body.taxNo?.toUpperCase() ?? null) : null;
    const { personId } = principal;
    let id: string;
    try {
      id = await insert(
        tx,
        { orderId: params.id, personId, orgPath: order.orgPath, kind, title, taxNo, email },
        personId,
      );
    } catch (error) {
      if (sqlState(error) === UNIQUE_VIOLATION)
        throw new AppError('state_conflict', { facts: { invoice: 'requested' } });
      throw error;
    }
    return toView(await readOne(tx, id), true);
  });

  bind(
    withdrawInvoice,
    ({ principal, params }) =>
      db.transaction(async (tx) => {
        await ownOrder(tx, principal.personId, params.id);
        const [row] = await read(tx, { orderId: params.id, limit: 1 });
        if (!row) throw new AppError('not_found');
        await end(tx, row, 'withdraw', { actorId: principal.personId });
      }) as Promise<undefined>,
  );

  bind(listInvoices, async ({ principal, query, res }) => {
    const open = may(principal.staff.role, 'orders:refund');
    const scope = { orgPath: principal.staff.orgPath, state: query.state };
    if (query.format === 'csv') {
      await sendPersonalCsv(res, deps, {
        ...{ by: principal, target: 'invoices', filter: { state: query.state }, columns },
        fileName: `invoices-${clock.now().toISOString().slice(0, 10)}.csv`,
        rows: everything(scope, open),
      });
      return written;
    }
    const found = await read(db.sql, { ...scope, after: decodeTimeCursor(query.cursor), limit: query.limit + 1 });
    const { rows, nextCursor } = cutPage(found, query.limit, cursorOf);
    return { items: rows.map((row) => toView(row, open)), nextCursor };
  });

  bind(issueInvoice, async ({ tx, principal, params, body }) => {
    // Refunds lock the order first, too: none begins between what it is worth and what is written.
    const { orderId } = await inScope(tx, principal, params.id);
    await tx`SELECT 1 FROM orders WHERE id = ${orderId} FOR UPDATE`;
    const row = await readOne(tx, params.id);
    if (row.amountFen <= 0n) throw new AppError('state_conflict', { facts: { amountFen: 0 } });
    await end(tx, row, 'issue', { actorId: principal.personId, number: body.number, url: body.url });
    await audit(tx, principal, row, 'invoice:issued', '');
    return toView(await readOne(tx, row.id), true);
  });
  bind(refuseInvoice, ({ principal, params, body }) =>
    db.transaction(async (tx) => {
      const row = await inScope(tx, principal, params.id);
      await end(tx, row, 'refuse', { actorId: principal.personId, reason: body.reason });
      await audit(tx, principal, row, 'invoice:refused', body.reason);
      return toView(await readOne(tx, row.id), true);
    }),
  );

  bind(voidInvoice, async ({ tx, principal, params, body }) => {
    const row = await inScope(tx, principal, params.id);
    await end(tx, row, 'void', { actorId: principal.personId, reason: body.reason });
    await audit(tx, principal, row, 'invoice:voided', body.reason);
    if (!body.again) return toView(await readOne(tx, row.id), true);
    const [order] = await tx<{ worthFen: bigint }>`SELECT order_worth(${row.orderId}) AS "worthFen"`;
    if (!order || order.worthFen <= 0n) throw new AppError('state_conflict', { facts: { amountFen: 0 } });
    return toView(await readOne(tx, await insert(tx, row, principal.personId)), true);
  });

  /** Asks for one; answers its id. */
  async function insert(
    tx: Tx,
    asked: Pick<Row, 'orderId' | 'personId' | 'orgPath' | 'kind' | 'title' | 'taxNo' | 'email'>,
    actorId: string,
  ): Promise<string> {
    const id = random.id();
    const at = clock.now();
    await tx`INSERT INTO invoices (id, order_id, person_id, org_path, kind, title, tax_no, email, state, requested_at)
      VALUES (${id}, ${asked.orderId}, ${asked.personId}, ${asked.orgPath}, ${asked.kind}, ${asked.title}, ${asked.taxNo}, ${asked.email},
        'requested', ${at})`;
    await tx`INSERT INTO invoice_events (invoice_id, to_state, event, actor_id, at)
      VALUES (${id}, 'requested', 'request', ${actorId}, ${at})`;
    return id;
  }

  async function end(
    tx: Tx,
    row: Row,
    event: InvoiceEvent,
    facts: { actorId: string; number?: string; url?: string | undefined; reason?: string },
  ): Promise<void> {
    const to = invoiceTransitions[row.state][event];
    const at = clock.now();
    const moved =
      to !== undefined &&
      (await tx`
        WITH moved AS (
          UPDATE invoices SET state = ${to}, number = coalesce(${facts.number ?? null}::text, number),
            url = coalesce(${facts.url ?? null}::text, url),
            amount_fen = CASE WHEN ${event} = 'issue' THEN ${row.amountFen}::bigint ELSE amount_fen END, reason = ${facts.reason ?? ''},
            ended_at = ${at}, ended_by = ${facts.actorId}
          WHERE id = ${row.id} AND state = ${row.state} RETURNING id, state, reason, number, amount_fen)
        INSERT INTO invoice_events (invoice_id, from_state, to_state, event, actor_id, reason, number, amount_fen, at)
        SELECT id, ${row.state}::text, state, ${event}::text, ${facts.actorId}::uuid, reason, number, amount_fen, ${at}::timestamptz
        FROM moved RETURNING id`);
    if (!moved || moved.length === 0) throw new AppError('state_conflict', { facts: { state: row.state } });
  }

  const audit = (tx: Tx, staff: StaffPrincipal, row: Row, action: string, reason: string) =>
    writeAudit(
      tx,
      { clock, random },
      {
        ...{ actorId: staff.personId, action, target: `invoice:${row.id}`, orgPath: row.orgPath, reason },
      },
    );

  async function* everything(scope: Scope, open: boolean): AsyncGenerator<Invoice> {
    let after: TimeCursor | undefined;
    for (;;) {
      const rows = await read(db.sql, { ...scope, after, limit: CSV_PAGE });
      for (const row of rows) yield toView(row, open);
      const last = rows.at(-1);
      if (!last || rows.length < CSV_PAGE) return;
      after = { at: last.requestedAt, id: last.id };
    }
  }
}

interface Scope {
  readonly orgPath: string;
  readonly state: InvoiceState | undefined;
}

async function ownOrder(sql: Sql, personId: string, orderId: string) {
  const [order] = await sql<{ orgPath: string; state: string; worthFen: bigint }>`
    SELECT org_path AS "orgPath", state, order_worth(id) AS "worthFen" FROM orders WHERE id = ${orderId} AND person_id = ${personId}`;
  if (!order) throw new AppError('not_found');
  return order;
}

async function inScope(tx: Tx, staff: StaffPrincipal, id: string): Promise<Row> {
  const row = await readOne(tx, id);
  requireScope(staff, 'orders:refund', row.orgPath);
  return row;
}

async function readOne(sql: Sql, id: string): Promise<Row> {
  const [row] = await read(sql, { id, limit: 1 });
  if (!row) throw new AppError('not_found');
  return row;
}

function read(
  sql: Sql,
  wanted: {
    id?: string;
    orderId?: string;
    orgPath?: string;
    state?: InvoiceState | undefined;
    after?: TimeCursor | undefined;
    limit: number;
  },
): Promise<Row[]> {
  const { id = null, orderId = null, orgPath = null, state = null, after } = wanted;
  return sql<Row>`
    SELECT v.id, v.order_id AS "orderId", o.order_no AS "orderNo", v.org_path AS "orgPath", v.person_id AS "personId", v.kind, v.title,
      v.tax_no AS "taxNo", v.email, v.state, coalesce(v.amount_fen, order_worth(o.id)) AS "amountFen", v.number, v.url, v.reason,
      v.requested_at AS "requestedAt", v.ended_at AS "endedAt",
      (SELECT coalesce(json_agg(json_build_object('from', e.from_state, 'to', e.to_state, 'event', e.event, 'reason', e.reason, 'at', e.at)
        ORDER BY e.id), '[]') FROM invoice_events e WHERE e.invoice_id = v.id) AS history,
      json_build_object('id', u.id, 'kind', u.kind, 'path', u.path, 'name', u.name) AS store
    FROM invoices v JOIN orders o ON o.id = v.order_id JOIN org_units u ON u.id = o.org_unit_id
    WHERE (${id}::uuid IS NULL OR v.id = ${id}::uuid) AND (${orderId}::uuid IS NULL OR v.order_id = ${orderId}::uuid)
      AND (${orgPath}::text IS NULL OR v.org_path = ${orgPath}::text OR v.org_path LIKE ${orgPath === null ? null : `${orgPath}.%`}::text)
      AND (${state}::text IS NULL OR v.state = ${state}::text)
      AND (${after?.at ?? null}::timestamptz IS NULL OR (v.requested_at, v.id) < (${after?.at ?? null}::timestamptz, ${after?.id ?? null}::uuid))
    ORDER BY v.requested_at DESC, v.id DESC LIMIT ${wanted.limit}`;
}

const cursorOf = ({ requestedAt, id }: Row): string => encodeTimeCursor({ at: requestedAt, id });

function toView({ orgPath: _path, personId: _person, ...row }: Row, open: boolean): Invoice {
  return {
    ...row,
    ...(open ? {} : masked(row)),
    amountFen: Number(row.amountFen),
    requestedAt: row.requestedAt.toISOString(),
    endedAt: row.endedAt?.toISOString() ?? null,
    history: row.history.map((step) => ({ ...step, at: new Date(step.at).toISOString() })),
  };
}

/** Rule Z6: what an invoice says of its buyer. */
const masked = ({
  title,
  taxNo,
  email,
}: Pick<Row, 'title' | 'taxNo' | 'email'>): Pick<Invoice, 'title' | 'taxNo' | 'email'> => ({
  title: maskName(title),
  taxNo: taxNo && maskTaxNo(taxNo),
  email: maskEmail(email),
});

const columns: readonly CsvColumn<Invoice>[] = [
  { title: 'invoiceId', value: (i) => i.id },
  { title: 'orderNo', value: (i) => i.orderNo },
  { title: 'storePath', value: (i) => i.store.path },
  { title: 'state', value: (i) => i.state },
  { title: 'kind', value: (i) => i.kind },
  { title: 'title', value: (i) => i.title },
  { title: 'taxNo', value: (i) => i.taxNo },
  { title: 'email', value: (i) => i.email },
  { title: 'amountFen', value: (i) => i.amountFen },
  { title: 'number', value: (i) => i.number },
  { title: 'url', value: (i) => i.url },
  { title: 'requestedAt', value: (i) => i.requestedAt },
  { title: 'endedAt', value: (i) => i.endedAt },
];
