/** Several media servers within one process, and viewers that signal without a browser. */
import {
  ControlStreamDetail,
  type MediaAck,
  type MediaReply,
  type MediaRequest,
  type MediaRequestName,
  type MediaTokenClaims,
  RtpIngest,
  type StreamStateMessage,
} from '@walnut-live/contracts';
import { io, type Socket } from 'socket.io-client';
import { createRegistryBoard, openMemoryRegistry, type RegistryBoard } from '../src/cluster/memory-registry.ts';
import type { MediaServer, MediaServerTuning } from '../src/media-server.ts';
import { control, mintToken, startServer, until } from './kit.ts';

export const newBoard: () => RegistryBoard = createRegistryBoard;

export function startNode(
  board: RegistryBoard,
  nodeId: string,
  tuning: MediaServerTuning = {},
  environment: Record<string, string> = {},
): Promise<MediaServer> {
  const registry = openMemoryRegistry(board, Date.now);
  return startServer({ NODE_ID: nodeId, ...environment }, { registry, relayLingerMs: 300, ...tuning });
}

export async function detailOf(server: MediaServer, streamId: string): Promise<ControlStreamDetail> {
  return ControlStreamDetail.parse(await (await control(server, 'GET', `/streams/${streamId}`)).json());
}

export async function openIngest(server: MediaServer, streamId: string): Promise<RtpIngest> {
  const response = await control(server, 'POST', `/streams/${streamId}/rtp-ingest`);
  if (!response.ok) throw new Error(`${response.status} ${await response.text()}`);
  return RtpIngest.parse(await response.json());
}

export interface Signaller {
  readonly socket: Socket;
  readonly states: StreamStateMessage[];
  readonly resets: unknown[];
  readonly closings: unknown[];
  readonly moves: unknown[];
  request<Name extends MediaRequestName>(name: Name, payload: MediaRequest<Name>): Promise<MediaReply<Name>>;
  /** Waits until the stream is live with these many tracks. */
  live(tracks?: number, timeoutMs?: number): Promise<StreamStateMessage>;
  close(): void;
}

/** @throws with the server's code as message when it does not let the person in */
export async function signalAt(
  server: Pick<MediaServer, 'url'>,
  claims: Partial<MediaTokenClaims>,
): Promise<Signaller> {
  const socket = io(`${server.url}/media`, {
    auth: { token: await mintToken(claims) },
    transports: ['websocket'],
    forceNew: true,
    reconnection: false,
  });
  const states: StreamStateMessage[] = [];
  const resets: unknown[] = [];
  const closings: unknown[] = [];
  const moves: unknown[] = [];
  socket.on('stream:state', (message: StreamStateMessage) => states.push(message));
  socket.on('session:reset', (message: unknown) => resets.push(message));
  socket.on('session:closed', (message: unknown) => closings.push(message));
  socket.on('session:move', (message: unknown) => moves.push(message));
  await new Promise((resolve, reject) => {
    socket.on('connect', () => resolve(undefined));
    socket.on('connect_error', reject);
  });
  return {
    socket,
    states,
    resets,
    closings,
    moves,
    async request<Name extends MediaRequestName>(name: Name, payload: MediaRequest<Name>) {
      const reply: MediaAck<MediaReply<Name>> = await socket.emitWithAck(name, payload);
      if (!reply.ok) throw new Error(JSON.stringify(reply.error));
      return reply.data;
    },
    live: async (tracks = 2, timeoutMs = 15_000) => {
      const isThere = (state: StreamStateMessage | undefined): boolean =>
        state?.state === 'live' && state.tracks.length === tracks;
      const state = await until('live', () => states.at(-1), isThere, timeoutMs);
      return state as StreamStateMessage;
    },
    close: () => void socket.disconnect(),
  };
}

/** Opens and consumes everything, as a browser does; the media path itself is not made. */
export async function watchAll(viewer: Signaller): Promise<{ transportId: string; producerIds: string[] }> {
  const opened = await viewer.request('watch:open', {});
  return consumeAll(viewer, opened.transport.id, opened.routerRtpCapabilities);
}

export async function consumeAll(
  viewer: Signaller,
  transportId: string,
  rtpCapabilities: MediaReply<'watch:open'>['routerRtpCapabilities'],
): Promise<{ transportId: string; producerIds: string[] }> {
  const { consumers } = await viewer.request('watch:consume', { transportId, rtpCapabilities });
  const consumerIds = consumers.map((consumer: { id: string }) => consumer.id);
  if (consumerIds.length > 0) await viewer.request('watch:resume', { consumerIds });
  return { transportId, producerIds: consumers.map((consumer: { producerId: string }) => consumer.producerId) };
}
