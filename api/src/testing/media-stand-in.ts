/** A small server that speaks contracts/media/control.ts: what api hears and orders, without any media. */
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import type {
  ControlStream,
  ControlStreamDetail,
  FileView,
  MediaNode,
  RecordingOrder,
  RecordingView,
  RecordingVisibility,
} from '@walnut-live/contracts';
import { Server } from 'socket.io';
import { onTestFinished } from 'vitest';

const TOKEN = 'control-token-of-the-test-0123456789';

/** Ends with the test. */
export async function startMediaServer(port = 0) {
  const orders: { path: string; body: unknown }[] = [];
  const streams = new Map<string, ControlStream>();
  const recordings = keepRecordings();
  const details = new Map<string, Partial<ControlStreamDetail>>();
  let silent = false;
  const http = createServer((req, res) => {
    if (req.url?.startsWith('/socket.io')) return;
    let text = '';
    req.on('data', (chunk: Buffer) => {
      text += chunk.toString();
    });
    req.on('end', () => {
      const allowed = req.headers.authorization === `Bearer ${TOKEN}`;
      if (allowed && req.url?.startsWith('/control/recordings/')) {
        const [, , , roomId = '', files] = req.url.split('/');
        if (roomId === recordings.refuses) return void res.writeHead(500).end();
        const reply = recordings.answer(req.method ?? '', roomId, files, text === '' ? null : JSON.parse(text));
        res.writeHead(reply === null ? 204 : 200, { 'content-type': 'application/json' });
        return void res.end(reply === null ? undefined : JSON.stringify(reply));
      }
      if (allowed && req.method === 'GET') {
        // A server that hangs takes the question and says nothing.
        if (silent) return;
        const [, , what, id = ''] = (req.url ?? '').split('/');
        const detailOf = (streamId: string): ControlStreamDetail => ({
          ...(streams.get(streamId) ?? viewOf(streamId, 'idle', 'origin')),
          ...{ publisher: null, picture: null, score: null },
          ...details.get(streamId),
        });
        const reply = what === 'stream-details' ? { streams: [...streams.keys()].map(detailOf) } : detailOf(id);
        return void res.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(reply));
      }
      if (allowed) orders.push({ path: req.url ?? '', body: JSON.parse(text) });
      res.writeHead(allowed ? 204 : 401).end();
    });
  });
  const io = new Server(http);
  const control = io.of('/control');
  control.use((socket, next) =>
    next(socket.handshake.auth.token === TOKEN ? undefined : new Error('media_token_invalid')),
  );
  let node: MediaNode | null = null;
  control.on('connection', (socket) => {
    if (node) socket.emit('node:state', node);
    socket.emit('streams:snapshot', [...streams.values()]);
  });
  http.listen(port, '127.0.0.1');
  await once(http, 'listening');
  let stopped: Promise<void> | undefined;
  const server = {
    port: (http.address() as AddressInfo).port,
    orders,
    recordings,
    /** What it says of a stream besides its state. */
    tell: (streamId: string, detail: Partial<ControlStreamDetail>) => void details.set(streamId, detail),
    /** It takes questions and answers none. */
    hang() {
      silent = true;
    },
    connections: () => control.sockets.size,
    /** Its load, as it tells every second. */
    announce(nodeId: string, change: Partial<MediaNode> = {}) {
      node = {
        nodeId,
        incarnation: 'first',
        publicUrl: `https://${nodeId}.example`,
        controlUrl: `http://${nodeId}.inside`,
        load: { cpu: 0, viewers: 0, origins: 0, egressMbps: 0 },
        capacity: { viewers: 100, egressMbps: 1_000 },
        draining: false,
        version: '1',
        ...change,
      };
      control.emit('node:state', node);
    },
    publish(streamId: string, state: ControlStream['state'], role: ControlStream['role'] = 'origin') {
      const stream = viewOf(streamId, state, role);
      streams.set(streamId, stream);
      control.emit('stream:state', stream);
    },
    stop() {
      stopped ??= (async () => {
        http.closeAllConnections();
        await io.close();
      })();
      return stopped;
    },
  };
  onTestFinished(server.stop);
  return server;
}
function viewOf(streamId: string, state: ControlStream['state'], role: ControlStream['role']): ControlStream {
  const has = state !== 'idle';
  return {
    ...{ streamId, state, reason: null, since: new Date().toISOString(), hasVideo: has, hasAudio: has },
    ...(role ? { role } : {}),
    viewers: { realtime: 0, smooth: 0 },
  };
}

/** Recordings are a memory of orders; a test says what became of them. */
function keepRecordings() {
  const orders = new Map<string, RecordingOrder>();
  const views = new Map<string, RecordingView>();
  const files: { roomId: string; body: unknown }[] = [];
  const helped = new Map<string, RecordingOrder>();
  return {
    orders,
    files,
    /** Orders of recordings whose home is another server. */
    helped,
    hidden: new Map<string, boolean>(),
    /** The room whose recording this server fails at. */
    refuses: null as string | null,
    file: { state: 'making', bytes: null } as FileView,
    finish: (roomId: string, view: RecordingView) => void views.set(roomId, view),
    answer(method: string, roomId: string, part: string | undefined, body: unknown): RecordingView | FileView | null {
      if (part === 'help') {
        helped.set(roomId, body as RecordingOrder);
        return null;
      }
      if (part === 'visibility') this.hidden.set(roomId, (body as RecordingVisibility).hidden);
      else if (part) {
        files.push({ roomId, body });
        return this.file;
      } else if (method === 'PUT') orders.set(roomId, body as RecordingOrder);
      if (method === 'DELETE') {
        orders.delete(roomId);
        views.delete(roomId);
        return null;
      }
      const order = orders.get(roomId);
      const state = !order ? 'unknown' : order.state === 'recording' ? 'recording' : 'processing';
      return views.get(roomId) ?? { state, durationMs: 0, bytes: 0, pieces: [] };
    },
  };
}

/** For startTestApi. */
export const configFor = (...ports: number[]) => ({
  MEDIA_CONTROL_URL: ports.map((port) => `http://127.0.0.1:${port}`).join(', '),
  CONTROL_TOKEN: TOKEN,
});
