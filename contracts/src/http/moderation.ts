import { z } from 'zod';
import { OrgPath, RoomId } from '../ids.ts';
import { ReportReason } from '../realtime/chat.ts';
import { Instant, PageQuery, PersonRef, page, text } from './common.ts';
import { defineRoute } from './route.ts';

// ── word lists and the claim guard (rule Z3) ───────────────────────────────────────────────────────────────────────

/** claim: what ordinary food must not promise. contact: leads people away. harmless: what it covers is no hit. */
export const termKinds = ['claim', 'abuse', 'contact', 'harmless'] as const;
export const TermKind = z.enum(termKinds);
export type TermKind = z.infer<typeof TermKind>;
/** show: it is said, and the guide of the room is shown it. allow: for harmless words, and for them alone. */
export const termActions = ['block', 'mask', 'show', 'allow'] as const;
export const TermAction = z.enum(termActions);
export type TermAction = z.infer<typeof TermAction>;

export const MAX_TERM_LENGTH = 40;
/** Terms one request may bring. */
export const IMPORT_BATCH = 200;

const TermInput = z.strictObject({
  text: text(MAX_TERM_LENGTH),
  kind: TermKind,
  action: TermAction,
  /** Why: a law, an article, a decision. */
  source: text(200, 0).default(''),
});
export type TermInput = z.infer<typeof TermInput>;

export const GuardTerm = z
  .object({
    id: z.uuid(),
    text: z.string(),
    kind: TermKind,
    action: TermAction,
    source: z.string(),
    /** starter: of the built-in dictionary. */
    origin: z.enum(['starter', 'brand']),
    active: z.boolean(),
    updatedBy: PersonRef.nullable(),
    updatedAt: Instant,
  })
  .meta({ id: 'GuardTerm' });
export type GuardTerm = z.infer<typeof GuardTerm>;

const termId = z.strictObject({ id: z.uuid() });

export const listTerms = defineRoute({
  id: 'guard.terms',
  method: 'GET',
  path: '/guard/terms',
  tag: 'moderation',
  access: { staff: 'words:read' },
  summary: 'The brand’s word list, last changed first',
  query: PageQuery.extend({
    kind: TermKind.optional(),
    search: text(MAX_TERM_LENGTH).optional(),
    format: z.enum(['csv']).optional(),
  }),
  reply: page(GuardTerm).extend({
    /** Grows with every change. */
    version: z.int(),
    total: z.int(),
  }),
  produces: ['text/csv'],
});
export const addTerm = defineRoute({
  id: 'guard.terms.add',
  method: 'POST',
  path: '/guard/terms',
  tag: 'moderation',
  access: { staff: 'words:write' },
  summary: 'A term more; every node knows it within seconds',
  body: TermInput,
  reply: GuardTerm,
  status: 201,
  errors: ['conflict'],
});
export const patchTerm = defineRoute({
  id: 'guard.terms.patch',
  method: 'PATCH',
  path: '/guard/terms/:id',
  tag: 'moderation',
  access: { staff: 'words:write' },
  summary: 'What happens at a term, or that it rests',
  params: termId,
  body: z.strictObject({
    kind: TermKind.optional(),
    action: TermAction.optional(),
    source: text(200, 0).optional(),
    active: z.boolean().optional(),
  }),
  reply: GuardTerm,
});
export const removeTerm = defineRoute({
  id: 'guard.terms.remove',
  method: 'DELETE',
  path: '/guard/terms/:id',
  tag: 'moderation',
  access: { staff: 'words:write' },
  summary: 'A term less; the list’s history keeps it',
  params: termId,
  status: 204,
});
export const importTerms = defineRoute({
  id: 'guard.terms.import',
  method: 'POST',
  path: '/guard/terms/import',
  tag: 'moderation',
  access: { staff: 'words:write' },
  summary: 'Rows of a CSV: new terms are added, known ones take what the rows say',
  body: z.strictObject({ items: z.array(TermInput).min(1).max(IMPORT_BATCH) }),
  reply: z.object({
    added: z.int(),
    changed: z.int(),
    same: z.int(),
    /** By the place in `items`: no letter in it, an action that does not fit the kind, the same term twice. */
    refused: z.array(z.object({ index: z.int(), issue: z.enum(['no_letters', 'wrong_action', 'twice']) })),
    version: z.int(),
  }),
});
export const listTermChanges = defineRoute({
  id: 'guard.changes',
  method: 'GET',
  path: '/guard/changes',
  tag: 'moderation',
  access: { staff: 'words:read' },
  summary: 'What was changed in the word list, by whom, newest first',
  query: z.strictObject({ limit: z.coerce.number().int().min(1).max(100).default(20) }),
  reply: z.object({
    items: z.array(
      z.object({
        version: z.int(),
        action: z.enum(['starter', 'added', 'changed', 'removed', 'imported']),
        by: PersonRef.nullable(),
        /** The terms, as many as fit into a line. */
        terms: z.array(z.string()),
        count: z.int(),
        at: Instant,
      }),
    ),
  }),
});
const Hit = z.object({ term: z.string(), kind: TermKind, action: TermAction, found: z.string() });
export const checkText = defineRoute({
  id: 'guard.check',
  method: 'POST',
  path: '/guard/check',
  tag: 'moderation',
  access: { staff: 'words:read' },
  summary: 'What the word list finds in a text; nothing is logged',
  body: z.strictObject({ text: text(2_000) }),
  reply: z.object({ hits: z.array(Hit), masked: z.string(), version: z.int() }),
});

/** play: draws, red packets, quizzes, surveys, countdowns, chains: their titles, keywords and prizes. */
export const guardPlaces = [
  'chat',
  'notice',
  'pinned',
  'room',
  'product',
  'play',
  'persona',
  'card',
  'content',
] as const;
export const GuardPlace = z.enum(guardPlaces);
export type GuardPlace = z.infer<typeof GuardPlace>;
export const guardOutcomes = ['blocked', 'masked', 'shown'] as const;

export const GuardCorrection = z
  .object({
    id: z.uuid(),
    at: Instant,
    place: GuardPlace,
    person: PersonRef,
    orgPath: OrgPath,
    room: z.object({ id: RoomId, title: z.string() }).nullable(),
    term: z.string(),
    kind: TermKind,
    /** What was done. */
    outcome: z.enum(guardOutcomes),
    /** As it was written. */
    text: z.string(),
    listVersion: z.int(),
  })
  .meta({ id: 'GuardCorrection' });
export type GuardCorrection = z.infer<typeof GuardCorrection>;
export const listCorrections = defineRoute({
  id: 'guard.corrections',
  method: 'GET',
  path: '/guard/corrections',
  tag: 'moderation',
  access: { staff: 'words:read' },
  summary: 'The correction log of my scope: who wrote what, which term it was, what was done; newest first',
  query: PageQuery.extend({
    place: GuardPlace.optional(),
    outcome: z.enum(guardOutcomes).optional(),
    kind: TermKind.optional(),
    search: text(MAX_TERM_LENGTH).optional(),
  }),
  reply: page(GuardCorrection),
});

// ── reports of viewers ─────────────────────────────────────────────────────────────────────────────────────────────

export const ChatReport = z
  .object({
    id: z.uuid(),
    room: z.object({ id: RoomId, title: z.string() }),
    messageId: z.string(),
    author: PersonRef,
    text: z.string(),
    /** The term of the word list that brought it here. */
    term: z.string().nullable(),
    /** How many people reported it, by reason. */
    voices: z.int(),
    reasons: z.array(z.object({ reason: ReportReason, count: z.int() })),
    notes: z.array(z.string()),
    state: z.enum(['open', 'upheld', 'dismissed']),
    at: Instant,
    closedBy: PersonRef.nullable(),
    closedAt: Instant.nullable(),
  })
  .meta({ id: 'ChatReport' });
export type ChatReport = z.infer<typeof ChatReport>;

export const listReports = defineRoute({
  id: 'chat-reports.list',
  method: 'GET',
  path: '/chat-reports',
  tag: 'moderation',
  access: { staff: 'rooms:operate' },
  summary: 'Messages that viewers reported or the word list shows, of my scope; newest first',
  query: PageQuery.extend({ roomId: RoomId.optional(), state: z.enum(['open', 'closed']).default('open') }),
  reply: page(ChatReport).extend({ open: z.int() }),
});
export const resolveReport = defineRoute({
  id: 'chat-reports.resolve',
  method: 'POST',
  path: '/chat-reports/:id/resolve',
  tag: 'moderation',
  access: { staff: 'rooms:operate' },
  summary: 'Upheld deletes the message, dismissed leaves it',
  params: z.strictObject({ id: z.uuid() }),
  body: z.strictObject({ outcome: z.enum(['upheld', 'dismissed']), reason: text(100, 0).default('') }),
  reply: ChatReport,
  errors: ['state_conflict'],
});

// ── sanctions of many rooms ────────────────────────────────────────────────────────────────────────────────────────

export const StandingSanction = z
  .object({
    id: z.uuid(),
    room: z.object({ id: RoomId, title: z.string() }),
    person: PersonRef,
    kind: z.enum(['mute', 'ban']),
    reason: z.string(),
    by: PersonRef,
    at: Instant,
    until: Instant.nullable(),
  })
  .meta({ id: 'StandingSanction' });
export const listSanctions = defineRoute({
  id: 'moderation.standing',
  method: 'GET',
  path: '/moderation',
  tag: 'moderation',
  access: { staff: 'rooms:operate' },
  summary: 'Who is muted or banned, in all rooms of my scope; newest first',
  query: PageQuery.extend({ kind: z.enum(['mute', 'ban']).optional(), search: text(40).optional() }),
  reply: page(StandingSanction),
});
