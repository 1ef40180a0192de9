import { z } from 'zod';
import { RoomId } from '../ids.ts';
import { MAX_POLL_OPTIONS, MIN_POLL_OPTIONS, Poll, PollId } from '../realtime/activities.ts';
import { Empty, PageQuery, page, text } from './common.ts';
import { defineRoute } from './route.ts';

const params = z.strictObject({ id: PollId });
/** Without a time a quiz takes so long, seconds. */
export const QUIZ_SECONDS = 20;
const MAX_QUIZ_SECONDS = 300;

export const openPoll = defineRoute({
  id: 'polls.open',
  method: 'POST',
  path: '/polls',
  tag: 'activities',
  access: { staff: 'rooms:operate' },
  summary:
    'Ask a room: a quiz with one right answer, which nobody is told before its time is over, or a survey. A room has one at a time; audited',
  body: z
    .strictObject({
      kind: z.enum(['quiz', 'survey']),
      roomId: RoomId,
      question: text(60),
      options: z.array(text(30)).min(MIN_POLL_OPTIONS).max(MAX_POLL_OPTIONS),
      /** Of a quiz: the option that is right, from 1. */
      rightNo: z.int().min(1).max(MAX_POLL_OPTIONS).nullable().default(null),
      /** Null: a quiz takes QUIZ_SECONDS, a survey lasts until it is closed. */
      seconds: z.int().min(5).max(3_600).nullable().default(null),
      // Of a survey; a quiz has one choice, shown at the end, that stays.
      multiple: z.boolean().default(false),
      /** Everybody sees the distribution while it is open; else at the end alone. */
      liveResults: z.boolean().default(true),
      changeable: z.boolean().default(false),
    })
    .refine(({ kind, rightNo, options }) => kind === 'survey' || (rightNo !== null && rightNo <= options.length), {
      path: ['rightNo'],
      message: 'no_such_option',
    })
    .refine(({ kind, seconds }) => kind === 'survey' || seconds === null || seconds <= MAX_QUIZ_SECONDS, {
      path: ['seconds'],
      message: 'too_long',
    }),
  reply: Poll,
  status: 201,
  errors: ['not_found', 'room_not_live', 'state_conflict', 'words_refused', 'invalid_request'],
});
export const closePoll = defineRoute({
  id: 'polls.close',
  method: 'POST',
  path: '/polls/:id/close',
  tag: 'activities',
  access: { staff: 'rooms:operate' },
  summary: 'End a quiz or a survey before its time and show the result; audited. Again = the same answer',
  params,
  body: Empty,
  reply: Poll,
  errors: ['not_found', 'state_conflict'],
});
export const cancelPoll = defineRoute({
  id: 'polls.cancel',
  method: 'POST',
  path: '/polls/:id/cancel',
  tag: 'activities',
  access: { staff: 'rooms:operate' },
  summary:
    'Take back a question: no result, and it counts for no ranking; audited with its reason. Again = the same answer',
  params,
  body: z.strictObject({ reason: text(100) }),
  reply: Poll,
  errors: ['not_found', 'state_conflict'],
});
export const getPoll = defineRoute({
  id: 'polls.get',
  method: 'GET',
  path: '/polls/:id',
  tag: 'activities',
  access: 'public',
  summary: 'A quiz or a survey; of a closed one the result',
  params,
  reply: Poll,
  errors: ['not_found'],
});
export const listPolls = defineRoute({
  id: 'polls.list',
  method: 'GET',
  path: '/polls',
  tag: 'activities',
  access: 'public',
  summary: 'The quizzes and surveys of a room, the newest first',
  query: PageQuery.extend({ roomId: RoomId }),
  reply: page(Poll),
});
export const myAnswer = defineRoute({
  id: 'polls.mine',
  method: 'GET',
  path: '/polls/:id/mine',
  tag: 'activities',
  access: 'person',
  summary: 'What I answered',
  params,
  reply: z.object({ choices: z.array(z.int()).nullable() }),
  errors: ['not_found'],
});
