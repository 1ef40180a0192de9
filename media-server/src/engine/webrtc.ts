/** One peer's WebRtcTransport: creation with our options and the few operations that both directions share. */
import type { DtlsParameters, IceParameters, TransportOptions } from '@walnut-live/contracts';
import type { types } from 'mediasoup';
import { mediaFailure } from '../platform/failure.ts';
import type { EngineWorker } from './workers.ts';

/** mediasoup's default is 30 s; a phone that lost its network should be noticed sooner. */
const ICE_CONSENT_TIMEOUT_SECONDS = 10;
/** First guess of what a viewer can receive, so that a good picture is there at once. */
const INITIAL_OUTGOING_BPS = 1_500_000;
/** More than our highest simulcast set needs; less than an attacker would like. */
const MAX_INCOMING_BPS = 6_000_000;

export type LinkState = 'connecting' | 'connected' | 'disconnected' | 'closed';

export interface WebRtcLink {
  readonly transport: types.WebRtcTransport;
  readonly options: TransportOptions;
  connect(dtlsParameters: DtlsParameters): Promise<void>;
  restartIce(): Promise<IceParameters>;
}

export async function openWebRtcLink(input: {
  worker: EngineWorker;
  router: types.Router;
  direction: 'publish' | 'watch';
  onState: (state: LinkState) => void;
}): Promise<WebRtcLink> {
  const transport = await input.router.createWebRtcTransport({
    webRtcServer: input.worker.webRtcServer,
    enableUdp: true,
    enableTcp: true,
    preferUdp: true,
    iceConsentTimeout: ICE_CONSENT_TIMEOUT_SECONDS,
    initialAvailableOutgoingBitrate: INITIAL_OUTGOING_BPS,
  });
  if (input.direction === 'publish') await transport.setMaxIncomingBitrate(MAX_INCOMING_BPS);

  transport.on('icestatechange', (state) => {
    if (state === 'disconnected') input.onState('disconnected');
    else if ((state === 'connected' || state === 'completed') && transport.dtlsState === 'connected') {
      input.onState('connected');
    }
  });
  transport.on('dtlsstatechange', (state) => {
    if (state === 'connected') input.onState('connected');
    else if (state === 'failed' || state === 'closed') input.onState('closed');
  });

  let connected = false;
  return {
    transport,
    options: {
      id: transport.id,
      iceParameters: transport.iceParameters,
      iceCandidates: transport.iceCandidates,
      dtlsParameters: transport.dtlsParameters,
    },
    async connect(dtlsParameters) {
      if (connected) throw mediaFailure('media_payload_invalid', { why: 'already-connected' });
      connected = true;
      await transport.connect({ dtlsParameters });
    },
    restartIce: () => transport.restartIce(),
  };
}
