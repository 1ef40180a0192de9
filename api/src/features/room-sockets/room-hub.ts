/**
 * The sockets of this node and the logs of the rooms they are in.
 *
 * Model: a room with sockets tails its log. Events gather in `buffer`; a frame goes out at most every `frameIntervalMs` to
 * all sockets that are *in step*, encoded once. `framedSeq` is the last number those sockets have. A newcomer, or a socket
 * that fell behind, is brought to `framedSeq` by frames of its own and only then joins the step. When the log has lost its
 * thread, frames stop until one snapshot, encoded once, has brought everybody in step to where it is now.
 * Invariants
 * - A socket in step has been sent everything up to `framedSeq`, or a sample of it; every frame names what it continues.
 * - Nobody's output grows without bound: a socket with a pile of what it has not read (fan-out.ts) gets nothing until it has
 *   drained, then what it missed without the crowd, or a snapshot.
 * - A room without sockets keeps nothing.
 */
import type { RoomClosed, RoomSnapshot, SequencedEvent } from '@walnut-live/contracts';
import type { Namespace, Socket } from 'socket.io';
import type { Clock } from '../../platform/clock.ts';
import type { Logger } from '../../platform/logger.ts';
import type { Principal } from '../../platform/principal.ts';
import type { RoomLog } from '../../room-log/index.ts';
import { encodePacket, hasPile, isDrained, sendPacket } from './fan-out.ts';
import {
  type Budget,
  concerned,
  frameIntervalMs,
  fullBudget,
  refill,
  selectEvents,
  toFrame,
  withoutCrowd,
} from './frames.policy.ts';

/** After a quiet moment the first event waits only this long for company. */
const FIRST_FRAME_MS = 15;
/** More missed events than this are a snapshot. */
export const RESUME_LIMIT = 500;
const BACKLOG_CHECK_MS = 1_000;
/** When a snapshot for everybody could not be made. */
const RESYNC_RETRY_MS = 1_000;

export interface Member {
  readonly socket: Socket;
  readonly roomId: string;
  readonly enteredAtMs: number;
  principal: Principal;
  role: 'viewer' | 'operator' | 'host';
  /** Last number this socket was sent while out of step. */
  sentSeq: number;
  fallenBehind: boolean;
}

interface HubRoom {
  readonly id: string;
  readonly members: Set<Member>;
  readonly inStep: Set<Member>;
  readonly byPerson: Map<string, Set<Member>>;
  /** Where the room stands is known, and no snapshot for everybody is under way. */
  ready: Promise<void>;
  readonly stopTail: () => void;
  /** How often the log has lost its thread; whoever waited meanwhile begins again. */
  resets: number;
  isResyncing: boolean;
  framedSeq: number;
  buffer: SequencedEvent[];
  budget: Budget;
  framedAtMs: number;
  timer: NodeJS.Timeout | undefined;
}

export function createRoomHub(deps: {
  namespace: Namespace;
  roomLog: RoomLog;
  clock: Clock;
  log: Logger;
  readSnapshot: (roomId: string) => Promise<RoomSnapshot>;
  /** Events of a room may have been missed, also a ban. */
  onMessageAge: (seconds: number) => void;
  onReset: () => void;
}) {
  const { namespace, roomLog, clock, log } = deps;
  const rooms = new Map<string, HubRoom>();
  /** Packets for everybody since the start, by the way they took. */
  const sent = { straight: 0, queued: 0 };

  function openRoom(roomId: string): HubRoom {
    const known = rooms.get(roomId);
    if (known) return known;
    const room: HubRoom = {
      id: roomId,
      members: new Set(),
      inStep: new Set(),
      byPerson: new Map(),
      stopTail: roomLog.tail(
        roomId,
        (events) => onEvents(room, events),
        () => onReset(room),
      ),
      ready: roomLog.head(roomId).then((head) => {
        room.framedSeq = Math.max(room.framedSeq, head);
      }),
      resets: 0,
      isResyncing: false,
      framedSeq: 0,
      buffer: [],
      budget: fullBudget(Date.now()),
      framedAtMs: 0,
      timer: undefined,
    };
    rooms.set(roomId, room);
    return room;
  }

  function forget(room: HubRoom): void {
    if (room.members.size > 0 || rooms.get(room.id) !== room) return;
    room.stopTail();
    clearTimeout(room.timer);
    rooms.delete(room.id);
  }

  function onEvents(room: HubRoom, events: readonly SequencedEvent[]): void {
    room.buffer.push(...events);
    for (const { event } of events) {
      if (event.kind === 'viewer:banned') {
        for (const member of [...(room.byPerson.get(event.personId) ?? [])]) close(member, 'banned');
      }
      if (event.kind === 'room:ended') {
        sendFrame(room);
        for (const member of [...room.members]) if (!member.fallenBehind) close(member, 'ended');
      }
    }
    if (room.timer || room.buffer.length === 0 || room.isResyncing) return;
    const waitMs = Math.max(FIRST_FRAME_MS, room.framedAtMs + frameIntervalMs(room.members.size) - Date.now());
    room.timer = setTimeout(() => sendFrame(room), waitMs);
  }

  function onReset(room: HubRoom): void {
    room.resets += 1;
    room.buffer = [];
    clearTimeout(room.timer);
    room.timer = undefined;
    deps.onReset();
    if (room.isResyncing) return;
    room.isResyncing = true;
    room.ready = resync(room);
  }

  async function resync(room: HubRoom): Promise<void> {
    while (rooms.get(room.id) === room) {
      const { resets } = room;
      try {
        const snapshot = await deps.readSnapshot(room.id);
        if (room.resets !== resets) continue;
        toAllInStep(room, 'room:snapshot', snapshot);
        room.framedSeq = snapshot.seq;
        break;
      } catch (error) {
        log.warn({ err: error, roomId: room.id }, 'room sockets: no snapshot for a room that lost its thread');
        await new Promise((resolve) => setTimeout(resolve, RESYNC_RETRY_MS).unref());
      }
    }
    room.isResyncing = false;
    sendFrame(room);
  }

  function sendFrame(room: HubRoom): void {
    if (room.isResyncing) return; // it goes when the snapshot is out
    clearTimeout(room.timer);
    room.timer = undefined;
    const events = room.buffer.filter(({ seq }) => seq > room.framedSeq);
    room.buffer = [];
    const last = events.at(-1);
    if (!last) return;
    const after = room.framedSeq;
    room.framedSeq = last.seq;
    room.framedAtMs = Date.now();
    const { shown, leftOut, budget } = selectEvents(events, refill(room.budget, room.framedAtMs));
    room.budget = budget;
    const at = clock.now();
    const [oldest] = shown;
    if (oldest && room.inStep.size > 0) deps.onMessageAge(Math.max(0, at.getTime() - Date.parse(oldest.at)) / 1_000);
    const own = ownFrames(room, shown, leftOut);
    toAllInStep(room, 'room:frame', toFrame(after, last.seq, at, shown), own);
    for (const [member, mine] of own) member.socket.emit('room:frame', toFrame(after, last.seq, at, mine));
  }

  function toAllInStep(room: HubRoom, event: string, payload: object, but?: ReadonlyMap<Member, unknown>): void {
    const packet = encodePacket(namespace.name, event, payload);
    for (const member of room.inStep) {
      if (but?.has(member)) continue;
      sent[sendPacket(member.socket, packet) ? 'straight' : 'queued'] += 1;
    }
  }

  /** Whom a message concerns that the sample left out gets a frame of their own: they always see it. */
  function ownFrames(
    room: HubRoom,
    shown: readonly SequencedEvent[],
    leftOut: readonly SequencedEvent[],
  ): Map<Member, SequencedEvent[]> {
    const frames = new Map<Member, SequencedEvent[]>();
    for (const item of leftOut) {
      if (item.event.kind !== 'chat:sent') continue;
      const members = concerned(item.event.message).flatMap((personId) => [...(room.byPerson.get(personId) ?? [])]);
      for (const member of members) {
        if (!room.inStep.has(member)) continue; // not in step: it gets the message another way
        const mine = frames.get(member);
        if (mine) mine.push(item);
        else frames.set(member, [...shown, item]);
      }
    }
    for (const events of frames.values()) events.sort((a, b) => a.seq - b.seq);
    return frames;
  }

  async function sendSnapshot(member: Member): Promise<void> {
    const snapshot = await deps.readSnapshot(member.roomId);
    member.socket.emit('room:snapshot', snapshot);
    member.sentSeq = snapshot.seq;
  }

  /**
   * Brings a socket to where the others are, then puts it in step. `from` undefined: it knows nothing. A number beyond the
   * log (a database was restored) or of an epoch that is over is worth nothing either.
   */
  async function bringUp(room: HubRoom, member: Member, from: number | undefined, essential: boolean): Promise<void> {
    for (let known = from; member.socket.connected; known = undefined) {
      await room.ready;
      const { resets } = room;
      await catchUp(room, member, known, essential);
      if (room.resets !== resets) continue;
      if (member.socket.connected) room.inStep.add(member); // since the last check synchronous: no frame in between
      return;
    }
  }

  async function catchUp(room: HubRoom, member: Member, from: number | undefined, essential: boolean): Promise<void> {
    const { resets } = room;
    const [head, start] = await Promise.all([roomLog.head(room.id), roomLog.start(room.id)]);
    const knowsNothing = from === undefined || from > head || from < start;
    if (knowsNothing) await sendSnapshot(member);
    else member.sentSeq = from;
    let answered = knowsNothing;
    while (member.socket.connected && room.resets === resets && (!answered || member.sentSeq < room.framedSeq)) {
      const upTo = room.framedSeq;
      const found = await roomLog.range(room.id, member.sentSeq, RESUME_LIMIT + 1);
      const missed = found.filter(({ seq }) => seq <= upTo); // what is newer comes with the next frame of all
      if (missed.length > RESUME_LIMIT) {
        await sendSnapshot(member);
      } else {
        const seq = Math.max(upTo, member.sentSeq);
        const events = essential ? withoutCrowd(missed) : missed;
        member.socket.emit('room:frame', toFrame(member.sentSeq, seq, clock.now(), events));
        member.sentSeq = seq;
      }
      answered = true;
    }
  }

  function close(member: Member, reason: RoomClosed['reason']): void {
    rooms.get(member.roomId)?.inStep.delete(member);
    member.socket.emit('room:closed', { reason } satisfies RoomClosed);
    member.socket.disconnect(true);
  }

  const backlogCheck = setInterval(() => {
    for (const room of rooms.values()) {
      for (const member of room.members) {
        if (!member.fallenBehind && room.inStep.has(member) && hasPile(member.socket)) {
          member.fallenBehind = true;
          member.sentSeq = room.framedSeq; // what it has in its queue goes up to here
          room.inStep.delete(member);
        } else if (member.fallenBehind && isDrained(member.socket)) {
          member.fallenBehind = false;
          bringUp(room, member, member.sentSeq, true).catch((error: unknown) => failed(member, error));
        }
      }
    }
  }, BACKLOG_CHECK_MS);
  backlogCheck.unref();

  /** The client comes back with its last number, which is all that is needed. */
  function failed(member: Member, error: unknown): void {
    log.warn({ err: error, roomId: member.roomId }, 'room sockets: a client could not be brought up to date');
    close(member, 'server_shutdown');
  }

  return {
    /** All sockets, for whoever has to look at every one. */
    members: (): Member[] => [...rooms.values()].flatMap((room) => [...room.members]),
    ofPerson: (personId: string): Member[] =>
      [...rooms.values()].flatMap(({ byPerson }) => [...(byPerson.get(personId) ?? [])]),

    sent: (): Readonly<typeof sent> => sent,
    /** Sockets that get nothing at the moment because they read too slowly. */
    fallenBehind: (): number =>
      [...rooms.values()].reduce((sum, room) => sum + [...room.members].filter((m) => m.fallenBehind).length, 0),
    /** Sends what the socket has missed since `lastSeq`, or a snapshot, then everything that happens. */
    async enter(member: Member, lastSeq: number | undefined): Promise<void> {
      const room = openRoom(member.roomId);
      room.members.add(member);
      const { personId } = member.principal;
      const mine = room.byPerson.get(personId);
      if (mine) mine.add(member);
      else room.byPerson.set(personId, new Set([member]));
      await bringUp(room, member, lastSeq, false).catch((error: unknown) => failed(member, error));
    },
    leave(member: Member): void {
      const room = rooms.get(member.roomId);
      if (!room?.members.delete(member)) return;
      room.inStep.delete(member);
      const mine = room.byPerson.get(member.principal.personId);
      mine?.delete(member);
      if (mine?.size === 0) room.byPerson.delete(member.principal.personId);
      forget(room);
    },
    close,
    closeAll(reason: RoomClosed['reason']): void {
      clearInterval(backlogCheck);
      for (const room of rooms.values()) {
        sendFrame(room);
        for (const member of [...room.members]) close(member, reason);
      }
    },
  };
}
export type RoomHub = ReturnType<typeof createRoomHub>;
