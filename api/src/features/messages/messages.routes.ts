import {
  getMessagePolicy,
  getMessageSettings,
  listMessages,
  type MessageSettings,
  messageTopics,
  myMessages,
  putMessagePolicy,
  putMessageSettings,
  readMessages,
  retryMessage,
  wechatSubscribed,
} from '@walnut-live/contracts';
import { writeAudit } from '../../platform/audit.ts';
import type { Clock, Random } from '../../platform/clock.ts';
import { cutPage, decodeTimeCursor, encodeTimeCursor } from '../../platform/cursor.ts';
import type { Db } from '../../platform/db.ts';
import { AppError } from '../../platform/errors.ts';
import { type Binder, written } from '../../platform/http.ts';
import { ROOM_MESSAGES } from './consent.ts';
import * as rows from './messages.repository.ts';
import type { MessagesService } from './messages.service.ts';
import type { WechatConfig } from './wechat-channel.ts';
import { readReserved, sceneOf } from './wechat-consent.ts';

export function bindMessageRoutes(
  bind: Binder,
  deps: {
    db: Db;
    clock: Clock;
    random: Random;
    messages: MessagesService;
    wechat: WechatConfig | undefined;
    secret: string;
  },
): void {
  const { db, clock, messages } = deps;
  const { sql } = db;

  bind(myMessages, async ({ principal, query }) => {
    const found = await rows.listInbox(sql, principal.personId, decodeTimeCursor(query.cursor), query.limit);
    const { rows: items, nextCursor } = cutPage(found, query.limit, (last) =>
      encodeTimeCursor({ at: last.at, id: last.id }),
    );
    return {
      items: items.map((row) => ({ ...row, at: row.at.toISOString(), readAt: row.readAt?.toISOString() ?? null })),
      nextCursor,
      unread: await rows.countUnread(sql, principal.personId),
    };
  });
  bind(readMessages, async ({ principal }) => {
    await sql`UPDATE messages SET read_at = ${clock.now()}
      WHERE person_id = ${principal.personId} AND released_at IS NOT NULL AND read_at IS NULL`;
    return undefined;
  });

  async function settingsOf(personId: string): Promise<MessageSettings> {
    const [policy, off, [consent]] = await Promise.all([
      rows.readPolicy(sql),
      sql<{ topic: string }>`SELECT topic FROM message_opt_outs WHERE person_id = ${personId}`,
      sql<{ at: Date }>`SELECT given_at AS at FROM consents
        WHERE person_id = ${personId} AND purpose = ${ROOM_MESSAGES} AND withdrawn_at IS NULL`,
    ]);
    return {
      topics: messageTopics.map((topic) => ({ topic, on: !off.some((out) => out.topic === topic) })),
      quietHours: { fromMinute: policy.quietFromMinute, untilMinute: policy.quietUntilMinute },
      consentGivenAt: consent?.at.toISOString() ?? null,
    };
  }
  bind(getMessageSettings, ({ principal }) => settingsOf(principal.personId));
  bind(putMessageSettings, async ({ principal, body }) => {
    await messages.setTopic(principal.personId, body.topic, body.on);
    return settingsOf(principal.personId);
  });

  bind(listMessages, async ({ principal, query }) => {
    const { cursor, limit, ...filter } = query;
    const scope = principal.staff.orgPath;
    const found = await rows.listOutbox(sql, { ...filter, scope, after: decodeTimeCursor(cursor), limit });
    const { rows: items, nextCursor } = cutPage(found, limit, (last) =>
      encodeTimeCursor({ at: last.createdAt, id: last.id }),
    );
    return {
      items: items.map(rows.toOutboxMessage),
      nextCursor,
    };
  });
  bind(retryMessage, async ({ principal, params }) => {
    const read = async () =>
      (await rows.listOutbox(sql, { scope: principal.staff.orgPath, id: params.id, limit: 1 }))[0];
    const message = await read();
    if (!message) throw new AppError('not_found');
    await db.transaction(async (tx) => {
      if (!(await rows.reviveDead(tx, params.id, clock.now())))
        throw new AppError('state_conflict', { facts: { state: message.state } });
      await writeAudit(tx, deps, {
        actorId: principal.personId,
        action: 'message:retried',
        target: `message:${params.id}`,
        orgPath: message.orgPath,
      });
    });
    return rows.toOutboxMessage((await read()) ?? message);
  });

  const policyView = async () => {
    const { updatedAt, perDay, quietFromMinute, quietUntilMinute } = await rows.readPolicy(sql);
    return {
      quietHours: { fromMinute: quietFromMinute, untilMinute: quietUntilMinute },
      perDay,
      updatedAt: updatedAt.toISOString(),
      wechat: deps.wechat !== undefined,
    };
  };
  bind(getMessagePolicy, policyView);
  bind(putMessagePolicy, async ({ principal, body }) => {
    // The brand's policy is headquarters' to set.
    const [hq] = await sql<{ path: string }>`SELECT path FROM org_units WHERE kind = 'hq'`;
    if (!hq) throw new AppError('not_found');
    if (principal.staff.orgPath !== hq.path) throw new AppError('forbidden');
    const { quietHours, perDay } = body;
    await db.transaction(async (tx) => {
      await tx`UPDATE message_policy SET quiet_from_minute = ${quietHours.fromMinute}, quiet_until_minute = ${quietHours.untilMinute},
        per_day = ${perDay}, updated_at = ${clock.now()} WHERE id = 1`;
      // Put off by the old hours; whether they wait on is for the new ones to say.
      await tx`UPDATE messages SET due_at = ${clock.now()} WHERE state = 'waiting' AND attempts = 0 AND due_at > ${clock.now()}`;
      await writeAudit(tx, deps, {
        actorId: principal.personId,
        action: 'message_policy:changed',
        target: 'message_policy:1',
        orgPath: hq.path,
        detail: { ...quietHours, perDay },
      });
    });
    return policyView();
  });

  bind(wechatSubscribed, async ({ query, res }) => {
    const now = clock.now();
    const asked = readReserved(deps.secret, query.reserved, now);
    if (!deps.wechat || !asked || query.template_id !== deps.wechat.templateId || query.scene !== sceneOf(asked.roomId))
      throw new AppError('not_found');
    const { isLate, ...grant } = asked;
    const said = query.action === 'confirm' && query.openid !== '';
    if (said && !isLate) await rows.saveGrant(sql, { ...grant, openid: query.openid, scene: query.scene, at: now });
    // The room's page says what came of it.
    const told = !said ? 'here' : isLate ? 'late' : 'wechat';
    res.redirect(302, `/r/${grant.roomId}?told=${told}`);
    return written;
  });
}
