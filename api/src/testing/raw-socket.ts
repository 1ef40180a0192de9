/** A WebSocket that says what it is told, in the order it is told: for what no Socket.IO client would send. */
import { vi } from 'vitest';
import { ROOM_SOCKET_PATH } from '../features/rooms/index.ts';

/** How soon a server ends what it does not want to hear. */
const PATIENCE_MS = 10_000;

export interface RawSocket {
  readonly heard: readonly string[];
  readonly isOpen: () => boolean;
  say(packet: string): void;
  waitFor(what: string, condition: () => boolean): Promise<void>;
  close(): void;
}

/** Connects as far as Engine.IO; no namespace is joined yet. */
export async function openRawSocket(url: string): Promise<RawSocket> {
  const address = new URL(`${ROOM_SOCKET_PATH}/?EIO=4&transport=websocket`, url);
  address.protocol = 'ws:';
  const socket = new WebSocket(address);
  const heard: string[] = [];
  socket.addEventListener('message', ({ data }) => heard.push(String(data)));
  const raw: RawSocket = {
    heard,
    isOpen: () => socket.readyState === WebSocket.OPEN,
    say: (packet) => socket.send(packet),
    waitFor: (what, condition) =>
      vi.waitFor(
        () => {
          if (!condition()) throw new Error(`not seen: ${what}; heard ${heard.join(' ')}`);
        },
        { timeout: PATIENCE_MS, interval: 5 },
      ),
    close: () => socket.close(),
  };
  await raw.waitFor('the greeting', () => heard.some((packet) => packet.startsWith('0')));
  return raw;
}
