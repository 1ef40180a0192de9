/** Messages to people: see messages.service.ts for the model. */
import type { Clock, Random } from '../../platform/clock.ts';
import type { Db } from '../../platform/db.ts';
import type { Binder } from '../../platform/http.ts';
import type { Jobs } from '../../platform/jobs.ts';
import type { Logger } from '../../platform/logger.ts';
import { quietUntil } from './messages.policy.ts';
import { hasGrant, readPolicy, withdrawOfWave } from './messages.repository.ts';
import { bindMessageRoutes } from './messages.routes.ts';
import { createMessagesService } from './messages.service.ts';
import { createWechatChannel, type WechatConfig } from './wechat-channel.ts';
import { askUrl } from './wechat-consent.ts';

export const MESSAGES_JOB = 'messages-due';
/** Apart from the other, so that a slow WeChat holds up nobody's inbox. */
export const PUSHES_JOB = 'messages-pushes';
const DUE_EVERY_MS = 2_000;

export function createMessages(deps: {
  bind: Binder;
  db: Db;
  clock: Clock;
  random: Random;
  log: Logger;
  jobs: Jobs;
  /** Signs the way to WeChat's question and back. */
  secret: string;
  wechat: WechatConfig | undefined;
}) {
  const { db, clock, wechat, secret } = deps;
  const service = createMessagesService({
    ...deps,
    wechat: wechat && createWechatChannel({ config: wechat, clock }),
  });
  bindMessageRoutes(deps.bind, { ...deps, messages: service });
  deps.jobs.every(MESSAGES_JOB, DUE_EVERY_MS, async () => void (await service.releaseDue()));
  if (wechat) deps.jobs.every(PUSHES_JOB, DUE_EVERY_MS, async () => void (await service.pushDue()));
  return {
    enqueue: service.enqueue,
    giveConsent: service.giveConsent,
    /** Rule Z6: as switching reminders off. */
    withdrawConsent: (personId: string) => service.setTopic(personId, 'reminders', false),
    withdrawOfWave,
    /** When the quiet hours end that `at` is in, by the policy of now; undefined outside of them. */
    async quietUntil(at: Date): Promise<Date | undefined> {
      const { quietFromMinute: fromMinute, quietUntilMinute: untilMinute } = await readPolicy(db.sql);
      return quietUntil(at, { fromMinute, untilMinute });
    },
    /** Where WeChat asks this person whether it may tell them about this room; null where there is nothing to ask. */
    async wechatUrl(personId: string, roomId: string): Promise<string | null> {
      if (!wechat || (await hasGrant(db.sql, personId, roomId))) return null;
      return askUrl({ config: wechat, secret }, { personId, roomId, now: clock.now() });
    },
  };
}
export type Messages = ReturnType<typeof createMessages>;
export { ROOM_MESSAGES } from './consent.ts';
export { MESSAGE_ZONE } from './messages.policy.ts';
export type { MessageDraft } from './messages.service.ts';
export type { WechatConfig } from './wechat-channel.ts';
