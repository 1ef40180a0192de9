import { z } from 'zod';
import { Instant } from '../http/common.ts';
import { PersonId, ProductId, RoomId } from '../ids.ts';

/*
 * What people do together in a room besides draws and red packets: check-in, quiz and survey, countdown, 接龙 (chain).
 * docs/12-interaction.md has the rules. Everything is counted by people who were there (rule Z8), nothing asks for a
 * share (rule Z5), and nothing of it gives money.
 */

export const CheckInId = z.uuid().meta({ description: 'id of a room’s check-in (UUIDv7)' });
export const PollId = z.uuid().meta({ description: 'id of a quiz question or a survey (UUIDv7)' });
export const CountdownId = z.uuid().meta({ description: 'id of a countdown (UUIDv7)' });
export const ChainId = z.uuid().meta({ description: 'id of a chain, 接龙 (UUIDv7)' });

// ── check-in ────────────────────────────────────────────────────────────────────────────────────────────────────────

export const CheckIn = z
  .object({
    id: CheckInId,
    roomId: RoomId,
    state: z.enum(['open', 'closed']),
    /** What the host says to it; may be empty. */
    message: z.string(),
    /** Unique people who checked in, in this room, so far. */
    people: z.int().min(0),
    openedAt: Instant,
    closedAt: Instant.nullable(),
  })
  .meta({ id: 'CheckIn' });
export type CheckIn = z.infer<typeof CheckIn>;

// ── quiz and survey ─────────────────────────────────────────────────────────────────────────────────────────────────

export const MIN_POLL_OPTIONS = 2;
export const MAX_POLL_OPTIONS = 6;
export const MAX_QUIZ_LEADERS = 10;

export const QuizLeader = z
  .object({
    rank: z.int().min(1),
    personId: PersonId,
    /** Masked: the first character. */
    name: z.string(),
    /** Right answers over all quiz questions of the room so far. */
    right: z.int().min(1),
    /** What these answers took, together, by the server’s clock. */
    ms: z.int().min(0),
  })
  .meta({ id: 'QuizLeader' });
export type QuizLeader = z.infer<typeof QuizLeader>;

export const Poll = z
  .object({
    id: PollId,
    roomId: RoomId,
    /** quiz: one option is right, told at the end. survey: none is. */
    kind: z.enum(['quiz', 'survey']),
    state: z.enum(['open', 'closed', 'cancelled']),
    question: z.string(),
    options: z.array(z.string()).min(MIN_POLL_OPTIONS).max(MAX_POLL_OPTIONS),
    multiple: z.boolean(),
    changeable: z.boolean(),
    openedAt: Instant,
    /** Server time; null: until the host closes it. */
    closesAt: Instant.nullable(),
    closedAt: Instant.nullable(),
    /** People who answered. */
    answers: z.int().min(0),
    /** Votes of each option in their order; null while they are not shown. Of a quiz: once it is closed. */
    tally: z.array(z.int().min(0)).nullable(),
    /** Grows with every answer and every change of one: an older count never replaces a newer one. */
    revision: z.int().min(0),
    /** Of a closed quiz: the option that is right, from 1. */
    rightNo: z.int().min(1).nullable(),
    /** Of a closed quiz, best first. */
    leaders: z.array(QuizLeader).max(MAX_QUIZ_LEADERS),
  })
  .meta({ id: 'Poll' });
export type Poll = z.infer<typeof Poll>;

// ── countdown ───────────────────────────────────────────────────────────────────────────────────────────────────────

/** The most a countdown may be ahead. */
export const MAX_COUNTDOWN_SECONDS = 86_400;

export const RoomCountdown = z
  .object({
    id: CountdownId,
    roomId: RoomId,
    state: z.enum(['running', 'ended', 'cancelled']),
    title: z.string(),
    startedAt: Instant,
    /** Server time. */
    endsAt: Instant,
    endedAt: Instant.nullable(),
  })
  .meta({ id: 'RoomCountdown' });
export type RoomCountdown = z.infer<typeof RoomCountdown>;

// ── 接龙 ────────────────────────────────────────────────────────────────────────────────────────────────────────────

export const MAX_CHAIN_QUANTITY = 99;
export const MAX_CHAIN_NOTE = 40;
/** Lines that travel with a chain: the ones that changed last. */
export const CHAIN_LATEST = 20;

export const ChainLine = z
  .object({
    /** In the order of arrival; a line keeps it. */
    no: z.int().min(1),
    personId: PersonId,
    name: z.string(),
    quantity: z.int().min(1),
    /** Empty for lines that are not in. */
    note: z.string(),
    /** removed: by the host or an assistant. */
    state: z.enum(['in', 'withdrawn', 'removed']),
    at: Instant,
    /** The chain’s version that its last change made. */
    version: z.int().min(1),
  })
  .meta({ id: 'ChainLine' });
export type ChainLine = z.infer<typeof ChainLine>;

/** Says who would like how many of something. It is no order, and nothing is kept for anybody. */
export const Chain = z
  .object({
    id: ChainId,
    roomId: RoomId,
    state: z.enum(['open', 'closed']),
    title: z.string(),
    product: z.object({ id: ProductId, title: z.string() }).nullable(),
    people: z.int().min(0),
    pieces: z.int().min(0),
    /** Grows with every change of a line. */
    version: z.int().min(0),
    openedAt: Instant,
    closedAt: Instant.nullable(),
    /** The newest changes, newest first. */
    latest: z.array(ChainLine).max(CHAIN_LATEST),
  })
  .meta({ id: 'Chain' });
export type Chain = z.infer<typeof Chain>;

// ── events, messages, snapshot ──────────────────────────────────────────────────────────────────────────────────────

/** Kinds of room events, for the union in events.ts. */
export const activityEventShapes = {
  'check-in:opened': { checkIn: CheckIn },
  'check-in:counted': { checkInId: CheckInId, people: z.int() },
  'check-in:closed': { checkIn: CheckIn },
  'poll:opened': { poll: Poll },
  'poll:counted': Poll.pick({ answers: true, tally: true, revision: true }).extend({ pollId: PollId }).shape,
  'poll:closed': { poll: Poll },
  'poll:cancelled': { pollId: PollId },
  'countdown:started': { countdown: RoomCountdown },
  'countdown:moved': { countdown: RoomCountdown },
  'countdown:ended': { countdown: RoomCountdown },
  'chain:opened': { chain: Chain },
  'chain:counted': { chain: Chain },
  'chain:closed': { chain: Chain },
} as const;

export const activityMessages = {
  /** Once a day of Shanghai; again = the same answer. */
  'checkin:do': {
    operate: false,
    payload: z.strictObject({}),
    /** `streak`: lives in a row, this one included. */
    reply: z.object({ streak: z.int().min(1) }),
  },
  /** One answer a person. What counts is in the reply: the first one, unless answers may be changed. */
  'poll:answer': {
    operate: false,
    payload: z.strictObject({
      pollId: PollId,
      choices: z
        .array(z.int().min(1).max(MAX_POLL_OPTIONS))
        .min(1)
        .max(MAX_POLL_OPTIONS)
        .refine((choices) => new Set(choices).size === choices.length, 'twice'),
    }),
    reply: z.object({ choices: z.array(z.int()) }),
  },
  /** Joins, changes the own line, or joins again. */
  'chain:join': {
    operate: false,
    payload: z.strictObject({
      chainId: ChainId,
      quantity: z.int().min(1).max(MAX_CHAIN_QUANTITY),
      note: z
        .string()
        .trim()
        .max(MAX_CHAIN_NOTE)
        .regex(/^[^\p{Cc}\p{Cs}]*$/u)
        .default(''),
    }),
    reply: z.object({ line: ChainLine, people: z.int(), pieces: z.int() }),
  },
  'chain:withdraw': {
    operate: false,
    payload: z.strictObject({ chainId: ChainId }),
    reply: z.object({ line: ChainLine, people: z.int(), pieces: z.int() }),
  },
} as const;

export type ActivityName = keyof typeof activityMessages;
export type ActivityPayload<Name extends ActivityName> = z.input<(typeof activityMessages)[Name]['payload']>;
export type ActivityReply<Name extends ActivityName> = z.output<(typeof activityMessages)[Name]['reply']>;

/** Of a snapshot: what is open, or (polls) has ended just now. */
export const ActivitiesSnapshot = z.object({
  checkIn: CheckIn.nullable(),
  poll: Poll.nullable(),
  countdown: RoomCountdown.nullable(),
  chain: Chain.nullable(),
});
export type ActivitiesSnapshot = z.infer<typeof ActivitiesSnapshot>;
export const activitiesSnapshotShape = { activities: ActivitiesSnapshot.optional() } as const;
