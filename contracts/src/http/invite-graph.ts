import { z } from 'zod';
import { OrgPath, PersonId } from '../ids.ts';
import { Fen } from '../money.ts';
import { Instant, PageQuery, PersonRef, page, text } from './common.ts';
import { defineRoute } from './route.ts';

/*
 * Who brought whom: a forest of people (rule A5), with what stands below everybody. Figures are of the asker's scope: people brought
 * by rooms of its units, sales of its units. Names are shown by role and scope (rule Z6); phones never are.
 */

/** What stands below a person, at any depth. */
export const NetworkFigures = z
  .object({
    people: z.int(),
    /** Seen within 30 days: came by a link, was in a room, paid. */
    active: z.int(),
    /** Brought within 30 days. */
    fresh: z.int(),
    /** Paid orders; what was refunded later stands beside. */
    orders: z.int(),
    gmvFen: Fen,
    refundedFen: Fen,
  })
  .meta({ id: 'NetworkFigures' });
export type NetworkFigures = z.infer<typeof NetworkFigures>;
export const NetworkPerson = z
  .object({
    person: PersonRef,
    role: z.enum(['staff', 'consumer', 'guest']),
    /** Where they belong, as far as that is within the asker's scope. */
    store: z.string().nullable(),
    joinedAt: Instant.nullable(),
    lastSeenAt: Instant.nullable(),
    below: NetworkFigures,
    own: z.object({ orders: z.int(), gmvFen: Fen, refundedFen: Fen }),
  })
  .meta({ id: 'NetworkPerson' });
export type NetworkPerson = z.infer<typeof NetworkPerson>;
export const networkSorts = ['gmv', 'people', 'orders', 'active', 'fresh'] as const;
/** gmv: net of refunds. */
export const NetworkSort = z.enum(networkSorts).meta({ id: 'NetworkSort' });
export type NetworkSort = z.infer<typeof NetworkSort>;
/** What is deeper than this is counted in the last level. */
export const MAX_NETWORK_LEVEL = 64;
export const MAX_NETWORK_PICTURE = 100_000;

const tag = 'invite graph';
const access = { staff: 'customers:read' } as const;
const personParams = z.strictObject({ id: PersonId });
/** A unit of the asker's scope and all under it; the whole scope without it. */
const orgPath = OrgPath.optional();

export const networkRoots = defineRoute({
  id: 'invite-graph.roots',
  method: 'GET',
  path: '/invite-graph',
  tag,
  access,
  summary: 'Those whom nobody brought, by what they brought',
  query: PageQuery.extend({ orgPath, sort: NetworkSort.default('gmv') }),
  reply: page(NetworkPerson).extend({ at: Instant }),
  errors: ['not_found'],
});
export const networkPerson = defineRoute({
  id: 'invite-graph.person',
  method: 'GET',
  path: '/invite-graph/people/:id',
  tag,
  access,
  summary: 'One person: what stands below them, level by level, and who brought them',
  params: personParams,
  reply: z.object({
    ...NetworkPerson.shape,
    inviter: PersonRef.nullable(),
    levels: z.array(
      z.object({
        level: z.int().min(1).max(MAX_NETWORK_LEVEL),
        people: z.int(),
        orders: z.int(),
        gmvFen: Fen,
        refundedFen: Fen,
      }),
    ),
  }),
  errors: ['not_found'],
});
export const networkChildren = defineRoute({
  id: 'invite-graph.children',
  method: 'GET',
  path: '/invite-graph/people/:id/children',
  tag,
  access,
  summary: 'Those whom this person brought, each with what stands below',
  params: personParams,
  query: PageQuery.extend({ sort: NetworkSort.default('gmv') }),
  reply: page(NetworkPerson),
  errors: ['not_found'],
});
export const networkChain = defineRoute({
  id: 'invite-graph.chain',
  method: 'GET',
  path: '/invite-graph/people/:id/chain',
  tag,
  access,
  summary: 'By whom, and by whom before, this person came; the nearest first, at most 200',
  params: personParams,
  reply: z.object({ items: z.array(NetworkPerson), more: z.boolean() }),
  errors: ['not_found'],
});

export const networkSearch = defineRoute({
  id: 'invite-graph.search',
  method: 'GET',
  path: '/invite-graph/search',
  tag,
  access,
  summary: 'People of the network by a part of the name; only those whose name the asker may read (rule Z6)',
  query: z.strictObject({ orgPath, q: text(40), limit: z.coerce.number().int().min(1).max(50).default(20) }),
  reply: z.object({ items: z.array(NetworkPerson) }),
  errors: ['not_found'],
});

export const NetworkTie = z
  .enum(['brought', 'brought_by', 'guide_of', 'customer_of'])
  .meta({ id: 'NetworkTie', description: 'what the person before is to this one' });
export type NetworkTie = z.infer<typeof NetworkTie>;
export const networkPath = defineRoute({
  id: 'invite-graph.path',
  method: 'GET',
  path: '/invite-graph/path',
  tag,
  access,
  summary: 'The shortest way from one person (or me) to another over people who know one another',
  query: z.strictObject({ from: PersonId.optional(), to: PersonId }),
  reply: z.object({
    /** From the one to the other, both included; empty when there is no way within the scope. */
    steps: z.array(z.object({ person: PersonRef, tie: NetworkTie.nullable() })),
    /** False: the search was cut, a shorter way may exist. */
    shortest: z.boolean(),
  }),
  errors: ['not_found'],
});

export const adviceCodes = [
  'begin', // nobody yet
  'no_growth', // nobody new for 30 days
  'growth_down', // less than half of the 30 days before
  'growth_up', // at least half more than in the 30 days before
  'sleeping', // few were seen within 30 days
  'lively', // most were
  'depends_on_one', // half of all stand below one
  'handed_on_by_few', // hardly anybody brings somebody
  'few_orders',
  'many_refunds',
] as const;
export const NetworkAdvice = z
  .object({ code: z.enum(adviceCodes), facts: z.record(z.string(), z.int()) })
  .meta({ id: 'NetworkAdvice', description: 'shares in basis points' });
export type NetworkAdvice = z.infer<typeof NetworkAdvice>;
export const networkDiagnosis = defineRoute({
  id: 'invite-graph.diagnosis',
  method: 'GET',
  path: '/invite-graph/diagnosis',
  tag,
  access,
  summary: 'Size, depth, growth and activity of the scope’s network, or of what stands below one person, with advice',
  query: z.strictObject({ orgPath, personId: PersonId.optional() }),
  reply: z.object({
    at: Instant,
    people: z.int(),
    depth: z.int(),
    levels: z.array(z.object({ level: z.int(), people: z.int() })),
    growth: z.object({ last30Days: z.int(), previous30Days: z.int() }),
    active: z.int(),
    /** Of all these people, who brought somebody. */
    bringers: z.int(),
    /** Below the one under whom most stand. */
    largestBranch: z.int(),
    orders: z.int(),
    gmvFen: Fen,
    refundedFen: Fen,
    advice: z.array(NetworkAdvice),
  }),
  errors: ['not_found'],
});

export const networkKeyPeople = defineRoute({
  id: 'invite-graph.key-people',
  method: 'GET',
  path: '/invite-graph/key-people',
  tag,
  access,
  summary: 'Who brought most; or who buys, comes often and has brought nobody yet',
  query: z.strictObject({
    orgPath,
    by: z.enum(['brought', 'could_bring']).default('brought'),
    sort: NetworkSort.default('gmv'),
    limit: z.coerce.number().int().min(1).max(100).default(20),
  }),
  reply: z.object({ items: z.array(NetworkPerson) }),
  errors: ['not_found'],
});
export const networkLayout = defineRoute({
  id: 'invite-graph.layout',
  method: 'GET',
  path: '/invite-graph/layout',
  tag,
  access,
  summary: 'Places of up to 100,000 people for a picture of the network, as bytes (decodeNetworkLayout); no names',
  query: z.strictObject({
    orgPath,
    people: z.coerce.number().int().min(1).max(MAX_NETWORK_PICTURE).default(MAX_NETWORK_PICTURE),
  }),
  produces: ['application/octet-stream'],
  errors: ['not_found'],
});

// ── contacts ────────────────────────────────────────────────────────────────────────────────────────────────────────

export const ContactWay = z.enum(['phone', 'wechat', 'visit', 'message', 'other']).meta({ id: 'ContactWay' });
export const CustomerContact = z
  .object({
    id: z.uuid(),
    by: PersonRef,
    way: ContactWay,
    note: z.string(),
    at: Instant,
    /** When to speak again. */
    nextAt: Instant.nullable(),
  })
  .meta({ id: 'CustomerContact' });
export type CustomerContact = z.infer<typeof CustomerContact>;
export const contactReasons = [
  'promised', // the day to speak again has come
  'rising', // brings people these days
  'brought_and_silent', // brought people, and was not seen for a while
  'branch_cools', // few of those below are seen
  'buys_and_shares_not', // buys again and again, brought nobody
  'newcomer', // came this week, has bought nothing
] as const;
export const ContactReason = z
  .object({ code: z.enum(contactReasons), facts: z.record(z.string(), z.int()) })
  .meta({ id: 'ContactReason' });
export type ContactReason = z.infer<typeof ContactReason>;
export const contactNext = defineRoute({
  id: 'contacts.next',
  method: 'GET',
  path: '/invite-graph/contact-next',
  tag,
  access: { staff: 'customers:contact' },
  summary: 'Whom to speak with next, and why: customers of my scope, a guide’s own customers',
  query: z.strictObject({ limit: z.coerce.number().int().min(1).max(100).default(20) }),
  reply: z.object({
    items: z.array(
      z.object({ ...NetworkPerson.shape, reasons: z.array(ContactReason), lastContact: CustomerContact.nullable() }),
    ),
  }),
});
export const listContacts = defineRoute({
  id: 'contacts.list',
  method: 'GET',
  path: '/customers/:id/contacts',
  tag,
  access: { staff: 'customers:contact' },
  summary: 'Who of us spoke with this customer, the latest first',
  params: personParams,
  query: PageQuery,
  reply: page(CustomerContact),
  errors: ['not_found'],
});
export const writeContact = defineRoute({
  id: 'contacts.write',
  method: 'POST',
  path: '/customers/:id/contacts',
  tag,
  access: { staff: 'customers:contact' },
  idempotent: true,
  summary: 'Note that I spoke with a customer, and when to speak again',
  params: personParams,
  body: z.strictObject({ way: ContactWay, note: text(500), nextAt: Instant.optional() }),
  reply: CustomerContact,
  status: 201,
  errors: ['not_found'],
});

// ── a sharer's own ──────────────────────────────────────────────────────────────────────────────────────────────────

export const myNetwork = defineRoute({
  id: 'invite-graph.mine',
  method: 'GET',
  path: '/me/network',
  tag,
  access: 'person',
  summary: 'Whom I brought, and how many they brought: two steps and no further (rule K2)',
  query: PageQuery,
  reply: page(
    z.object({
      /** The first character (rule Z6). */
      name: z.string(),
      joinedAt: Instant.nullable(),
      active: z.boolean(),
      brought: z.int(),
    }),
  ).extend({ brought: z.int(), broughtByThem: z.int(), active: z.int() }),
});
