/**
 * Just enough Socket.IO 4 for k6: Engine.IO 4 over one WebSocket, one namespace, events and acknowledgements.
 * Packets: https://socket.io/docs/v4/engine-io-protocol/ and .../socket-io-protocol/ (0 open, 2 ping, 3 pong, 4 message;
 * message: 0 connect, 1 disconnect, 2 event, 3 ack, 4 connect error).
 */
import { WebSocket } from 'k6/websockets';

type Ack = (data: unknown) => void;
export interface RoomSocket {
  on(event: string, handler: (data: never) => void): void;
  emit(event: string, payload: unknown, ack?: Ack): void;
  close(): void;
}
export interface ConnectOptions {
  origin: string;
  path: string;
  namespace: string;
  auth: Record<string, unknown>;
  onConnected(socket: RoomSocket): void;
  onRefused(reason: unknown): void;
  onClosed?(): void;
}

export function connect(options: ConnectOptions): RoomSocket {
  const { namespace } = options;
  const url = `${options.origin.replace(/^http/, 'ws')}${options.path}/?EIO=4&transport=websocket`;
  const ws = new WebSocket(url);
  const handlers = new Map<string, (data: never) => void>();
  const acks = new Map<number, Ack>();
  let nextAck = 0;

  const socket: RoomSocket = {
    on: (event, handler) => void handlers.set(event, handler),
    emit(event, payload, ack) {
      const id = ack ? String(nextAck) : '';
      if (ack) acks.set(nextAck++, ack);
      ws.send(`42${namespace},${id}${JSON.stringify([event, payload])}`);
    },
    close: () => ws.close(),
  };

  ws.addEventListener('message', (message) => {
    const data = 'data' in message ? String(message.data) : '';
    if (data === '2') return ws.send('3');
    if (data.startsWith('0')) return ws.send(`40${namespace},${JSON.stringify(options.auth)}`);
    const match = /^4([0-4])(?:\/[\w-]+,)?(\d*)(.*)$/s.exec(data);
    if (!match) return;
    const [, type, id, body] = match;
    if (type === '0') options.onConnected(socket);
    else if (type === '2') {
      const [event, payload] = JSON.parse(body ?? '[]') as [string, never];
      handlers.get(event)?.(payload);
    } else if (type === '3') {
      acks.get(Number(id))?.((JSON.parse(body ?? '[]') as unknown[])[0]);
      acks.delete(Number(id));
    } else if (type === '4') options.onRefused(JSON.parse(body || 'null'));
  });
  ws.addEventListener('close', () => options.onClosed?.());
  return socket;
}
