/**
 * The api put together: platform first, then the features in the order in which they need one another. Everything is a plain
 * function of what it is given; `close` undoes it in reverse.
 */
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import type { Route } from '@walnut-live/contracts';
import type { DestinationStream } from 'pino';
import { createApp } from './app.ts';
import { type Activities, createActivities } from './compose-activities.ts';
import { joinMall } from './compose-mall.ts';
import { createCustomers, tracedOrders } from './compose-members.ts';
import { createReadiness, watchWork } from './compose-metrics.ts';
import { createNetwork } from './compose-network.ts';
import { createPeople } from './compose-people.ts';
import { createPlay, type Play } from './compose-play.ts';
import { type AroundRooms, createAroundRooms } from './compose-rooms.ts';
import { createSelling } from './compose-selling.ts';
import { createSharing } from './compose-sharing.ts';
import { createClaimGuard, createTalk } from './compose-talk.ts';
import { createTelling } from './compose-telling.ts';
import type { Config } from './config.ts';
import { createAddresses } from './features/addresses/index.ts';
import { createAdultChecks } from './features/adult-check/index.ts';
import { createBag } from './features/bag/index.ts';
import { createBindings } from './features/bindings/index.ts';
import { mergeCarts } from './features/carts/index.ts';
import { createCatalogue } from './features/catalogue/index.ts';
import { createCommissions, handOverMonths } from './features/commissions/index.ts';
import { createAttendanceBook } from './features/conferences/index.ts';
import { createCredits } from './features/credits/index.ts';
import { createGifts, type Gifts } from './features/gifts/index.ts';
import { createIdentity, hashPassword } from './features/identity/index.ts';
import type { MallFeature } from './features/mall/index.ts';
import { createMediaLibrary } from './features/media-library/index.ts';
import { createNewcomerMarks } from './features/newcomer-gifts/index.ts';
import { SHIPPING_TERMS } from './features/orders/index.ts';
import { createOrg } from './features/org/index.ts';
import type { DeliveryPlan } from './features/payments/index.ts';
import { createProductPages } from './features/product-pages/index.ts';
import { createReplays } from './features/replays/index.ts';
import { behindDoors, createEntries } from './features/room-access/index.ts';
import { createRoomLikes, type RoomLikes } from './features/room-likes/index.ts';
import { createAttendance, createRoomPresence } from './features/room-presence/index.ts';
import {
  createActivityHandlers,
  createPlayHandlers,
  createRoomHandlers,
  createRoomSockets,
  type RoomSockets,
} from './features/room-sockets/index.ts';
import { createRoomStage } from './features/room-stage/index.ts';
import { createMediaStreams, createRoomStream } from './features/room-stream/index.ts';
import { createMediaGrants, createRooms, ROOM_SOCKET_PATH, STANDING_NEWS } from './features/rooms/index.ts';
import { createShipping } from './features/shipping/index.ts';
import { createStreamKeys } from './features/stream-keys/index.ts';
import { createTemplates } from './features/templates/index.ts';
import { createWebhooks, type Webhooks } from './features/webhooks/index.ts';
import { createLedger } from './ledger/index.ts';
import { createMediaControl, type MediaControl } from './media-control/index.ts';
import { type Clock, type Random, systemClock, systemRandom } from './platform/clock.ts';
import { listenToDatabase } from './platform/database-news.ts';
import { createDb, type Db } from './platform/db.ts';
import { createPageJudge } from './platform/embedding.policy.ts';
import { createHttp } from './platform/http.ts';
import { createJobs, type Jobs } from './platform/jobs.ts';
import { letGo } from './platform/letting-go.ts';
import { createAddressLimits, createSharedLimits } from './platform/limits.ts';
import { createLogger, type Logger } from './platform/logger.ts';
import { createMetrics, type Metrics } from './platform/metrics.ts';
import { createOutboxPublisher, type OutboxPublisher } from './platform/outbox.ts';
import { openRedisLink } from './platform/redis-link.ts';
import { createTokens, type Tokens } from './platform/tokens.ts';
import { openTracing, type Tracing } from './platform/tracing.ts';
import { createRoomLog, feedFromOutbox, type RoomLog } from './room-log/index.ts';

export const PICTURES_DIR = join(import.meta.dirname, '../assets/pictures');

/** What every feature may be given. */
export interface Platform {
  readonly config: Config;
  readonly db: Db;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Logger;
  readonly metrics: Metrics;
  readonly tokens: Tokens;
  readonly outbox: OutboxPublisher;
  readonly jobs: Jobs;
}

/** Longer than a proxy in front keeps a connection it does not use: it must be the one that closes it. */
const IDLE_CONNECTION_MS = 75_000;

export interface Api {
  readonly server: Server;
  readonly platform: Platform;
  readonly roomLog: RoomLog;
  readonly mediaControl: MediaControl;
  readonly roomSockets: RoomSockets;
  readonly likes: RoomLikes;
  readonly webhooks: Pick<Webhooks, 'idle'>;
  readonly mall: Pick<MallFeature, 'idle'>;
  /** The routes that were bound; the table tests hold them against contracts. */
  readonly boundRoutes: readonly Route[];
  /** Starts listening; resolves with the port. */
  listen(): Promise<number>;
  close(): Promise<void>;
}

/** What tests put in the place of time, chance and the network between the sandbox provider and us. */
export interface Given {
  clock?: Clock;
  random?: Random;
  sandboxPlan?: DeliveryPlan;
  log?: Logger;
  /** Where the log goes; nothing of this without `log`. */
  logTo?: DestinationStream;
}

export async function createApi(config: Config, given: Given = {}): Promise<Api> {
  const clock = given.clock ?? systemClock;
  const random = given.random ?? systemRandom;
  const tracing: Tracing = await openTracing(config, () => log, random);
  const log = given.log ?? createLogger(config.LOG_LEVEL, 'api', given.logTo, tracing.on ? tracing.traceId : undefined);
  const metrics = createMetrics();
  const db = createDb({
    url: config.DATABASE_URL,
    poolSize: config.DATABASE_POOL_SIZE,
    waitMs: config.DATABASE_WAIT_MS,
    here: tracing.here,
    onError: (error) => log.warn({ err: error }, 'database'),
  });
  const tokens = createTokens({
    authSecret: config.AUTH_SECRET,
    mediaSecret: config.MEDIA_TOKEN_SECRET,
    clock,
    random,
  });
  const news = listenToDatabase({ url: config.DATABASE_URL, log });
  const outbox = createOutboxPublisher({ db, clock, log, news, tracing });
  const jobs = createJobs({ log, watch: metrics.jobs });
  const http = createHttp({ db, tokens, clock, checkReplies: config.CHECK_REPLIES });
  const platform: Platform = { config, db, clock, random, log, metrics, tokens, outbox, jobs };
  const closers: (() => void | Promise<void>)[] = [tracing.close, news.close];
  const redis = config.REDIS_URL ? openRedisLink({ url: config.REDIS_URL, log }) : undefined;
  if (redis) closers.push(redis.close);
  const limits = createSharedLimits(redis, log);
  const addressLimits = createAddressLimits(config.ADDRESS_RATE_FACTOR, limits);
  let isRoomLogThere = false;
  let closed: Promise<void> | undefined;
  const isReady = createReadiness({ db, hasRoomLog: () => isRoomLogThere, isClosing: () => closed !== undefined });
  watchWork({ db, clock, log, jobs, metrics, ready: isReady, random, config });
  const ownOrigins = [new URL(config.PUBLIC_URL).origin, ...config.OWN_ORIGINS];
  const pages = createPageJudge({ ownOrigins, embedOrigins: config.EMBED_ORIGINS });

  const app = createApp({
    ...{ http, log, metrics, random, tracing, pages },
    publicUrl: config.PUBLIC_URL,
    trustProxyHops: config.TRUST_PROXY_HOPS,
    picturesDir: PICTURES_DIR,
    isReady,
  });
  const server = createServer(
    { maxHeaderSize: 16 * 1024, requestTimeout: 30_000, headersTimeout: 10_000, keepAliveTimeout: IDLE_CONNECTION_MS },
    app,
  );

  // ── features ──────────────────────────────────────────────────────────────────────────────────────────────────────

  const entries = createEntries({ sql: db.sql, clock });
  const bind = behindDoors(http.bind, { db, entries });
  const ledger = createLedger({ random, tracing });
  const bindings = createBindings({ bind, db, clock, random });
  const addresses = createAddresses({ bind, db, clock, random });
  createShipping({ bind, db, clock, random });
  const newcomers = createNewcomerMarks({ clock, secret: config.AUTH_SECRET });
  const identity = createIdentity({
    ...{ bind, db, clock, random, log, tokens, pages },
    onConsumer: newcomers.onConsumer,
    authSecret: config.AUTH_SECRET,
    publicUrl: config.PUBLIC_URL,
    sandbox: config.SANDBOX,
    signInsPerMinute: config.AUTH_RATE_PER_MINUTE,
    async onGuestBecamePerson(tx, guestId, personId) {
      await bindings.onGuestBecamePerson(tx, guestId, personId);
      await addresses.onGuestBecamePerson(tx, guestId, personId);
      await mergeCarts(tx, guestId, personId);
      await handOverMonths(tx, guestId, personId, clock.now());
    },
  });
  const guard = createClaimGuard({ bind, db, clock, random, log, jobs });
  closers.push(guard.close);
  const pictures = createMediaLibrary({ bind, db, clock, random, jobs });
  const { writing } = createCatalogue({ bind, db, clock, random, guard, pictures });
  const mall = joinMall({ config, bind, db, clock, random, log, jobs, guard, pictures, writing });
  closers.push(mall.close);
  const { bag, offers, offersWithin } = createBag({ bind, db, clock, random, jobs, guard, shipping: SHIPPING_TERMS });

  const roomLog = createRoomLog({
    ...{ redis, db, clock, random, log },
    onAppended: ({ kind }) => metrics.roomEvents.inc({ kind }),
  });
  roomLog.watch((isThere) => {
    isRoomLogThere = isThere;
  });
  // Undone in reverse: the outbox rests before the log stops listening to it.
  closers.push(roomLog.close, feedFromOutbox({ outbox, roomLog, tracing }), outbox.close);
  const mediaServers = {
    urls: config.MEDIA_CONTROL_URL.split(',').map((url) => url.trim()),
    token: config.CONTROL_TOKEN,
    log,
  };
  const mediaControl = createMediaControl(mediaServers);
  const mediaStreams = createMediaStreams(mediaServers);
  closers.push(mediaControl.close);
  const append: (...event: Parameters<RoomLog['append']>) => Promise<unknown> = roomLog.append;
  const attendance = createAttendance({ redis, random, log });
  createOrg({ bind, db, clock, random, hashPassword, peopleIn: attendance.inUnit });
  createTemplates({ bind, db, clock, random });
  const presence = createRoomPresence({ sql: db.sql, clock, log, attendance, roomLog });
  const likes = createRoomLikes({ sql: db.sql, random, log, append, limits });
  closers.push(attendance.close, presence.close, likes.close);
  const grantMedia = createMediaGrants({ tokens, config, placeFor: mediaControl.placeFor });
  const stage = createRoomStage({ bind, db, clock, random, log, jobs, outbox, mediaControl, grantMedia });
  closers.push(stage.close);
  const rooms = createRooms({
    bind,
    db,
    clock,
    random,
    log,
    tokens,
    entries,
    grantMedia,
    stage,
    roomLog,
    mediaControl,
    streamFigures: mediaStreams.figures,
    guard,
    viewersNow: presence.now,
    readBag: bag.read,
    readInteraction: (roomId) => play.current(roomId),
    readActivities: (roomId) => activities.current(roomId),
    readDrainCard: (roomId) => aroundRooms.shownDrainCard(roomId),
    fillBag: bag.fill,
  });
  closers.push(rooms.close);
  const aroundRooms: AroundRooms = createAroundRooms({
    ...{ bind, db, clock, random, jobs, guard, entries, rooms, stage, mediaControl },
    viewersNow: presence.now,
  });
  const attendanceBook = createAttendanceBook({ db, clock, log });
  closers.push(aroundRooms.close, attendanceBook.close);
  createRoomStream({ bind, db, mediaStreams, findRoom: rooms.get });
  const replays = createReplays({
    ...{ bind, db, clock, random, log, jobs, tokens, outbox, mediaControl, rooms, stage, config },
  });
  closers.push(replays.close);
  const talk = createTalk({
    ...{ bind, db, clock, random, limits, roomLog, guard, rooms, stage, mediaControl },
  });
  closers.push(talk.close);
  closers.push(mediaControl.onConnect(rooms.closeEndedStreams));
  const streamKeys = createStreamKeys({
    ...{ bind, db, clock, random, jobs, tokens, mediaControl },
    publicUrl: config.PUBLIC_URL,
    findRoom: rooms.get,
  });
  closers.push(mediaControl.onConnect(streamKeys.repeatRevocations), rooms.onEnded(streamKeys.endFor));
  closers.push(rooms.onSource(async ({ id }, source) => void (source === 'camera' && (await streamKeys.endFor(id)))));
  const play: Play = createPlay({
    ...{ bind, config, db, clock, random, log, jobs, ledger, guard, roomLog, rooms },
    say: talk.say,
  });
  closers.push(play.close);
  const customers = createCustomers({
    ...{ bind, db, clock, random, log, jobs, guard, rooms },
    grant: play.coupons.grant,
  });
  closers.push(customers.close);
  const activities: Activities = createActivities({ bind, db, clock, random, log, jobs, guard, roomLog, rooms });
  closers.push(activities.close);
  const roomSockets = createRoomSockets({
    server,
    path: ROOM_SOCKET_PATH,
    embedOrigins: config.EMBED_ORIGINS,
    ...{ pages, tokens, clock, random, log, roomLog },
    socketsGauge: metrics.sockets,
    onMessageAge: (seconds) => metrics.messageAge.observe(seconds),
    checkReplies: config.CHECK_REPLIES,
    addressLimits,
    limits,
    trustProxyHops: config.TRUST_PROXY_HOPS,
    readSnapshot: rooms.readSnapshot,
    endPictures: aroundRooms.endPictures,
    readStandings: rooms.standings.read,
    enterPresence(room, person, onSurplus) {
      const leave = presence.enter(room, person, onSurplus);
      const leaveBook = attendanceBook.enter(room.id, person.id);
      const leaveWatch = customers.watch(room.id, person.id);
      return () => {
        leave();
        leaveBook();
        leaveWatch();
      };
    },
    onStandingNews: (listener) => news.listen(STANDING_NEWS, listener),
    handlers: createRoomHandlers({
      ...{ bag, offers, likes },
      talk: talk.handlers,
      play: createPlayHandlers({ draws: play.draws, chat: talk.handlers }),
      activities: createActivityHandlers(activities),
      gifts: { send: (...given) => gifts.sendFromRoom(...given) },
    }),
  });
  closers.push(roomSockets.close);
  const { isAgent } = createSharing({
    ...{ bind, config, db, clock, random, log, jobs, ledger, guard, metrics, identity, bindings, newcomers },
    grant: play.coupons.grant,
    files: aroundRooms.files,
    picturesDir: PICTURES_DIR,
  });
  const credits = createCredits({
    lockPerson: bindings.lockPerson,
    tryLockPeople: bindings.tryLockPeople,
    onOrders: bindings.onOrders,
  });
  const commissions = createCommissions({
    ...{ bind, db, clock, random, jobs, ledger, isAgent },
    policyAt: bindings.policyAt,
  });
  const adults = createAdultChecks({ bind, db, clock, random, secret: config.AUTH_SECRET });
  const selling = createSelling({
    ...{ bind, config, db, clock, random, log, jobs, ledger, tracing, server, addressLimits, adults },
    files: aroundRooms.files,
    coupons: play.coupons.forOrders,
    guard,
    credits,
    ...customers.told(tracedOrders(tracing, commissions.told)),
    onOrderStep: (event) => metrics.orders.inc({ event }),
    sandboxPlan: given.sandboxPlan,
  });
  closers.push(selling.close);
  const gifts: Gifts = createGifts({
    ...{ bind, db, clock, random, jobs, ledger, adults, wallet: selling.wallet },
    findRoom: rooms.get,
  });
  createProductPages({ bind, db });
  const webhooks = createWebhooks({
    ...{ bind, db, clock, random, log, jobs, serverSecret: config.AUTH_SECRET },
    allowPrivate: config.WEBHOOKS_ALLOW_PRIVATE,
  });
  closers.push(webhooks.close);
  const messages = createTelling({
    ...{ bind, config, db, clock, random, log, jobs, tracing, rooms, entries, guard, offersWithin },
    policyAt: bindings.policyAt,
  });
  createNetwork({
    ...{ bind, db, clock, random, jobs, tracing, commissions, messages },
    ...{ viewersNow: presence.now, streamFigures: mediaStreams.figures },
  });
  createPeople({ bind, db, clock, random, log, jobs, adults, messages, newcomers });

  return {
    server,
    platform,
    roomLog,
    mediaControl,
    roomSockets,
    likes,
    webhooks,
    mall,
    boundRoutes: http.bound,
    listen: () =>
      new Promise((resolve, reject) => {
        server.once('error', reject);
        server.listen(config.PORT, config.HOST, () => resolve((server.address() as AddressInfo).port));
      }),
    close() {
      closed ??= (async () => {
        // `/readyz` says it already; whoever goes by that has heard it before the door is shut.
        const drainMs = config.DRAIN_SECONDS * 1_000;
        if (drainMs > 0) await new Promise((resolve) => setTimeout(resolve, drainMs));
        const { ended } = await letGo(server, drainMs, roomSockets.count);
        await roomSockets.sendAway(drainMs);
        // A list that is being built is a turn under way: it ends with its thread, not in its own time.
        await Promise.all([jobs.close(), guard.close()]);
        for (const close of closers.reverse()) await close();
        server.closeIdleConnections();
        setTimeout(() => server.closeAllConnections(), 2_000).unref();
        await ended;
        await db.close();
      })();
      return closed;
    },
  };
}
