/** The notes that were set aside, as staff of their store see them and try them again. */
import { listOrderNotes, type OrderNote, retryOrderNote } from '@walnut-live/contracts';
import { writeAudit } from '../../platform/audit.ts';
import type { Clock, Random } from '../../platform/clock.ts';
import { cutPage, decodeTimeCursor, encodeTimeCursor } from '../../platform/cursor.ts';
import type { Db } from '../../platform/db.ts';
import { AppError } from '../../platform/errors.ts';
import type { Binder } from '../../platform/http.ts';
import { requireScope } from '../../platform/principal.ts';

type Row = Omit<OrderNote, 'at' | 'setAsideAt'> & { readonly at: Date; readonly setAsideAt: Date };

export function bindSetAside(bind: Binder, deps: { db: Db; clock: Clock; random: Random }): void {
  const { db } = deps;

  bind(listOrderNotes, async ({ principal, query }) => {
    const { orgPath } = principal.staff;
    const after = decodeTimeCursor(query.cursor);
    const found = await db.sql<Row>`
      SELECT h.note_id AS id, h.kind, json_build_object('id', o.id, 'orderNo', o.order_no) AS order,
        json_build_object('id', u.id, 'kind', u.kind, 'path', u.path, 'name', u.name) AS store, h.at, h.attempts,
        h.set_aside_at AS "setAsideAt", h.error
      FROM order_hooks h JOIN orders o ON o.id = h.order_id JOIN org_units u ON u.id = o.org_unit_id
      WHERE h.set_aside_at IS NOT NULL AND (o.org_path = ${orgPath} OR o.org_path LIKE ${`${orgPath}.%`})
        AND (${after?.at ?? null}::timestamptz IS NULL
          OR (h.set_aside_at, h.note_id) < (${after?.at ?? null}::timestamptz, ${after?.id ?? null}::uuid))
      ORDER BY h.set_aside_at DESC, h.note_id DESC LIMIT ${query.limit + 1}`;
    const { rows, nextCursor } = cutPage(found, query.limit, ({ setAsideAt, id }) =>
      encodeTimeCursor({ at: setAsideAt, id }),
    );
    return {
      items: rows.map((row) => ({ ...row, at: row.at.toISOString(), setAsideAt: row.setAsideAt.toISOString() })),
      nextCursor,
    };
  });

  bind(retryOrderNote, async ({ principal, params }) => {
    await db.transaction(async (tx) => {
      const [note] = await tx<{ orderId: string; orgPath: string }>`
        SELECT o.id AS "orderId", o.org_path AS "orgPath" FROM order_hooks h JOIN orders o ON o.id = h.order_id
        WHERE h.note_id = ${params.id}`;
      if (!note) throw new AppError('not_found');
      requireScope(principal, 'campaigns:write', note.orgPath);
      const freed = await tx`UPDATE order_hooks SET set_aside_at = NULL, attempts = 0, error = ''
        WHERE note_id = ${params.id} AND set_aside_at IS NOT NULL RETURNING id`;
      if (freed.length === 0) throw new AppError('state_conflict');
      await writeAudit(tx, deps, {
        ...{ actorId: principal.personId, action: 'order-note:retried', target: `order:${note.orderId}` },
        ...{ orgPath: note.orgPath, detail: { note: params.id } },
      });
    });
    return undefined;
  });
}
