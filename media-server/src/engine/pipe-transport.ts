/** One end of a pipe between two hosts: a PipeTransport with SRTP and retransmission. */
import type { PipeEnd } from '@walnut-live/contracts';
import type { types } from 'mediasoup';
import { mediaFailure } from '../platform/failure.ts';

export type { PipeEnd };

/** Where this host's pipe ends are. */
export interface PipeNetwork {
  listenIp: string;
  /** What other hosts send to, when it is not `listenIp`. */
  announcedAddress: string | undefined;
  portRange: { min: number; max: number };
  /** Ends that are open now, of this whole host. */
  open: { inlets: number; outlets: number };
}

export async function createPipeTransport(
  router: types.Router,
  network: PipeNetwork,
): Promise<{ transport: types.PipeTransport; end: PipeEnd }> {
  const transport = await router
    .createPipeTransport({
      listenInfo: { protocol: 'udp', ip: network.listenIp, portRange: network.portRange },
      enableRtx: true,
      enableSrtp: true,
    })
    .catch((cause: unknown) => {
      throw mediaFailure('media_worker_lost', undefined, cause);
    });
  const { srtpParameters, tuple } = transport;
  if (!srtpParameters) {
    transport.close();
    throw new Error('a pipe without SRTP parameters');
  }
  return {
    transport,
    end: { ip: network.announcedAddress ?? network.listenIp, port: tuple.localPort, srtpParameters },
  };
}
