/**
 * Socket.IO namespace `/room`: handshake, one connection's life, and its end.
 *
 * A token says who somebody was when they joined; what they may do is read from the database at the handshake, whenever the
 * database says that it has changed (a ban, a role taken away, a switched-off account), and in any case every
 * STANDING_CHECK_MS.
 */
import type { Server as HttpServer } from 'node:http';
import { RoomHandshake, type RoomSnapshot } from '@walnut-live/contracts';
import { Server, type Socket } from 'socket.io';
import type { Clock, Random } from '../../platform/clock.ts';
import type { PageJudge } from '../../platform/embedding.policy.ts';
import { AppError, toAppError } from '../../platform/errors.ts';
import { type AddressLimits, addressBehind, type SharedLimits } from '../../platform/limits.ts';
import type { Logger } from '../../platform/logger.ts';
import type { Principal } from '../../platform/principal.ts';
import type { Tokens } from '../../platform/tokens.ts';
import type { RoomLog } from '../../room-log/index.ts';
import { createDispatch, type RoomHandlers } from './dispatch.ts';
import { createPause } from './pause.ts';
import { createRoomHub, type Member } from './room-hub.ts';

const MESSAGE_BYTES = 16 * 1024;
const CONNECT_TIMEOUT_MS = 20_000;
const PING_INTERVAL_MS = 15_000;
const PING_TIMEOUT_MS = 15_000;
const HANDSHAKES_PER_MINUTE = 60;
const STANDING_CHECK_MS = 60_000;
const LONGEST_STAY_MS = 12 * 3_600_000;
const FAREWELL_MS = 1_000;
/** 500 newcomers a second are what another process takes in beside its work. */
const AWAY_EVERY_MS = 2;
const FAREWELL_POLL_MS = 20;
/** What news of a whole room begins with. */
const ROOM_NEWS = 'room:';

interface Standing {
  readonly roomId: string;
  /** Of the room. */
  readonly orgPath: string;
  readonly principal: Principal;
  readonly role: 'viewer' | 'operator' | 'host';
  readonly roomState: 'scheduled' | 'live' | 'ended';
  readonly banned: boolean;
  /** The room is not for them. */
  readonly refusal: object | undefined;
  readonly valid: boolean;
}
interface Entry {
  readonly standing: Standing;
  readonly lastSeq: number | undefined;
  readonly address: string;
}

export function createRoomSockets(deps: {
  server: HttpServer;
  path: string;
  pages: PageJudge;
  embedOrigins: readonly string[];
  tokens: Pick<Tokens, 'verifyRoom'>;
  clock: Clock;
  random: Random;
  log: Logger;
  roomLog: RoomLog;
  socketsGauge: { inc(): void; dec(): void };
  /** Told with each frame how old its oldest event is, in seconds. */
  onMessageAge: (seconds: number) => void;
  handlers: RoomHandlers;
  checkReplies: boolean;
  addressLimits: AddressLimits;
  limits: SharedLimits;
  trustProxyHops: number;
  readSnapshot: (roomId: string) => Promise<RoomSnapshot>;
  /** Ends what these people see of the room. */
  endPictures: (roomId: string, personIds: readonly string[]) => Promise<void>;
  readStandings: (pairs: readonly { roomId: string; personId: string }[]) => Promise<readonly Standing[]>;
  /** Calls back when the person has too many sockets in the room and this is the oldest. Returns the undo. */
  enterPresence: (
    room: { id: string; orgPath: string },
    person: { id: string; name: string; announce: boolean; isAudience: boolean },
    onSurplus: () => void,
  ) => () => void;
  /** Tells whose standing has changed: a person's id, or `room:` and a room's; without, that some may have. Returns its undo. */
  onStandingNews: (listener: (whose: string | undefined) => void) => () => void;
}) {
  const { tokens, random, log } = deps;
  const io = new Server(deps.server, {
    path: deps.path,
    serveClient: false,
    perMessageDeflate: false,
    httpCompression: false,
    maxHttpBufferSize: MESSAGE_BYTES,
    connectTimeout: CONNECT_TIMEOUT_MS,
    pingInterval: PING_INTERVAL_MS,
    pingTimeout: PING_TIMEOUT_MS,
    // WebSockets know no CORS, so what a page of another site may do is said here for both transports (docs/34-embedding.md).
    allowRequest: (req, decide) =>
      deps.pages(req.headers) === 'foreign' ? decide('this site may not embed', false) : decide(null, true),
    ...(deps.embedOrigins.length > 0 ? { cors: { origin: [...deps.embedOrigins], methods: ['GET', 'POST'] } } : {}),
  });
  io.use((_socket, next) => next(refusal(new AppError('not_found')))); // the default namespace has nothing to offer
  const namespace = io.of('/room');
  const hub = createRoomHub({ ...deps, namespace, onReset: () => pause.standingsMayHaveChanged() });
  const pause = createPause({ namespace, watch: deps.roomLog.watch, checkStandings: () => checkStandings(), log });
  const dispatch = createDispatch(deps);
  const handshakes = deps.limits('handshakes', { points: HANDSHAKES_PER_MINUTE, seconds: 60 });
  const entries = new WeakMap<Socket, Entry>();
  let closing = false;

  /** @throws AppError */
  async function admit({ auth, address: peer, headers }: Socket['handshake']): Promise<Entry> {
    if (closing) throw new AppError('unavailable');
    const forwardedFor = headers['x-forwarded-for'];
    const address = addressBehind(deps.trustProxyHops, peer, forwardedFor?.toString());
    await deps.addressLimits.handshakes.take(address);
    const handshake = RoomHandshake.parse(auth);
    const claims = await tokens.verifyRoom(handshake.token);
    if (claims.roomId !== handshake.roomId) throw new AppError('forbidden');
    const { personId } = claims.principal;
    await handshakes.take(personId);
    const [standing] = await deps.readStandings([{ roomId: claims.roomId, personId }]);
    if (!standing?.valid) throw new AppError('session_expired');
    if (standing.banned) throw new AppError('banned');
    if (standing.refusal) throw new AppError('not_in_audience');
    return { standing, lastSeq: handshake.lastSeq, address };
  }

  namespace.use((socket, next) => {
    admit(socket.handshake).then(
      (entry) => {
        entries.set(socket, entry);
        next();
      },
      (error: unknown) => next(refusal(error)),
    );
  });

  namespace.on('connection', (socket) => {
    const entry = entries.get(socket);
    if (!entry || closing) return void socket.disconnect(true);
    const { standing, lastSeq, address } = entry;
    forgetRequest(socket);
    const { roomId, principal, role } = standing;
    const member: Member = {
      socket,
      roomId,
      principal,
      role,
      enteredAtMs: Date.now(),
      sentSeq: 0,
      fallenBehind: false,
    };
    const connectionId = random.id();
    deps.socketsGauge.inc();
    const leavePresence = deps.enterPresence(
      { id: roomId, orgPath: standing.orgPath },
      {
        id: principal.personId,
        name: principal.name,
        announce: principal.kind === 'consumer',
        isAudience: role === 'viewer',
      },
      () => hub.close(member, 'replaced'),
    );
    let messageNo = 0;
    socket.onAny((...message: unknown[]) => {
      messageNo += 1;
      void dispatch(
        { principal: member.principal, role: member.role, roomId, address, connectionId, messageNo },
        message,
      );
    });
    socket.on('disconnect', () => {
      deps.socketsGauge.dec();
      leavePresence();
      hub.leave(member);
    });
    pause.greet(socket);
    void hub.enter(member, lastSeq).then(() => {
      if (standing.roomState === 'ended' && socket.connected) hub.close(member, 'ended');
    });
  });

  async function checkStandings(members = hub.members()): Promise<void> {
    if (members.length === 0) return;
    const key = (roomId: string, personId: string) => `${roomId} ${personId}`;
    const pairs = new Map(
      members.map(({ roomId, principal: { personId } }) => [key(roomId, personId), { roomId, personId }]),
    );
    const standings = await deps.readStandings([...pairs.values()]);
    const known = new Map(standings.map((standing) => [key(standing.roomId, standing.principal.personId), standing]));
    const out = new Map<string, Set<string>>();
    for (const member of members) {
      const standing = known.get(key(member.roomId, member.principal.personId));
      if (standing?.banned || (standing?.valid && standing.refusal))
        out.set(member.roomId, (out.get(member.roomId) ?? new Set()).add(member.principal.personId));
      if (standing?.banned) hub.close(member, 'banned');
      else if (standing?.valid && standing.refusal) hub.close(member, 'not_in_audience');
      else if (!standing?.valid || standing.role !== member.role) hub.close(member, 'token_expired');
      else if (standing.roomState === 'ended') hub.close(member, 'ended');
      else if (Date.now() - member.enteredAtMs > LONGEST_STAY_MS) hub.close(member, 'token_expired');
      else member.principal = standing.principal;
    }
    for (const [roomId, people] of out) endQuietly(roomId, [...people]);
  }
  /** A socket that is closed takes no picture with it. */
  const endQuietly = (roomId: string, people: string[]): void =>
    void deps
      .endPictures(roomId, people)
      .catch((error: unknown) => log.warn({ err: error, roomId }, 'room sockets: pictures not ended'));
  const checkQuietly = (members?: Member[]): void =>
    void checkStandings(members).catch((error: unknown) =>
      log.warn({ err: error }, 'room sockets: standings not checked'),
    );
  const standingCheck = setInterval(() => checkQuietly(), STANDING_CHECK_MS);
  standingCheck.unref();
  const stopStandingNews = deps.onStandingNews((whose) => {
    if (whose === undefined) return pause.standingsMayHaveChanged();
    const members = whose.startsWith(ROOM_NEWS)
      ? hub.members().filter(({ roomId }) => roomId === whose.slice(ROOM_NEWS.length))
      : hub.ofPerson(whose);
    if (members.length > 0) checkQuietly(members);
  });

  let closed: Promise<void> | undefined;
  return {
    /** Reads again what everybody who is connected may do. */
    checkStandings: () => checkStandings(),
    fallenBehind: hub.fallenBehind,
    /** Connections of this process, by any transport. */
    count: () => io.engine.clientsCount,
    /** Packets for everybody in a room, by the way they took to a socket. */
    sent: hub.sent,
    /**
     * Takes nobody any more and tells everybody to come back elsewhere, one after the other, so that the processes they come
     * to are not overrun; who still waits for their turn goes on as before.
     * @param withinMs At most; so many at once that it is enough.
     */
    async sendAway(withinMs: number, everyMs = AWAY_EVERY_MS): Promise<void> {
      closing = true;
      const members = hub.members();
      const paceMs = Math.min(everyMs, withinMs / Math.max(1, members.length));
      const fromMs = performance.now();
      for (const [at, member] of members.entries()) {
        const earlyMs = fromMs + at * paceMs - performance.now();
        if (earlyMs >= 1) await new Promise((resolve) => setTimeout(resolve, earlyMs));
        hub.close(member, 'server_shutdown');
      }
    },
    /** Tells everybody who is still here to come back elsewhere, gives them a moment to hear it, then closes. */
    close(): Promise<void> {
      closed ??= (async () => {
        closing = true;
        clearInterval(standingCheck);
        stopStandingNews();
        pause.close();
        hub.closeAll('server_shutdown');
        const until = Date.now() + FAREWELL_MS;
        while (io.engine.clientsCount > 0 && Date.now() < until) {
          await new Promise((resolve) => setTimeout(resolve, FAREWELL_POLL_MS));
        }
        await io.close();
      })();
      return closed;
    },
  };
}

/** The request that began a connection is worth several kilobytes for as long as it lasts, and nobody asks it again. */
function forgetRequest(socket: Socket): void {
  (socket.conn as { request: unknown }).request = null;
  Object.assign(socket.handshake, { headers: {}, auth: {}, query: {} });
}

/** What the client's `connect_error` gets: `message` and `data.code` are the code. */
function refusal(error: unknown): Error {
  const { code } = toAppError(error);
  return Object.assign(new Error(code), { data: { code } });
}

export { createActivityHandlers } from './activity-handlers.ts';
export { createChatHandlers } from './chat-handlers.ts';
export type { RoomHandlers, Sender } from './dispatch.ts';
export { createRoomHandlers } from './handlers.ts';
export { createPlayHandlers } from './play-handlers.ts';
export type RoomSockets = ReturnType<typeof createRoomSockets>;
