/** The edge's end of a pipe: the tracks of another host become producers here, with ids of their own. */
import type { PipedTrack, PublisherTrackStats } from '@walnut-live/contracts';
import type { types } from 'mediasoup';
import { createClosing, createSerial } from '../platform/closing.ts';
import { mediaFailure } from '../platform/failure.ts';
import { monitorFlow } from './flow.ts';
import { createPipeTransport, type PipeEnd, type PipeNetwork } from './pipe-transport.ts';
import { trackStats } from './stats.ts';
import type { TrackTable } from './tracks.ts';

export interface PipeInlet {
  readonly end: PipeEnd;
  connect(remote: PipeEnd): Promise<void>;
  /** Makes the producers what the origin says that it sends. */
  apply(tracks: readonly PipedTrack[]): Promise<void>;
  /**
   * What is here stays until the close, nothing new comes: a local publisher has taken over, and what the other host says
   * from now on may be our own tracks, coming back.
   */
  freeze(): void;
  readonly flowing: boolean;
  stats(): Promise<PublisherTrackStats[]>;
  close(reason: string): void;
}

export async function openPipeInlet(input: {
  router: types.Router;
  tracks: TrackTable;
  network: PipeNetwork;
  events: { onFlow(flowing: boolean): void };
}): Promise<PipeInlet> {
  const { tracks, network } = input;
  const closing = createClosing();
  const serial = createSerial();
  /** By the origin's name of the track. */
  const producers = new Map<string, types.Producer>();
  let frozen = false;
  const { transport, end } = await createPipeTransport(input.router, network);
  network.open.inlets += 1;
  const flow = monitorFlow({ producers: () => [...producers.values()], onChange: input.events.onFlow });
  closing.onClose(() => {
    network.open.inlets -= 1;
    flow.stop();
    for (const producer of producers.values()) tracks.remove(producer);
    transport.close();
  });

  async function applyOne(track: PipedTrack): Promise<void> {
    const known = producers.get(track.id);
    if (!known) {
      const producer = await transport.produce({
        kind: track.kind,
        rtpParameters: track.rtpParameters as types.RtpParameters,
        paused: track.paused,
      });
      if (closing.closed) return;
      if (frozen) return producer.close();
      producers.set(track.id, producer);
      tracks.set(producer);
    } else if (known.paused !== track.paused) {
      await (track.paused ? known.pause() : known.resume());
      tracks.touch();
    }
  }

  return {
    end,
    connect: (remote) => transport.connect(remote),
    apply: (wanted) =>
      serial(async () => {
        if (closing.closed || frozen) return;
        try {
          for (const track of wanted) await applyOne(track);
        } catch (cause) {
          throw mediaFailure('media_worker_lost', undefined, cause);
        }
        for (const [id, producer] of [...producers]) {
          if (wanted.some((track) => track.id === id)) continue;
          producers.delete(id);
          tracks.remove(producer);
          producer.close();
        }
      }),
    freeze() {
      frozen = true;
    },
    get flowing() {
      return flow.flowing;
    },
    stats: () => trackStats([...producers.values()]),
    close: closing.close,
  };
}
