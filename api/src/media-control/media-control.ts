/**
 * What api knows of the media servers: the state of every stream, where newcomers go, and two orders it gives (close a
 * stream, put a person out). Several servers carry one stream together: its origin speaks for it, the others repeat it.
 */
import type { CompositeOrder, ControlStream, Revocation } from '@walnut-live/contracts';
import type { Logger } from '../platform/logger.ts';
import { createMediaNodeLink, type MediaNodeLink } from './media-node-link.ts';
import { type Candidate, chooseHost } from './media-placement.ts';

export interface StreamView {
  readonly state: 'idle' | 'live' | 'interrupted';
  readonly hasVideo: boolean;
  readonly hasAudio: boolean;
}
const idle: StreamView = { state: 'idle', hasVideo: false, hasAudio: false };

export interface MediaControl {
  /** True until the first snapshot and while no media server is in reach: what `stateOf` says is then a guess. */
  readonly isAway: boolean;
  /**
   * Every media server has told its streams or was given up. Before that an unknown stream may well be live, and an edge's
   * word be older than its origin's: after a start only `live` is certain. `onChange` tells `all` when it becomes true.
   */
  readonly isComplete: boolean;
  /** An unknown stream is idle. */
  stateOf(streamId: string): StreamView;
  /**
   * Addresses for a newcomer: of signalling, and of HLS, which the origin packages. Null: the one that api is configured
   * with, because the server has no address of its own or nothing is known.
   */
  placeFor(streamId: string, right: 'publish' | 'watch'): { socketUrl: string | null; hlsUrl: string | null };
  /** Control address of the server in reach that the stream is published to; null: none is known. */
  originOf(streamId: string): string | null;
  /** Called with the streams that changed, or `all` after a connection or its loss. Returns its undo. */
  onChange(listener: (changed: readonly string[] | 'all') => void): () => void;
  /**
   * Called after every connection with the streams that are not idle there: that side may have started anew and have
   * forgotten every order. Failures are logged. Returns its undo.
   */
  onConnect(listener: (streamIds: readonly string[]) => Promise<void>): () => void;
  /** Puts publisher and viewers out, on every host. Never throws. */
  closeStream(streamId: string): Promise<void>;
  /** Puts a person's peers out of a stream (of all streams without one), on every host; with `jti` only those of one token. Never throws. */
  revoke(personId: string, streamId?: string, jti?: string): Promise<void>;
  /**
   * Shows the streams as one to the HLS viewers of the first; null: each its own again. Every host is told, the one that has
   * the streams does it. Never throws.
   */
  showTogether(roomId: string, order: CompositeOrder | null): Promise<void>;
  close(): void;
}

const RANK = { live: 2, interrupted: 1, idle: 0 } as const;
const isOrigin = (stream: ControlStream): boolean => stream.role !== 'edge';

/** @param deps.urls control addresses of all media servers */
export function createMediaControl(deps: { urls: readonly string[]; token: string; log: Logger }): MediaControl {
  const links = deps.urls.map((url): MediaNodeLink => createMediaNodeLink({ url, token: deps.token, log: deps.log }));

  /** An origin in reach knows best, then an edge in reach; of a host that fell silent its last word counts, for a while. */
  function bestKnown(streamId: string): ControlStream | undefined {
    let best: { stream: ControlStream; rank: number } | undefined;
    for (const link of links) {
      const stream = link.stream(streamId);
      if (!stream) continue;
      const rank = (link.isConnected ? 20 : 0) + (isOrigin(stream) ? 10 : 0) + RANK[stream.state];
      if (!best || rank > best.rank) best = { stream, rank };
    }
    return best?.stream;
  }

  /** Nobody is sent to a server that fell silent, while there is another. */
  function candidates(streamId: string): Candidate[] {
    const connected = links.filter((link) => link.isConnected);
    const heard = connected.filter((link) => !link.isSilent);
    return (heard.length > 0 ? heard : connected).flatMap((link): Candidate[] => {
      const { node } = link;
      if (!node) return [];
      const stream = link.stream(streamId);
      return [{ node, has: stream ? (isOrigin(stream) ? 'origin' : 'edge') : null }];
    });
  }

  const undoAll = (undos: Array<() => void>) => () => {
    for (const undo of undos) undo();
  };
  const toAll = async (path: string, body: unknown, method?: 'PUT' | 'DELETE'): Promise<void> => {
    await Promise.all(links.map((link) => link.order(path, body, method)));
  };

  return {
    get isAway() {
      return links.every((link) => link.isAway);
    },
    get isComplete() {
      return links.every((link) => link.hasSpoken);
    },
    stateOf(streamId) {
      const known = bestKnown(streamId);
      return known ? { state: known.state, hasVideo: known.hasVideo, hasAudio: known.hasAudio } : idle;
    },
    placeFor(streamId, right) {
      const all = candidates(streamId);
      const chosen = chooseHost(all, right);
      const origin = all.find(({ has }) => has === 'origin') ?? chosen;
      return { socketUrl: chosen?.node.publicUrl || null, hlsUrl: origin?.node.publicUrl || null };
    },
    originOf(streamId) {
      const isHere = (link: MediaNodeLink): boolean => {
        const stream = link.isConnected ? link.stream(streamId) : undefined;
        return stream !== undefined && isOrigin(stream);
      };
      return deps.urls[links.findIndex(isHere)] ?? null;
    },
    onChange: (listener) => undoAll(links.map((link) => link.onChange(listener))),
    onConnect: (listener) => undoAll(links.map((link) => link.onConnect(listener))),
    closeStream: (streamId) => toAll(`/control/streams/${encodeURIComponent(streamId)}/close`, {}),
    revoke(personId, streamId, jti) {
      const body: Revocation = {
        personId,
        ...(streamId === undefined ? {} : { streamId }),
        ...(jti === undefined ? {} : { jti }),
      };
      return toAll('/control/revocations', body);
    },
    showTogether: (roomId, order) =>
      toAll(`/control/composites/room-${encodeURIComponent(roomId)}`, order ?? {}, order ? 'PUT' : 'DELETE'),
    close() {
      for (const link of links) link.close();
    },
  };
}
