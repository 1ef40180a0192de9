/**
 * Quizzes and surveys of a room.
 *
 * Model: open → closed (with its result) or cancelled; a quiz and a survey with a time close by themselves. An answer holds the
 * open question until it is written, so a close waits for answers under way and none comes after it.
 * Invariants: everything stands in PostgreSQL, so no node knows more than another; one answer a person (primary key); the
 * server’s clock says what is late; the key of a quiz is in no reply, event, snapshot, log or audit entry before it is closed;
 * a result is written once, with the ranking as it was then.
 */
import {
  type BodyOf,
  cancelPoll,
  closePoll,
  getPoll,
  listPolls,
  myAnswer,
  openPoll,
  type Poll,
  QUIZ_SECONDS,
} from '@walnut-live/contracts';
import { writeAudit } from '../../platform/audit.ts';
import { cutPage, decodeTimeCursor, encodeTimeCursor } from '../../platform/cursor.ts';
import type { Sql, Tx } from '../../platform/db.ts';
import { AppError } from '../../platform/errors.ts';
import { maskName } from '../../platform/masks.policy.ts';
import { writeRoomEvent } from '../../platform/outbox.ts';
import { type Principal, requireScope } from '../../platform/principal.ts';
import { type ActivityDeps, createNews, finishEach, refusalOfTakingPart, roomToOpenIn } from '../activities/index.ts';
import { haveTwins, leadersOf, readChoices } from './polls.policy.ts';
import {
  choicesOf,
  insertPoll,
  type PollRow,
  readPoll,
  readPolls,
  scoresOf,
  toPoll,
  writeAnswer,
} from './polls.repository.ts';

export const POLLS_JOB = 'polls-due';
const DUE_EVERY_MS = 1_000;
const DUE_AT_ONCE = 20;
/** A result stays in the room’s snapshot for this long. */
const RESULT_SHOWN_MS = 3 * 60_000;

export function createPolls(deps: ActivityDeps) {
  const { bind, db, clock, random, guard } = deps;
  const news = createNews({
    ...deps,
    async read(id) {
      const row = await readPoll(db.sql, id);
      if (row?.state !== 'open') return undefined;
      const { answers, tally, revision } = toPoll(row);
      return { kind: 'poll:counted', pollId: id, answers, tally, revision };
    },
  });

  async function find(id: string, sql: Sql = db.sql): Promise<PollRow> {
    const row = await readPoll(sql, id);
    if (!row) throw new AppError('not_found');
    return row;
  }
  async function operable(principal: Principal, id: string): Promise<PollRow> {
    const row = await find(id);
    requireScope(principal, 'rooms:operate', row.orgPath);
    return row;
  }
  const audit = (tx: Tx, actorId: string | null, row: PollRow, action: string, reason = '') =>
    writeAudit(tx, deps, {
      ...{ actorId, action, target: `poll:${row.id}`, orgPath: row.orgPath, reason },
      detail: { roomId: row.roomId, kind: row.kind, question: row.question, answers: row.answers },
    });

  async function open(principal: Principal, body: BodyOf<typeof openPoll>): Promise<Poll> {
    const { personId } = principal;
    const { orgPath } = await deps.findRoom(body.roomId);
    requireScope(principal, 'rooms:operate', orgPath);
    if (haveTwins(body.options))
      throw new AppError('invalid_request', { issues: [{ path: '/options', issue: 'twins' }] });
    const id = random.id();
    const written = { place: 'play', target: `poll:${id}`, orgPath, roomId: body.roomId, personId } as const;
    await guard.requireClean(written, [body.question, ...body.options]);
    return db.transaction(async (tx) => {
      // A quiz is for people who are watching; a survey may be asked while they gather.
      const room = await roomToOpenIn(
        tx,
        principal,
        body.roomId,
        body.kind === 'quiz' ? ['live'] : ['scheduled', 'live'],
      );
      const openedAt = clock.now();
      const { kind, question, options } = body;
      const seconds = kind === 'quiz' ? (body.seconds ?? QUIZ_SECONDS) : body.seconds;
      const made = await insertPoll(tx, {
        ...{ id, roomId: room.id, orgPath: room.orgPath, openedBy: personId, openedAt, kind, question, options },
        rightNo: kind === 'quiz' ? body.rightNo : null,
        multiple: kind === 'survey' && body.multiple,
        liveResults: kind === 'survey' && body.liveResults,
        changeable: kind === 'survey' && body.changeable,
        closesAt: seconds === null ? null : new Date(openedAt.getTime() + seconds * 1_000),
      });
      if (!made) throw new AppError('state_conflict');
      const row = await find(id, tx);
      await audit(tx, personId, row, 'poll:opened');
      await writeRoomEvent(tx, clock, room.id, { kind: 'poll:opened', poll: toPoll(row) });
      return toPoll(row);
    });
  }

  /** Ends it once, with its result; whoever comes second finds it done. `byId` null: its time was over. */
  async function closeNow(id: string, byId: string | null): Promise<void> {
    await db.transaction(async (tx) => {
      const held = await tx`SELECT id FROM polls WHERE id = ${id} AND state = 'open' FOR UPDATE`;
      if (held.length === 0) return;
      const open = await find(id, tx);
      const at = clock.now();
      const scores = open.kind === 'quiz' ? await scoresOf(tx, open.roomId, id, at) : [];
      const leaders = leadersOf(scores).map((leader) => ({ ...leader, name: maskName(leader.name) }));
      await tx`UPDATE polls SET state = 'closed', closed_at = ${at}, answers = ${open.answers}, tally = ${open.tally}::int[],
        leaders = ${JSON.stringify(leaders)}::jsonb WHERE id = ${id}`;
      const row = await find(id, tx);
      await audit(tx, byId, row, 'poll:closed');
      await writeRoomEvent(tx, clock, row.roomId, { kind: 'poll:closed', poll: toPoll(row) });
    });
  }

  bind(openPoll, ({ principal, body }) => open(principal, body));
  bind(closePoll, async ({ principal, params }) => {
    await operable(principal, params.id);
    await closeNow(params.id, principal.personId);
    const row = await find(params.id);
    if (row.state !== 'closed') throw new AppError('state_conflict', { facts: { state: row.state } });
    return toPoll(row);
  });
  bind(cancelPoll, async ({ principal, params, body }) => {
    await operable(principal, params.id);
    await db.transaction(async (tx) => {
      const cancelled = await tx`UPDATE polls SET state = 'cancelled', closed_at = ${clock.now()}
        WHERE id = ${params.id} AND state = 'open' RETURNING id`;
      if (cancelled.length === 0) return;
      const row = await find(params.id, tx);
      await audit(tx, principal.personId, row, 'poll:cancelled', body.reason);
      await writeRoomEvent(tx, clock, row.roomId, { kind: 'poll:cancelled', pollId: row.id });
    });
    const row = await find(params.id);
    if (row.state !== 'cancelled') throw new AppError('state_conflict', { facts: { state: row.state } });
    return toPoll(row);
  });
  bind(getPoll, async ({ params }) => toPoll(await find(params.id)));
  bind(listPolls, async ({ query }) => {
    const after = decodeTimeCursor(query.cursor);
    const found = await db.sql<{ id: string; openedAt: Date }>`
      SELECT id, opened_at AS "openedAt" FROM polls WHERE room_id = ${query.roomId}
        AND (${after?.id ?? null}::uuid IS NULL OR (opened_at, id) < (${after?.at ?? null}::timestamptz, ${after?.id ?? null}::uuid))
      ORDER BY opened_at DESC, id DESC LIMIT ${query.limit + 1}`;
    const { rows: page, nextCursor } = cutPage(found, query.limit, (last) =>
      encodeTimeCursor({ at: last.openedAt, id: last.id }),
    );
    return {
      items: (
        await readPolls(
          db.sql,
          page.map(({ id }) => id),
        )
      ).map(toPoll),
      nextCursor,
    };
  });
  bind(myAnswer, async ({ principal, params }) => {
    await find(params.id);
    return { choices: await choicesOf(db.sql, params.id, principal.personId) };
  });
  deps.jobs.every(POLLS_JOB, DUE_EVERY_MS, async () => {
    const due = await db.sql<{ id: string }>`
      SELECT id FROM polls WHERE state = 'open' AND closes_at <= ${clock.now()} ORDER BY closes_at LIMIT ${DUE_AT_ONCE}`;
    await finishEach(
      due.map(({ id }) => id),
      (id) => closeNow(id, null),
    );
  });

  return {
    /**
     * One answer a person; who asks again gets what counts, also when it is over.
     * @throws AppError not_found (of another room too), invalid_request, too_late, banned, unauthenticated, insiders_excluded
     */
    async answer(
      principal: Principal,
      roomId: string,
      body: { pollId: string; choices: readonly number[] },
    ): Promise<{ choices: number[] }> {
      const { personId } = principal;
      const [asked] = await db.sql<Pick<PollRow, 'roomId' | 'multiple' | 'changeable'> & { options: number }>`
        SELECT room_id AS "roomId", multiple, changeable, cardinality(options) AS options FROM polls WHERE id = ${body.pollId}`;
      if (asked?.roomId !== roomId) throw new AppError('not_found');
      const standing = await deps.standing(roomId, personId);
      const refused = refusalOfTakingPart(standing && { ...standing, kind: standing.principal.kind });
      if (refused) throw new AppError(refused);
      const choices = readChoices(body.choices, asked);
      if (!choices) throw new AppError('invalid_request', { issues: [{ path: '/choices', issue: 'no_such_choice' }] });
      const taken = await db.transaction(async (tx) => {
        const at = clock.now();
        const [open] = await tx<{ openedAt: Date }>`
          SELECT opened_at AS "openedAt" FROM polls WHERE id = ${body.pollId} AND state = 'open' AND (closes_at IS NULL OR closes_at > ${at}) FOR SHARE`;
        if (!open) return undefined;
        const takenMs = Math.max(0, at.getTime() - open.openedAt.getTime());
        return writeAnswer(tx, {
          ...{ pollId: body.pollId, personId, choices, at, takenMs },
          changeable: asked.changeable,
        });
      });
      if (taken) {
        news.mark(body.pollId, roomId);
        return { choices };
      }
      const known = await choicesOf(db.sql, body.pollId, personId);
      if (!known || (taken === undefined && known.join() !== choices.join())) throw new AppError('too_late');
      return { choices: known };
    },

    /** What is open, or has just ended. */
    async current(roomId: string): Promise<Poll | null> {
      const shownSince = new Date(clock.now().getTime() - RESULT_SHOWN_MS);
      const [row] = await db.sql<{ id: string }>`
        SELECT id FROM polls WHERE room_id = ${roomId} AND (state = 'open' OR (state = 'closed' AND closed_at > ${shownSince}))
        ORDER BY opened_at DESC, id DESC LIMIT 1`;
      const poll = row && (await readPoll(db.sql, row.id));
      return poll ? toPoll(poll) : null;
    },
    async roomEnded(roomId: string): Promise<void> {
      const [row] = await db.sql<{ id: string }>`SELECT id FROM polls WHERE room_id = ${roomId} AND state = 'open'`;
      if (row) await closeNow(row.id, null);
    },
    stop: news.stop,
  };
}
export type Polls = ReturnType<typeof createPolls>;
