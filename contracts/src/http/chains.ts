import { z } from 'zod';
import { ProductId, RoomId } from '../ids.ts';
import { Chain, ChainId, ChainLine } from '../realtime/activities.ts';
import { Empty, Instant, MAX_INT4, PageQuery, page, text } from './common.ts';
import { defineRoute } from './route.ts';

const params = z.strictObject({ id: ChainId });

export const openChain = defineRoute({
  id: 'chains.open',
  method: 'POST',
  path: '/chains',
  tag: 'activities',
  access: { staff: 'rooms:operate' },
  summary:
    'Open a chain (接龙): people put themselves down with a quantity and a note. An expression of interest, no order. A room has one at a time; audited',
  body: z.strictObject({
    roomId: RoomId,
    title: text(30),
    /** One of the bag; people get a button to it. */
    productId: ProductId.nullable().default(null),
  }),
  reply: Chain,
  status: 201,
  errors: ['not_found', 'room_not_live', 'state_conflict', 'words_refused'],
});
export const closeChain = defineRoute({
  id: 'chains.close',
  method: 'POST',
  path: '/chains/:id/close',
  tag: 'activities',
  access: { staff: 'rooms:operate' },
  summary: 'Close a chain: its lines stay as they are; audited. Again = the same answer',
  params,
  body: Empty,
  reply: Chain,
  errors: ['not_found'],
});
export const listChains = defineRoute({
  id: 'chains.list',
  method: 'GET',
  path: '/chains',
  tag: 'activities',
  access: 'public',
  summary: 'The chains of a room, the newest first',
  query: PageQuery.extend({ roomId: RoomId }),
  reply: page(Chain),
});
export const chainLines = defineRoute({
  id: 'chains.lines',
  method: 'GET',
  path: '/chains/:id/lines',
  tag: 'activities',
  access: 'public',
  summary: 'The lines of a chain, the newest first; withdrawn ones keep their place',
  params,
  query: PageQuery,
  reply: page(ChainLine),
  errors: ['not_found'],
});
export const myLine = defineRoute({
  id: 'chains.mine',
  method: 'GET',
  path: '/chains/:id/mine',
  tag: 'activities',
  access: 'person',
  summary: 'My line in a chain',
  params,
  reply: z.object({ line: ChainLine.nullable() }),
  errors: ['not_found'],
});
export const ChainPerson = ChainLine.omit({ version: true })
  .extend({
    /** Masked for staff who do not ship (rule Z6). */
    phone: z.string().nullable(),
    changedAt: Instant,
  })
  .meta({ id: 'ChainPerson' });
export type ChainPerson = z.infer<typeof ChainPerson>;
export const chainPeople = defineRoute({
  id: 'chains.people',
  method: 'GET',
  path: '/chains/:id/people',
  tag: 'activities',
  access: { staff: 'rooms:operate' },
  summary: 'Who put themselves down in a chain of my scope, by number; all of them as CSV by `?format=csv`',
  produces: ['text/csv'],
  params,
  query: PageQuery.extend({ format: z.enum(['json', 'csv']).optional() }),
  reply: page(ChainPerson),
  errors: ['not_found'],
});
export const removeChainLine = defineRoute({
  id: 'chains.remove-line',
  method: 'POST',
  path: '/chains/:id/removals',
  tag: 'activities',
  access: { staff: 'rooms:operate' },
  summary: 'Take a line off the list for good; audited with its reason. Again = the same answer',
  params,
  body: z.strictObject({ no: z.int().min(1).max(MAX_INT4), reason: text(100) }),
  reply: Chain,
  errors: ['not_found'],
});
