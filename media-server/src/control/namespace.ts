/** Socket.IO namespace `/control`: api learns every stream's state the moment it changes. */
import { CONTROL_NAMESPACE } from '@walnut-live/contracts';
import type { Server } from 'socket.io';
import type { Cluster } from '../cluster/index.ts';
import type { Streams } from '../streams/streams.ts';
import { streamView } from './views.ts';

export function attachControlNamespace(deps: {
  io: Server;
  streams: Streams;
  isAllowed: (token: unknown) => boolean;
  smoothViewers: (streamId: string) => number;
  cluster: Pick<Cluster, 'onBeat' | 'self'>;
}): void {
  const { streams, smoothViewers } = deps;
  const namespace = deps.io.of(CONTROL_NAMESPACE);
  namespace.use((socket, next) => {
    const code = 'media_token_invalid';
    next(deps.isAllowed(socket.handshake.auth.token) ? undefined : Object.assign(new Error(code), { data: { code } }));
  });
  deps.cluster.onBeat((node) => namespace.emit('node:state', node));
  namespace.on('connection', (socket) => {
    socket.emit('node:state', deps.cluster.self());
    socket.emit(
      'streams:snapshot',
      streams.list().map((stream) => streamView(stream, smoothViewers)),
    );
  });
  streams.onChange((stream) => namespace.emit('stream:state', streamView(stream, smoothViewers)));
}
