/** A small server that speaks contracts/media/control.ts: what api hears and orders, without any media. */
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { ControlStream, MediaNode } from '@walnut-live/contracts';
import { Server } from 'socket.io';
import { onTestFinished } from 'vitest';

const TOKEN = 'control-token-of-the-test-0123456789';

/** Ends with the test. */
export async function startMediaServer(port = 0) {
  const orders: { path: string; body: unknown }[] = [];
  const streams = new Map<string, ControlStream>();
  const http = createServer((req, res) => {
    if (req.url?.startsWith('/socket.io')) return;
    let text = '';
    req.on('data', (chunk: Buffer) => {
      text += chunk.toString();
    });
    req.on('end', () => {
      const allowed = req.headers.authorization === `Bearer ${TOKEN}`;
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
      const has = state !== 'idle';
      const stream: ControlStream = {
        streamId,
        state,
        reason: null,
        since: new Date().toISOString(),
        hasVideo: has,
        hasAudio: has,
        role,
        viewers: { realtime: 0, smooth: 0 },
      };
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
/** For startTestApi. */
export const configFor = (...ports: number[]) => ({
  MEDIA_CONTROL_URL: ports.map((port) => `http://127.0.0.1:${port}`).join(', '),
  CONTROL_TOKEN: TOKEN,
});
