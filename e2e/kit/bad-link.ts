/**
 * A bad network between browsers and a media port: a UDP relay that loses, delays and throttles. (This kernel has no netem;
 * a relay works without root and on every machine.)
 *
 * Model: the server announces the relay's address; each browser transport is one client with a socket of its own towards
 * the server. Both directions pass a queue that drains at `bitsPerSecond` and drops what would wait longer than
 * `queueMs` (a router's tail drop), then wait `delayMs`. Randomness is seeded: a run can be repeated.
 */
import { createSocket, type Socket } from 'node:dgram';
import { seeded } from './seeded.ts';

export interface LinkProfile {
  /** 0 to 1, in each direction. */
  lossRatio: number;
  /** One way. */
  delayMs: number;
  /** In each direction; null = unlimited. */
  bitsPerSecond: number | null;
  /** Longest stay in the queue of a throttled link. */
  queueMs: number;
}

export const GOOD_LINK: LinkProfile = { lossRatio: 0, delayMs: 0, bitsPerSecond: null, queueMs: 300 };

export interface BadLink {
  /** So many sockets have sent something; a browser transport uses one per network interface. */
  readonly clients: number;
  /** For the clients from this one on, in order of appearance, and for those to come. */
  setProfile(fromClient: number, profile: LinkProfile): void;
  close(): Promise<void>;
}

const MAX_CLIENTS = 32;

export async function startBadLink(input: {
  ip: string;
  port: number;
  target: { ip: string; port: number };
  seed?: number;
}): Promise<BadLink> {
  const random = seeded(input.seed ?? 1);
  const clients = new Map<string, Client>();
  const order: Client[] = [];
  const timers = new Set<NodeJS.Timeout>();
  let newcomers = GOOD_LINK;
  const front = createSocket('udp4');

  interface Client {
    back: Socket;
    profile: LinkProfile;
    /** When the queue of each direction is empty again. */
    freeAtMs: { up: number; down: number };
  }

  function pass(client: Client, direction: 'up' | 'down', bytes: number, send: () => void): void {
    const { lossRatio, delayMs, bitsPerSecond, queueMs } = client.profile;
    if (lossRatio > 0 && random() < lossRatio) return;
    const nowMs = performance.now();
    let leavesAtMs = nowMs;
    if (bitsPerSecond !== null) {
      const startsAtMs = Math.max(nowMs, client.freeAtMs[direction]);
      if (startsAtMs - nowMs > queueMs) return;
      leavesAtMs = startsAtMs + (bytes * 8_000) / bitsPerSecond;
      client.freeAtMs[direction] = leavesAtMs;
    }
    const waitMs = leavesAtMs + delayMs - nowMs;
    if (waitMs < 1) {
      send();
      return;
    }
    const timer = setTimeout(() => {
      timers.delete(timer);
      send();
    }, waitMs);
    timers.add(timer);
  }

  function clientOf(address: string, port: number): Client | null {
    const key = `${address}:${port}`;
    const known = clients.get(key);
    if (known || clients.size >= MAX_CLIENTS) return known ?? null;
    const back = createSocket('udp4');
    const client: Client = { back, profile: newcomers, freeAtMs: { up: 0, down: 0 } };
    back.on('error', () => undefined); // the server is gone: that is what UDP does
    back.on('message', (data) => pass(client, 'down', data.length, () => front.send(data, port, address)));
    clients.set(key, client);
    order.push(client);
    return client;
  }

  front.on('error', () => undefined);
  front.on('message', (data, from) => {
    const client = clientOf(from.address, from.port);
    if (!client) return;
    pass(client, 'up', data.length, () => client.back.send(data, input.target.port, input.target.ip));
  });
  await new Promise<void>((resolve, reject) => {
    front.once('error', reject);
    front.bind(input.port, input.ip, resolve);
  });

  let closed = false;
  return {
    get clients() {
      return order.length;
    },
    setProfile(fromClient, profile) {
      for (const client of order.slice(fromClient)) client.profile = profile;
      newcomers = profile;
    },
    async close() {
      if (closed) return;
      closed = true;
      for (const timer of timers) clearTimeout(timer);
      for (const socket of [front, ...order.map(({ back }) => back)]) socket.close();
    },
  };
}
