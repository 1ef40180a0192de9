/**
 * Thousands of people in one room in one process: the wire format of Socket.IO on plain WebSockets, so that two cores carry
 * the crowd and the servers. Each person behaves as live-client does: a message is sent again under its id until it is
 * acknowledged; who loses the connection comes back with their last number; events at or below it are skipped.
 *
 * Invariants that are checked at once, for everybody (`wrong`): no frame begins behind the last number; numbers rise; a number
 * is the same event for everybody; nobody is shown a message twice.
 */
import { randomInt, randomUUID } from 'node:crypto';
import { isDeepStrictEqual } from 'node:util';
import type { Ack, ChatMessage, RoomFrame, RoomSnapshot, SequencedEvent } from '../../contracts/src/index.ts';

const ACK_TIMEOUT_MS = 10_000;
const BACKOFF_MS = [100, 1_500] as const;
const REFUSED_PAUSE_MS = 1_000;
const WRONG_KEPT = 50;
/** Equal frames come to a thousand people one after the other: they are parsed once. */
const PARSED_KEPT = 64;

export interface Ticket {
  readonly personId: string;
  readonly name: string;
  /** Where to connect: asked anew for every attempt. */
  urlOf(attempt: number): string;
  token(): Promise<string>;
}

export interface Said {
  readonly messageId: string;
  readonly text: string;
}

export interface Member {
  readonly personId: string;
  isOnline(): boolean;
  hasLeft(): boolean;
  /** How often they have connected. */
  readonly connections: number;
  /** Where they are, or try to be. */
  readonly url: string;
  readonly acknowledged: readonly Said[];
  readonly pending: number;
  /** Numbers of the events they were shown, in order. */
  readonly seen: readonly number[];
  readonly lastSeq: number;
  /** What snapshots covered instead of events: from, to. */
  readonly covered: readonly (readonly [number, number])[];
  say(text: string): void;
  leave(): void;
}

export interface Crowd {
  readonly members: readonly Member[];
  join(ticket: Ticket): Member;
  /** Of every number that anybody was shown: its event. */
  readonly events: ReadonlyMap<number, SequencedEvent>;
  /** What must never happen; at most WRONG_KEPT of it. */
  readonly wrong: readonly string[];
  readonly refusals: ReadonlyMap<string, number>;
  /** Milliseconds from the first try to the acknowledgement, since it was last taken. */
  takeAckMs(): number[];
  /** Milliseconds from the loss of a connection to the next one, since it was last taken. */
  takeAwayMs(): number[];
}

interface Pending {
  readonly clientMessageId: string;
  readonly text: string;
  readonly sinceMs: number;
  timer: NodeJS.Timeout | undefined;
}

export function createCrowd(roomId: string): Crowd {
  const members: Member[] = [];
  const events = new Map<number, SequencedEvent>();
  const wrong: string[] = [];
  const refusals = new Map<string, number>();
  const parsed = new Map<string, unknown>();
  let ackMs: number[] = [];
  let awayMs: number[] = [];

  const isWrong = (what: string): void => {
    if (wrong.length < WRONG_KEPT) wrong.push(what);
  };
  function parse(text: string): unknown {
    const known = parsed.get(text);
    if (known !== undefined) return known;
    const value: unknown = JSON.parse(text);
    parsed.set(text, value);
    if (parsed.size > PARSED_KEPT) for (const oldest of parsed.keys()) return parsed.delete(oldest) && value;
    return value;
  }
  function note(item: SequencedEvent): void {
    const known = events.get(item.seq);
    if (!known) events.set(item.seq, item);
    else if (known !== item && !isDeepStrictEqual(known.event, item.event)) {
      isWrong(`number ${item.seq} is two events`);
    }
  }

  function join({ personId, name, urlOf, token }: Ticket): Member {
    const acknowledged: Said[] = [];
    const pending = new Map<string, Pending>();
    const acks = new Map<number, string>();
    const seen: number[] = [];
    const shownMessages = new Set<string>();
    const covered: [number, number][] = [];
    let lastSeq = 0;
    let ackNo = 0;
    let connections = 0;
    let attempts = 0;
    let at = '';
    let online = false;
    let left = false;
    let socket: WebSocket | undefined;
    let lostAtMs: number | undefined;

    function send(message: Pending): void {
      clearTimeout(message.timer);
      if (!online || !socket) return; // sent when the connection stands
      ackNo += 1;
      acks.set(ackNo, message.clientMessageId);
      const { text, clientMessageId } = message;
      socket.send(`42/room,${ackNo}${JSON.stringify(['chat:send', { text, clientMessageId }])}`);
      message.timer = setTimeout(() => send(message), ACK_TIMEOUT_MS);
    }
    function onAck(no: number, answer: Ack<{ message: ChatMessage }>): void {
      const id = acks.get(no);
      acks.delete(no);
      const message = id === undefined ? undefined : pending.get(id);
      if (!message) return;
      clearTimeout(message.timer);
      if (answer.ok) {
        pending.delete(message.clientMessageId);
        acknowledged.push({ messageId: answer.data.message.messageId, text: message.text });
        ackMs.push(performance.now() - message.sinceMs);
        return;
      }
      refusals.set(answer.error.code, (refusals.get(answer.error.code) ?? 0) + 1);
      message.timer = setTimeout(() => send(message), REFUSED_PAUSE_MS);
    }
    function onFrame(frame: RoomFrame): void {
      if ((frame.after ?? 0) > lastSeq) isWrong(`${name}: a hole between ${lastSeq} and ${frame.after}`);
      let last = 0;
      for (const item of frame.events) {
        if (item.seq <= last) isWrong(`${name}: ${item.seq} after ${last}`);
        last = item.seq;
        if (item.seq <= lastSeq) continue;
        note(item);
        seen.push(item.seq);
        if (item.event.kind !== 'chat:sent') continue;
        const { messageId } = item.event.message;
        if (shownMessages.has(messageId)) isWrong(`${name} was shown ${messageId} twice`);
        shownMessages.add(messageId);
      }
      if (frame.seq > lastSeq) lastSeq = frame.seq;
    }
    function onSnapshot({ seq, chat }: RoomSnapshot): void {
      covered.push([lastSeq, seq]);
      for (const { messageId } of chat) shownMessages.add(messageId);
      lastSeq = seq;
    }
    function onPacket(mine: WebSocket, data: string): void {
      if (data === '2') mine.send('3');
      else if (data.startsWith('0{')) {
        void token().then((fresh) => {
          if (mine.readyState !== WebSocket.OPEN) return;
          const auth = { token: fresh, roomId, ...(connections > 0 ? { lastSeq } : {}) };
          mine.send(`40/room,${JSON.stringify(auth)}`);
        });
      } else if (data.startsWith('40/room,')) {
        online = true;
        connections += 1;
        if (lostAtMs !== undefined) awayMs.push(performance.now() - lostAtMs);
        lostAtMs = undefined;
        for (const message of pending.values()) send(message);
      } else if (data.startsWith('43/room,')) {
        const [, no, body] = /^43\/room,(\d+)(.*)$/s.exec(data) ?? [];
        const [answer] = JSON.parse(body ?? '[]') as [Ack<{ message: ChatMessage }>];
        onAck(Number(no), answer);
      } else if (data.startsWith('42/room,')) {
        const [event, payload] = parse(data.slice(8)) as [string, unknown];
        if (event === 'room:frame') onFrame(payload as RoomFrame);
        else if (event === 'room:snapshot') onSnapshot(payload as RoomSnapshot);
      } else if (data.startsWith('44/room,')) {
        refusals.set(`connect ${data.slice(8)}`, (refusals.get(`connect ${data.slice(8)}`) ?? 0) + 1);
        mine.close();
      }
    }
    function connect(): void {
      if (left) return;
      at = urlOf(attempts++);
      const mine = new WebSocket(`${at.replace('http', 'ws')}/socket.io/?EIO=4&transport=websocket`);
      socket = mine;
      mine.addEventListener('message', ({ data }) => onPacket(mine, String(data)));
      mine.addEventListener('error', () => undefined); // `close` follows
      mine.addEventListener('close', () => {
        if (online) lostAtMs = performance.now();
        online = false;
        acks.clear();
        setTimeout(connect, randomInt(...BACKOFF_MS));
      });
    }
    connect();

    const member: Member = {
      personId,
      isOnline: () => online,
      hasLeft: () => left,
      get connections() {
        return connections;
      },
      get url() {
        return at;
      },
      acknowledged,
      get pending() {
        return pending.size;
      },
      seen,
      get lastSeq() {
        return lastSeq;
      },
      covered,
      say(text) {
        const message: Pending = {
          clientMessageId: randomUUID(),
          text,
          sinceMs: performance.now(),
          timer: undefined,
        };
        pending.set(message.clientMessageId, message);
        send(message);
      },
      leave() {
        left = true;
        for (const { timer } of pending.values()) clearTimeout(timer);
        socket?.close();
      },
    };
    members.push(member);
    return member;
  }

  return {
    members,
    join,
    events,
    wrong,
    refusals,
    takeAckMs() {
      const taken = ackMs;
      ackMs = [];
      return taken;
    },
    takeAwayMs() {
      const taken = awayMs;
      awayMs = [];
      return taken;
    },
  };
}
