/** What is stored about one person: given to them, or forgotten (rule Z6); and what they agreed to. */
import { z } from 'zod';
import { PersonId } from '../ids.ts';
import { Empty, Instant, PageQuery, page, text } from './common.ts';
import { defineRoute } from './route.ts';

export const DataRequestId = z.uuid().meta({ description: 'id of a request about one person’s data (UUIDv7)' });
export const DataRequestKind = z.enum(['export', 'deletion']).meta({ id: 'DataRequestKind' });
export type DataRequestKind = z.infer<typeof DataRequestKind>;
/**
 * `export`: waiting → ready → expired. `deletion`: waiting (may be called off) → closed (nobody signs in any more, what is
 * stored goes) → done; or cancelled.
 */
export const DataRequestState = z
  .enum(['waiting', 'ready', 'expired', 'closed', 'done', 'cancelled'])
  .meta({ id: 'DataRequestState' });
export type DataRequestState = z.infer<typeof DataRequestState>;

export const deletionBlocks = [
  'open_orders',
  'open_cases',
  'open_refunds',
  'coins',
  'rewards',
  'commission',
  'payouts',
  'staff_account',
  'hosting',
] as const;
/** Why somebody cannot be forgotten yet. */
export const DeletionBlock = z.enum(deletionBlocks).meta({ id: 'DeletionBlock' });
export type DeletionBlock = z.infer<typeof DeletionBlock>;

export const DataRequest = z
  .object({
    id: DataRequestId,
    kind: DataRequestKind,
    state: DataRequestState,
    /** Their name; of a customer masked by role. */
    person: z.object({ id: PersonId, name: z.string() }),
    /** Null: the person themselves. */
    askedBy: z.object({ id: PersonId, name: z.string() }).nullable(),
    reason: z.string(),
    steps: z.int(),
    stepsDone: z.int(),
    /** What stands in the way of a deletion now; it waits until that is settled. */
    blocks: z.array(DeletionBlock),
    askedAt: Instant,
    /** A deletion may be called off until then. */
    dueAt: Instant,
    endedAt: Instant.nullable(),
    /** Until when a file may be fetched. */
    expiresAt: Instant.nullable(),
    bytes: z.int(),
    rows: z.int(),
  })
  .meta({ id: 'DataRequest' });
export type DataRequest = z.infer<typeof DataRequest>;

export const exportMyData = defineRoute({
  id: 'data-requests.export-mine',
  method: 'POST',
  path: '/me/data-export',
  tag: 'personal data',
  access: 'consumer',
  idempotent: true,
  summary: 'Ask for a file of all that is stored about me; again while one is being made = the same one',
  body: Empty,
  reply: DataRequest,
  status: 202,
  errors: ['rate_limited'],
});
export const deleteMyData = defineRoute({
  id: 'data-requests.delete-mine',
  method: 'POST',
  path: '/me/data-deletion',
  tag: 'personal data',
  access: 'consumer',
  idempotent: true,
  summary:
    'Ask to be forgotten. It waits some days and may be called off; open orders, cases, coins or money owed stand in its way (facts: blocks)',
  body: Empty,
  reply: DataRequest,
  status: 202,
  errors: ['state_conflict'],
});
export const deletionCheck = defineRoute({
  id: 'data-requests.check-mine',
  method: 'GET',
  path: '/me/data-deletion',
  tag: 'personal data',
  access: 'consumer',
  summary: 'What would stand in the way of forgetting me, and how long it would wait',
  reply: z.object({ blocks: z.array(DeletionBlock), waitDays: z.int() }),
});
export const myDataRequests = defineRoute({
  id: 'data-requests.mine',
  method: 'GET',
  path: '/me/data-requests',
  tag: 'personal data',
  access: 'consumer',
  summary: 'My requests, the newest first',
  reply: z.object({ items: z.array(DataRequest) }),
});
const request = z.strictObject({ id: DataRequestId });
export const cancelDataRequest = defineRoute({
  id: 'data-requests.cancel',
  method: 'POST',
  path: '/data-requests/:id/cancel',
  tag: 'personal data',
  access: { consumerOrStaff: 'personal-data:write' },
  summary: 'Call a deletion off while it waits; again = the same answer',
  params: request,
  body: z.strictObject({ reason: text(200, 0).default('') }),
  reply: DataRequest,
  errors: ['not_found', 'too_late', 'invalid_request'],
});
export const dataRequestFile = defineRoute({
  id: 'data-requests.file',
  method: 'GET',
  path: '/data-requests/:id/file',
  tag: 'personal data',
  access: { consumerOrStaff: 'personal-data:write' },
  summary:
    'The file, for whom it is about and for who of the staff asked for it; each fetch by staff is in the audit log',
  params: request,
  produces: ['application/json'],
  errors: ['not_found', 'gone', 'too_early'],
});
export const askDataRequest = defineRoute({
  id: 'data-requests.ask',
  method: 'POST',
  path: '/people/:id/data-requests',
  tag: 'personal data',
  access: { staff: 'personal-data:write' },
  idempotent: true,
  summary: 'Headquarters asks for the file or the deletion of one person, with a reason that stands in the audit log',
  params: z.strictObject({ id: PersonId }),
  body: z.strictObject({ kind: DataRequestKind, reason: text(200, 2) }),
  reply: DataRequest,
  status: 202,
  errors: ['not_found', 'state_conflict', 'rate_limited'],
});
export const listDataRequests = defineRoute({
  id: 'data-requests.list',
  method: 'GET',
  path: '/data-requests',
  tag: 'personal data',
  access: { staff: 'personal-data:write' },
  summary: 'Requests of everybody, the newest first',
  query: PageQuery.extend({ kind: DataRequestKind.optional(), state: DataRequestState.optional() }),
  reply: page(DataRequest),
});
export const getDataRequest = defineRoute({
  id: 'data-requests.get',
  method: 'GET',
  path: '/data-requests/:id',
  tag: 'personal data',
  access: { consumerOrStaff: 'personal-data:write' },
  summary: 'How far a request is',
  params: request,
  reply: DataRequest,
  errors: ['not_found'],
});
export const findPerson = defineRoute({
  id: 'people.find',
  method: 'POST',
  path: '/people/find',
  tag: 'personal data',
  access: { staff: 'personal-data:write' },
  summary:
    'Whose data it is: a person by their whole phone number, their id or an order’s number; the search is in the audit log',
  body: z.strictObject({ by: z.string().trim().min(4).max(64) }),
  reply: z.object({
    items: z.array(
      z.object({
        id: PersonId,
        name: z.string(),
        kind: z.enum(['guest', 'consumer', 'staff']),
        phoneMasked: z.string().nullable(),
        since: Instant,
      }),
    ),
  }),
});

export const consentPurposes = ['adult_check', 'room_messages'] as const;
export const ConsentPurpose = z.enum(consentPurposes).meta({ id: 'ConsentPurpose' });
export type ConsentPurpose = z.infer<typeof ConsentPurpose>;
export const listMyConsents = defineRoute({
  id: 'consents.mine',
  method: 'GET',
  path: '/me/consents',
  tag: 'personal data',
  access: 'person',
  summary: 'What I agreed to and when, and what I took back',
  reply: z.object({
    items: z.array(
      z.object({
        purpose: z.string(),
        wording: z.int(),
        givenAt: Instant,
        withdrawnAt: Instant.nullable(),
      }),
    ),
  }),
});
export const withdrawConsent = defineRoute({
  id: 'consents.withdraw',
  method: 'POST',
  path: '/me/consents/:purpose/withdraw',
  tag: 'personal data',
  access: 'person',
  summary: 'Take a consent back; what rested on it is deleted at once. Again = the same answer',
  params: z.strictObject({ purpose: ConsentPurpose }),
  body: Empty,
  reply: z.strictObject({}),
});
