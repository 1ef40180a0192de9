/** What buyers are to be told of their orders and could not be: set aside after several tries, for somebody to look at. */
import { z } from 'zod';
import { OrderId } from '../ids.ts';
import { Empty, Instant, OrgUnitRef, PageQuery, page } from './common.ts';
import { defineRoute } from './route.ts';

export const OrderNoteId = z.uuid().meta({ description: 'id of a note about an order (UUIDv4)' });
export const OrderNote = z
  .object({
    id: OrderNoteId,
    kind: z.enum(['paid', 'shipped', 'near', 'signed']),
    order: z.object({ id: OrderId, orderNo: z.string() }),
    store: OrgUnitRef,
    at: Instant,
    attempts: z.int().positive(),
    setAsideAt: Instant,
    /** What the last try ended with; for those who run the product. */
    error: z.string(),
  })
  .meta({ id: 'OrderNote' });
export type OrderNote = z.infer<typeof OrderNote>;

export const listOrderNotes = defineRoute({
  id: 'order-notes.list',
  method: 'GET',
  path: '/order-notes',
  tag: 'messages',
  access: { staff: 'campaigns:read' },
  summary: 'News of orders in my scope that could not be told and were set aside, the latest first',
  query: PageQuery,
  reply: page(OrderNote),
});
export const retryOrderNote = defineRoute({
  id: 'order-notes.retry',
  method: 'POST',
  path: '/order-notes/:id/retry',
  tag: 'messages',
  access: { staff: 'campaigns:write' },
  summary: 'Try one that was set aside once more, as often as a new one. Audited',
  params: z.strictObject({ id: OrderNoteId }),
  body: Empty,
  status: 204,
  errors: ['not_found', 'state_conflict'],
});
