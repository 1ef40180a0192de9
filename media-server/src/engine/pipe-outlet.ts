/** The origin's end of a pipe to an edge host: one pipe consumer per track, all simulcast layers in it. */
import type { PipedTrack } from '@walnut-live/contracts';
import type { types } from 'mediasoup';
import { createClosing, createSerial } from '../platform/closing.ts';
import { createPipeTransport, type PipeEnd, type PipeNetwork } from './pipe-transport.ts';
import type { TrackTable } from './tracks.ts';

export interface PipeOutlet {
  readonly end: PipeEnd;
  /** What runs through it now. */
  tracks(): PipedTrack[];
  close(reason: string): void;
}

export interface PipeOutletEvents {
  /** Tracks came, went, were paused or resumed. */
  onTracks(tracks: PipedTrack[]): void;
  /** The worker or the router is gone; the outlet is closed already. */
  onLost(): void;
}

export async function openPipeOutlet(input: {
  router: types.Router;
  tracks: TrackTable;
  network: PipeNetwork;
  remote: PipeEnd;
  events: PipeOutletEvents;
}): Promise<PipeOutlet> {
  const { tracks, network, events } = input;
  const closing = createClosing();
  const serial = createSerial();
  const consumers = new Map<string, types.Consumer>();
  const { transport, end } = await createPipeTransport(input.router, network);
  network.open.outlets += 1;
  closing.onClose(() => {
    network.open.outlets -= 1;
    transport.close();
  });
  transport.on('routerclose', () => {
    if (closing.closed) return;
    closing.close('router-closed');
    events.onLost();
  });

  const list = (): PipedTrack[] =>
    tracks.producers().flatMap((producer) => {
      const consumer = consumers.get(producer.id);
      if (!consumer || consumer.closed) return [];
      const { id, kind } = consumer;
      return [
        { id, kind, rtpParameters: consumer.rtpParameters as PipedTrack['rtpParameters'], paused: producer.paused },
      ];
    });

  async function consumeMissing(): Promise<void> {
    for (const producer of tracks.producers()) {
      if (closing.closed || consumers.has(producer.id)) continue;
      try {
        const consumer = await transport.consume({ producerId: producer.id });
        consumers.set(producer.id, consumer);
        consumer.observer.on('close', () => consumers.delete(producer.id));
      } catch (error) {
        // It was closed meanwhile: the next change of the table says so.
        if (!producer.closed && !closing.closed) throw error;
      }
    }
  }

  try {
    await transport.connect(input.remote);
    await serial(consumeMissing);
  } catch (error) {
    closing.close('not-opened');
    throw error;
  }
  closing.onClose(
    tracks.onChange(() => {
      void serial(async () => {
        await consumeMissing();
        if (!closing.closed) events.onTracks(list());
      }).catch(() => {
        if (closing.closed) return;
        closing.close('consume-failed');
        events.onLost();
      });
    }),
  );
  return { end, tracks: list, close: closing.close };
}
