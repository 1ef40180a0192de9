/**
 * The home of one stream: a router on one worker, the tracks that are published into it and the audience that is fed
 * from it. It ends when the stream ends (`close`) or when its worker dies (`onLost`, and everything here is closed).
 */
import type { RtpCapabilities, RtpIngest } from '@walnut-live/contracts';
import { placeOrigin, placeViewer } from '../domain/placement.ts';
import { createClosing, createSerial, createSignal } from '../platform/closing.ts';
import { mediaFailure } from '../platform/failure.ts';
import { type AudienceSeat, createAudience } from './audience.ts';
import { routerCodecs } from './codecs.ts';
import { type IngestLink, openIngestLink } from './ingest-link.ts';
import type { PortPlan } from './ports.ts';
import { openPublishLink, type PublishLink, type PublishLinkEvents } from './publish-link.ts';
import { openTap, type Tap, type TapEvents } from './tap.ts';
import { createTrackTable, type TrackTable } from './tracks.ts';
import { openViewerLink, type ViewerLink, type ViewerLinkEvents } from './viewer-link.ts';
import type { EngineWorker, WorkerPool } from './workers.ts';

export interface Origin {
  readonly workerId: string;
  readonly rtpCapabilities: RtpCapabilities;
  readonly tracks: Pick<TrackTable, 'list' | 'onChange'>;
  openPublishLink(events: PublishLinkEvents): Promise<PublishLink>;
  openIngestLink(address: RtpIngest, onFlow: (flowing: boolean) => void): Promise<IngestLink>;
  /** @throws MediaFailure media_over_capacity when every worker is full */
  openViewerLink(events: ViewerLinkEvents): Promise<ViewerLink>;
  openTap(options: { firstPort: number; maxLayer: number | null; events: TapEvents }): Promise<Tap>;
  /**
   * Feeds one viewer router before anybody asks. A new pipe asks for a key frame by itself, and the first viewer's own
   * request would have to wait for the second to pass (KEY_FRAME_REQUEST_DELAY_MS). Further routers are fed when needed.
   */
  warmUp(): Promise<void>;
  onLost(listener: () => void): () => void;
  close(reason: string): void;
}

export async function createOrigin(deps: {
  workers: WorkerPool;
  ports: PortPlan;
  maxViewersPerWorker: number;
}): Promise<Origin> {
  const { workers, ports, maxViewersPerWorker } = deps;
  const workerId = placeOrigin(workers.loads(), maxViewersPerWorker);
  const worker = workerId === null ? undefined : workers.get(workerId);
  if (!worker) throw mediaFailure('media_worker_lost');
  const router = await worker.handle.createRouter({ mediaCodecs: routerCodecs }).catch((cause: unknown) => {
    throw mediaFailure('media_worker_lost', undefined, cause);
  });

  const closing = createClosing();
  const lost = createSignal<void>();
  const tracks = createTrackTable();
  const audience = createAudience({
    originWorkerId: worker.id,
    originRouter: router,
    portRange: ports.internalRange,
  });
  worker.load.origins += 1;
  closing.onClose(() => {
    worker.load.origins -= 1;
    audience.close();
    router.close();
  });
  let warmSeat: AudienceSeat | null = null;
  const warming = createSerial();

  function bestViewerWorker(): EngineWorker | undefined {
    const placed = placeViewer({
      workers: workers.loads(),
      originWorkerId: worker?.id ?? '',
      audienceWorkerIds: audience.workerIds(),
      maxViewersPerWorker,
    });
    return placed === null ? undefined : workers.get(placed);
  }

  router.on('workerclose', () => {
    if (closing.closed) return;
    closing.close('worker-lost');
    lost.emit();
  });

  return {
    workerId: worker.id,
    rtpCapabilities: router.rtpCapabilities as RtpCapabilities,
    tracks,
    openPublishLink: (events) => openPublishLink({ worker, router, tracks, events }),
    openIngestLink: (address, onFlow) => openIngestLink({ router, tracks, address, onFlow }),
    async openViewerLink(events) {
      const viewerWorker = bestViewerWorker();
      if (!viewerWorker) throw mediaFailure('media_over_capacity');
      const seat = await audience.take(viewerWorker);
      return openViewerLink({ seat, tracks, events, portRange: ports.internalRange });
    },
    warmUp: () =>
      warming(async () => {
        if (closing.closed) return;
        if (!warmSeat?.isOpen) {
          const viewerWorker = bestViewerWorker();
          warmSeat = viewerWorker ? await audience.take(viewerWorker) : null;
        }
        const seat = warmSeat;
        if (seat) await Promise.all(tracks.producers().map((producer) => seat.bring(producer.id)));
      }),
    openTap: (options) => openTap({ router, tracks, portRange: ports.internalRange, ...options }),
    onLost: (listener) => lost.subscribe(listener),
    close: closing.close,
  };
}
