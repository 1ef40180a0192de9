/** What the rest of the server sees of a stream. */
import type {
  PipeEnd,
  PublisherTrackStats,
  RtpIngest,
  StreamReason,
  StreamStateMessage,
  StreamTrack,
} from '@walnut-live/contracts';
import type { StreamStatus } from '../domain/stream-state.ts';
import type { Origin, PipeOutlet, PublishLink, Tap, ViewerLink } from '../engine/index.ts';
import type { Peer } from './peer.ts';
import type { PublisherView } from './publication.ts';
import type { RelayEvents, RelayPort } from './relay-port.ts';

/** What a stream needs of the cluster: to be its only origin. */
export interface OriginClaims {
  /** Makes this host the origin. @throws MediaFailure media_stream_busy */
  claim(streamId: string, publisher: Pick<Peer, 'claims'> | 'rtp'): Promise<void>;
  release(streamId: string): void;
}

export interface Stream {
  readonly id: string;
  readonly status: StreamStatus;
  tracks(): StreamTrack[];
  message(): StreamStateMessage;
  readonly realtimeViewers: number;
  publisher(): PublisherView | null;
  publisherStats(): Promise<PublisherTrackStats[]>;

  /** A peer of either right comes in: it will be told every state. */
  join(peer: Peer): void;
  /** The socket of a peer is gone; a publisher's media may go on for the grace time. */
  detached(peer: Peer): void;
  attached(peer: Peer): void;
  /** The peer is gone for good. */
  remove(peer: Peer, reason: StreamReason): void;

  openPublisher(peer: Peer): Promise<{ link: PublishLink; origin: Origin }>;
  isPublisher(peer: Peer): boolean;
  publishLinkOf(peer: Peer): PublishLink | null;
  openViewer(peer: Peer): Promise<ViewerLink>;
  /** Opens the ingest for a local encoder, or returns the one there is. @throws MediaFailure media_stream_busy */
  openIngest(): Promise<RtpIngest>;
  closeIngest(): Promise<void>;
  openTap(options: Parameters<Origin['openTap']>[0]): Promise<Tap>;
  /** Feeds another host. @throws MediaFailure media_stream_unknown when this host is not the origin */
  openOutlet(remote: PipeEnd, events: Parameters<Origin['openPipeOutlet']>[1]): Promise<PipeOutlet>;
  /** Lets the stream be fed by another host. A local publication goes on until the relay's inlet is used. */
  attachRelay(events: RelayEvents): RelayPort;
  /** Somebody publishes here, or is awaited here. */
  readonly isLocal: boolean;
  /** Another host feeds it. */
  readonly isRelayed: boolean;
  /** Connected peers that may watch. */
  readonly watchers: number;
  peers(): readonly Peer[];
  /** Of the media worker that has its tracks. */
  readonly workerPid: number | undefined;
  /** Ends the publication and puts everybody out. */
  close(reason: 'closed_by_control' | 'drained'): void;
  readonly isUnused: boolean;
}
