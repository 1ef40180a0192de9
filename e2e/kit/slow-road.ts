/**
 * A mobile network between a browser and a server, for TCP: both directions share a road each, which lets `bitsPerSecond` through
 * and takes half of `rttMs`; a new connection costs the round trips of its handshakes, and may send no more than its window until
 * the other side has answered (RFC 6928: ten segments at first, twice as many each round trip). Nothing is lost.
 */
import type { Socket } from 'node:net';

export interface RoadProfile {
  rttMs: number;
  downBitsPerSecond: number;
  upBitsPerSecond: number;
  /** Before the first byte: 1 for TCP, 2 with TLS 1.3. */
  handshakes: number;
}

const SEGMENT = 1_460;
const FIRST_WINDOW = 10 * SEGMENT;
/** What a phone takes at most without being asked again. */
const MOST_WINDOW = 1_048_576;

/** One direction of all connections together. */
const lane = (bitsPerSecond: number) => ({ bitsPerMs: bitsPerSecond / 1_000, freeAt: 0 });
type Lane = ReturnType<typeof lane>;

export interface Road {
  /** Joins two ends over this road; `near` is the browser's. */
  join(near: Socket, far: Socket): void;
}

export function createRoad(profile: RoadProfile): Road {
  const down = lane(profile.downBitsPerSecond);
  const up = lane(profile.upBitsPerSecond);

  function carry(from: Socket, to: Socket, on: Lane, opensAt: number): void {
    /** Not sent yet, since the window is full; and on the road. */
    const held: Buffer[] = [];
    const under: Buffer[] = [];
    let window = FIRST_WINDOW;
    let inRound = 0;
    let roundEnds = 0;
    let isWaiting = false;
    let hasEnded = false;
    const at = (time: number, what: () => void): void => void setTimeout(what, Math.max(0, time - performance.now()));
    const close = (): void => void (hasEnded && held.length + under.length === 0 && to.end());
    const arrive = (): void => {
      const piece = under.shift(); // in the order of sending, whichever timer was first
      if (piece) to.write(piece);
      close();
    };
    const send = (): void => {
      isWaiting = false;
      for (let piece = held[0]; piece; piece = held[0]) {
        const now = performance.now();
        const next = now < opensAt ? opensAt : now < roundEnds && inRound + piece.length > window ? roundEnds : now;
        if (next > now) {
          isWaiting = true;
          at(next, send);
          return;
        }
        if (now >= roundEnds) {
          // A round that was full says that the way bears more.
          if (inRound + piece.length > window) window = Math.min(MOST_WINDOW, window * 2);
          inRound = 0;
          roundEnds = now + profile.rttMs;
        }
        inRound += piece.length;
        held.shift();
        under.push(piece);
        on.freeAt = Math.max(now, on.freeAt) + (piece.length * 8) / on.bitsPerMs;
        at(on.freeAt + profile.rttMs / 2, arrive);
      }
    };
    from.on('data', (data: Buffer) => {
      for (let start = 0; start < data.length; start += SEGMENT) held.push(data.subarray(start, start + SEGMENT));
      if (!isWaiting) send();
    });
    from.on('end', () => {
      hasEnded = true;
      close();
    });
  }

  return {
    join(near, far) {
      const opensAt = performance.now() + profile.handshakes * profile.rttMs;
      carry(near, far, up, opensAt);
      carry(far, near, down, opensAt);
    },
  };
}
