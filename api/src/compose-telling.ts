/** Who is told what, put together: messages, bookings of rooms, recurring slots, waves. */
import type { Config } from './config.ts';
import type { BagFeature } from './features/bag/index.ts';
import type { ClaimGuard } from './features/claim-guard/index.ts';
import { createCouponReminders } from './features/coupons/index.ts';
import { createMessages, type Messages, type WechatConfig } from './features/messages/index.ts';
import { createOrderHooks } from './features/order-hooks/index.ts';
import { createPreSaleReminders } from './features/pre-sales/index.ts';
import type { Entries } from './features/room-access/index.ts';
import { createRoomBookings } from './features/room-bookings/index.ts';
import { createRoomSlots } from './features/room-slots/index.ts';
import type { Rooms } from './features/rooms/index.ts';
import { createWaves } from './features/waves/index.ts';
import type { Clock, Random } from './platform/clock.ts';
import type { Db, Tx } from './platform/db.ts';
import type { Binder } from './platform/http.ts';
import type { Jobs } from './platform/jobs.ts';
import type { Logger } from './platform/logger.ts';
import type { Tracing } from './platform/tracing.ts';

export function createTelling(deps: {
  bind: Binder;
  config: Config;
  db: Db;
  clock: Clock;
  random: Random;
  log: Logger;
  jobs: Jobs;
  tracing: Tracing;
  rooms: Rooms;
  entries: Entries;
  offersWithin: BagFeature['offersWithin'];
  guard: Pick<ClaimGuard, 'requireClean'>;
  policyAt: (tx: Tx, at: Date) => Promise<{ creditWindowSeconds: number }>;
}): Messages {
  const { config, rooms } = deps;
  const messages = createMessages({ ...deps, secret: config.AUTH_SECRET, wechat: wechatOf(config) });
  createRoomBookings({
    ...deps,
    messages,
    findRoom: rooms.get,
    creditWindowSeconds: async (tx, at) => (await deps.policyAt(tx, at)).creditWindowSeconds,
  });
  createRoomSlots({ ...deps, planned: rooms.planned });
  createWaves({ ...deps, messages });
  createCouponReminders({ ...deps, messages });
  createOrderHooks({ ...deps, messages });
  createPreSaleReminders({ ...deps, messages });
  return messages;
}

/** All of it or none: config.ts sees to that. */
function wechatOf(config: Config): WechatConfig | undefined {
  const { WECHAT_APP_ID: appId, WECHAT_APP_SECRET: appSecret, WECHAT_TEMPLATE_ID: templateId } = config;
  if (!appId || !appSecret || !templateId) return undefined;
  return { appId, appSecret, templateId, apiUrl: config.WECHAT_API_URL, publicUrl: config.PUBLIC_URL };
}
