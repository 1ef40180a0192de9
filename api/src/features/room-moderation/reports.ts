/** Messages that viewers report, and those that the word list shows to the guide: one queue, one row a message. */
import {
  type BodyOf,
  type ChatReport,
  listReports,
  type QueryOf,
  type ReplyOf,
  type ReportReason,
  resolveReport,
} from '@walnut-live/contracts';
import type { Clock, Random } from '../../platform/clock.ts';
import { decodeTimeCursor, encodeTimeCursor } from '../../platform/cursor.ts';
import type { Db } from '../../platform/db.ts';
import { AppError } from '../../platform/errors.ts';
import type { Binder } from '../../platform/http.ts';
import type { SharedLimits } from '../../platform/limits.ts';
import { type Principal, requireScope, type StaffPrincipal } from '../../platform/principal.ts';
import type { RoomLog } from '../../room-log/index.ts';
import { createReportsRepository } from './reports.repository.ts';

const REPORTS_PER_WINDOW = 10;
const WINDOW_SECONDS = 600;

export function createReports(deps: {
  bind: Binder;
  db: Db;
  clock: Clock;
  random: Random;
  roomLog: Pick<RoomLog, 'find'>;
  limits: SharedLimits;
  findRoom: (roomId: string) => Promise<{ orgPath: string }>;
  deleteChat: (principal: Principal, roomId: string, body: { messageId: string; reason: string }) => Promise<void>;
}) {
  const { bind, db, clock, random, roomLog } = deps;
  const limit = deps.limits('chat:report', { points: REPORTS_PER_WINDOW, seconds: WINDOW_SECONDS });

  async function list(
    principal: StaffPrincipal,
    query: QueryOf<typeof listReports>,
  ): Promise<ReplyOf<typeof listReports>> {
    const scope = principal.staff.orgPath;
    const repository = createReportsRepository(db.sql);
    const [rows, open] = await Promise.all([
      repository.page({
        scope,
        roomId: query.roomId,
        isOpen: query.state === 'open',
        after: decodeTimeCursor(query.cursor),
        limit: query.limit + 1,
      }),
      repository.countOpen(scope, query.roomId),
    ]);
    const last = rows.length > query.limit ? rows[query.limit - 1] : undefined;
    return {
      items: rows.slice(0, query.limit),
      nextCursor: last ? encodeTimeCursor({ at: new Date(last.at), id: last.id }) : null,
      open,
    };
  }

  async function resolve(
    principal: StaffPrincipal,
    id: string,
    { outcome, reason }: BodyOf<typeof resolveReport>,
  ): Promise<ChatReport> {
    const facts = await db.transaction(async (tx) => {
      const repository = createReportsRepository(tx);
      const report = await repository.lock(id);
      if (!report) throw new AppError('not_found');
      requireScope(principal, 'rooms:operate', report.orgPath);
      // The second click, or a colleague, with the same judgement: it is done.
      if (report.state !== 'open' && report.state !== outcome)
        throw new AppError('state_conflict', { facts: { state: report.state } });
      if (outcome === 'dismissed') await repository.close(id, 'dismissed', principal.personId, clock.now());
      return report;
    });
    // Deleting closes the report in the transaction of the deletion.
    if (outcome === 'upheld' && facts.state === 'open')
      await deps.deleteChat(principal, facts.roomId, { messageId: facts.messageId, reason });
    const [report] = await createReportsRepository(db.sql).page({ scope: principal.staff.orgPath, id, limit: 1 });
    if (!report) throw new AppError('not_found');
    return report;
  }

  bind(listReports, ({ principal, query }) => list(principal, query));
  bind(resolveReport, ({ principal, params, body }) => resolve(principal, params.id, body));

  return {
    /** By anybody in the room, guests too; one's own words are taken back otherwise. @throws AppError not_found, self_action, rate_limited */
    async report(
      principal: Principal,
      roomId: string,
      body: { messageId: string; reason: ReportReason; note: string },
    ): Promise<{ messageId: string }> {
      const { personId } = principal;
      const [room, sent] = await Promise.all([deps.findRoom(roomId), roomLog.find(roomId, body.messageId)]);
      if (sent?.event.kind !== 'chat:sent') throw new AppError('not_found');
      const { message } = sent.event;
      if (message.personId === personId) throw new AppError('self_action');
      await limit.take(personId);
      await db.transaction(async (tx) => {
        const repository = createReportsRepository(tx);
        const at = clock.now();
        const { messageId, text, personId: authorId } = message;
        const { orgPath } = room;
        const row = { id: random.id(), roomId, orgPath, messageId, authorId, text, term: null, at };
        const reportId = await repository.open(row);
        await repository.addVoice({ reportId, personId, reason: body.reason, note: body.note, at });
      });
      return { messageId: body.messageId };
    },

    async showToCrew(flagged: {
      roomId: string;
      orgPath: string;
      messageId: string;
      authorId: string;
      text: string;
      term: string;
    }): Promise<void> {
      await createReportsRepository(db.sql).open({ ...flagged, id: random.id(), at: clock.now() });
    },
  };
}
export type Reports = ReturnType<typeof createReports>;
