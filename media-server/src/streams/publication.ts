/** Who publishes a stream on this host. */
import type { RtpIngest } from '@walnut-live/contracts';
import type { IngestLink, PipeInlet, PublishLink } from '../engine/index.ts';
import type { Peer } from './peer.ts';
import type { RelayEvents } from './relay-port.ts';

/** A browser or a WHIP client. */
export interface WebRtcPublisher {
  kind: 'webrtc';
  peer: Peer;
  link: PublishLink | null;
}

/** A local encoder. */
export interface RtpPublisher {
  kind: 'rtp';
  address: RtpIngest;
  link: IngestLink | null;
}

/** Another host, which is the stream's origin. */
export interface RelayPublisher extends RelayEvents {
  kind: 'relay';
  link: PipeInlet | null;
}

export type Publisher = WebRtcPublisher | RtpPublisher | RelayPublisher;

export interface PublisherView {
  kind: 'webrtc' | 'whip' | 'rtp';
  personId: string | null;
  connected: boolean;
}

/** As /control shows it; a relay's publisher is shown by its origin. */
export function publisherView(publisher: Publisher): PublisherView | null {
  switch (publisher.kind) {
    case 'webrtc':
      return {
        kind: publisher.peer.isOutside ? 'whip' : 'webrtc',
        personId: publisher.peer.claims.sub,
        connected: publisher.peer.port !== null,
      };
    case 'rtp':
      return { kind: 'rtp', personId: null, connected: publisher.link?.flowing ?? false };
    case 'relay':
      return null;
  }
}
