/**
 * Socket.IO namespace `/cluster`: other hosts ask for pipes of the streams whose origin is here.
 *
 * Model: a pipe is an outlet of a stream, owned by the node that asked (its incarnation, not its socket): when the socket is
 * lost the media goes on, and the pipe is closed only if the node does not come back within PIPE_GRACE_MS. Invariant: one
 * pipe per stream and node; a newer one closes the one before it a little later, when the edge had time to change over.
 */
import { randomUUID } from 'node:crypto';
import {
  CLUSTER_NAMESPACE,
  type ClusterReply,
  type ClusterRequest,
  type ClusterRequestName,
  clusterRequests,
  type MediaAck,
  type PipedTrack,
  type PipeState,
} from '@walnut-live/contracts';
import type { Server, Socket } from 'socket.io';
import { MAX_PIPES_OUT } from '../domain/admission.ts';
import type { PipeOutlet } from '../engine/index.ts';
import { isMediaFailure, mediaFailure } from '../platform/failure.ts';
import type { Logger } from '../platform/logger.ts';
import type { Stream } from '../streams/stream.ts';
import type { Streams } from '../streams/streams.ts';

const PIPE_GRACE_MS = 6_000;
const CHANGE_OVER_MS = 2_000;

interface Pipe {
  id: string;
  owner: string;
  stream: Stream;
  outlet: PipeOutlet | null;
  /** Speaks for the owner; null while it is away. */
  socket: Socket | null;
  closed: boolean;
}

export interface ClusterNamespace {
  readonly pipes: number;
  close(): void;
}

export function attachClusterNamespace(deps: {
  io: Server;
  streams: Streams;
  isAllowed: (token: unknown) => boolean;
  log: Logger;
  hlsNumbers: (streamId: string) => ClusterReply<'hls:numbers'>;
}): ClusterNamespace {
  const { streams, log } = deps;
  const namespace = deps.io.of(CLUSTER_NAMESPACE);
  const pipes = new Map<string, Pipe>();

  const stateOf = (pipe: Pipe, tracks: PipedTrack[] = pipe.outlet?.tracks() ?? []): PipeState => ({
    pipeId: pipe.id,
    state: pipe.stream.status.state,
    reason: pipe.stream.status.reason,
    tracks,
  });

  function closePipe(pipe: Pipe, reason: string, tell = true): void {
    if (pipe.closed) return;
    pipe.closed = true;
    pipes.delete(pipe.id);
    pipe.outlet?.close(reason);
    if (tell) pipe.socket?.emit('pipe:closed', { pipeId: pipe.id });
  }

  const stopListening = streams.onChange((stream) => {
    for (const pipe of [...pipes.values()]) {
      if (pipe.stream !== stream) continue;
      // Outlets end with the stream's home; a stream that moved has another origin.
      const isMoved = !stream.isLocal && stream.status.state !== 'idle';
      if (!isMoved) pipe.socket?.emit('pipe:state', stateOf(pipe));
      if (isMoved || stream.status.state === 'idle') closePipe(pipe, 'stream-ended');
    }
  });

  async function open(
    socket: Socket,
    { streamId, end }: ClusterRequest<'pipe:open'>,
  ): Promise<ClusterReply<'pipe:open'>> {
    const owner: string = socket.data.owner;
    const stream = streams.get(streamId);
    if (!stream) throw mediaFailure('media_stream_unknown');
    const before = [...pipes.values()].filter((pipe) => pipe.owner === owner);
    if (pipes.size >= MAX_PIPES_OUT) throw mediaFailure('media_over_capacity');
    const pipe: Pipe = { id: randomUUID(), owner, stream, outlet: null, socket, closed: false };
    const outlet = await stream.openOutlet(end, {
      onTracks: (tracks) => {
        if (!pipe.closed && pipe.outlet) pipe.socket?.emit('pipe:state', stateOf(pipe, tracks));
      },
      onLost: () => closePipe(pipe, 'worker-lost'),
    });
    if (!socket.connected || streams.get(streamId) !== stream) {
      outlet.close('overtaken');
      throw mediaFailure('media_stream_unknown');
    }
    pipe.outlet = outlet;
    pipes.set(pipe.id, pipe);
    for (const older of before) {
      if (older.stream === stream) setTimeout(() => closePipe(older, 'replaced', false), CHANGE_OVER_MS).unref();
    }
    log.info({ streamId, to: socket.data.nodeId }, 'pipe to another host opened');
    return { ...stateOf(pipe), end: outlet.end };
  }

  function pipeOf(socket: Socket, pipeId: string): Pipe {
    const pipe = pipes.get(pipeId);
    if (!pipe || pipe.owner !== socket.data.owner) throw mediaFailure('media_session_unknown');
    return pipe;
  }

  const handlers: {
    [Name in ClusterRequestName]: (socket: Socket, payload: ClusterRequest<Name>) => Promise<ClusterReply<Name>>;
  } = {
    'pipe:open': open,
    async 'pipe:resume'(socket, { pipeId }) {
      const pipe = pipeOf(socket, pipeId);
      pipe.socket = socket;
      return stateOf(pipe);
    },
    async 'pipe:close'(socket, { pipeId }) {
      closePipe(pipeOf(socket, pipeId), 'closed-by-edge', false);
      return {};
    },
    async 'hls:numbers'(_socket, { streamId }) {
      return deps.hlsNumbers(streamId);
    },
  };

  async function answer<Name extends ClusterRequestName>(
    socket: Socket,
    name: Name,
    payload: unknown,
  ): Promise<MediaAck<unknown>> {
    try {
      const parsed = clusterRequests[name].request.safeParse(payload);
      if (!parsed.success) throw mediaFailure('media_payload_invalid');
      return { ok: true, data: await handlers[name](socket, parsed.data as ClusterRequest<Name>) };
    } catch (error) {
      if (isMediaFailure(error)) return { ok: false, error: { code: error.code } };
      log.error({ err: error, event: name }, 'request of another host failed');
      return { ok: false, error: { code: 'media_internal' } };
    }
  }

  namespace.use((socket, next) => {
    const { token, nodeId, incarnation } = socket.handshake.auth;
    const isNamed = typeof nodeId === 'string' && typeof incarnation === 'string';
    const code = 'media_token_invalid';
    if (!isNamed || !deps.isAllowed(token)) return next(Object.assign(new Error(code), { data: { code } }));
    socket.data.owner = JSON.stringify([nodeId, incarnation]);
    socket.data.nodeId = nodeId;
    next();
  });
  namespace.on('connection', (socket) => {
    for (const name of Object.keys(clusterRequests) as ClusterRequestName[]) {
      socket.on(name, (payload: unknown, acknowledge: unknown) => {
        void answer(socket, name, payload).then((reply) => {
          if (typeof acknowledge === 'function') acknowledge(reply);
        });
      });
    }
    socket.on('disconnect', () => {
      for (const pipe of pipes.values()) {
        if (pipe.socket !== socket) continue;
        pipe.socket = null;
        setTimeout(() => {
          if (pipe.socket === null) closePipe(pipe, 'edge-lost');
        }, PIPE_GRACE_MS).unref();
      }
    });
  });

  return {
    get pipes() {
      return pipes.size;
    },
    close() {
      stopListening();
      for (const pipe of [...pipes.values()]) closePipe(pipe, 'server-closed');
    },
  };
}
