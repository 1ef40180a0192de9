/**
 * The home of one stream on this host: the tracks that are published into it or come by a pipe from another host, and the
 * audience that is fed from it.
 *
 * Model: the *hub* is the router on one worker that holds the tracks. When its worker dies (`onLost`) the tracks are gone;
 * whoever opens something next settles the hub on a living worker. Viewers on other workers stay where they are all the
 * while. It ends with `close`.
 */
import type { RtpCapabilities, RtpIngest } from '@walnut-live/contracts';
import type { types } from 'mediasoup';
import { placeOrigin, placeViewer } from '../domain/placement.ts';
import { createClosing, createSerial, createSignal } from '../platform/closing.ts';
import { mediaFailure } from '../platform/failure.ts';
import { type AudienceSeat, createAudience } from './audience.ts';
import { type IngestLink, openIngestLink } from './ingest-link.ts';
import type { NumberedPipes } from './payload-types.ts';
import { openPipeInlet, type PipeInlet } from './pipe-inlet.ts';
import { openPipeOutlet, type PipeOutlet, type PipeOutletEvents } from './pipe-outlet.ts';
import type { PipeEnd, PipeNetwork } from './pipe-transport.ts';
import type { PortPlan } from './ports.ts';
import { openPublishLink, type PublishLink, type PublishLinkEvents } from './publish-link.ts';
import { openTap, type Tap } from './tap.ts';
import { createTrackTable, type TrackTable } from './tracks.ts';
import { openViewerLink, type ViewerLink, type ViewerLinkEvents } from './viewer-link.ts';
import type { EngineWorker, WorkerPool } from './workers.ts';

/** How long a request waits for a worker after all of them died. */
const WORKER_WAIT_MS = 8_000;

export interface Origin {
  /** Process id of the hub's worker; undefined while there is no hub. */
  readonly workerPid: number | undefined;
  readonly rtpCapabilities: RtpCapabilities;
  readonly tracks: Pick<TrackTable, 'list' | 'onChange'>;
  openPublishLink(events: PublishLinkEvents): Promise<PublishLink>;
  openIngestLink(address: RtpIngest, onFlow: (flowing: boolean) => void): Promise<IngestLink>;
  /** Receives the stream from another host. */
  openPipeInlet(events: { onFlow(flowing: boolean): void }): Promise<PipeInlet>;
  /** Gives the stream to another host. */
  openPipeOutlet(remote: PipeEnd, events: PipeOutletEvents): Promise<PipeOutlet>;
  /** @throws MediaFailure media_over_capacity when every worker is full */
  openViewerLink(events: ViewerLinkEvents): Promise<ViewerLink>;
  openTap(options: Omit<Parameters<typeof openTap>[0], 'router' | 'tracks' | 'portRange'>): Promise<Tap>;
  /**
   * Feeds one viewer router before anybody asks. A new pipe asks for a key frame by itself, and the first viewer's own
   * request would have to wait for the second to pass (KEY_FRAME_REQUEST_DELAY_MS). Further routers are fed when needed.
   */
  warmUp(): Promise<void>;
  /** The hub's worker died. */
  onLost(listener: () => void): () => void;
  close(reason: string): void;
}

export async function createOrigin(deps: {
  workers: WorkerPool;
  ports: PortPlan;
  pipes: PipeNetwork;
  numbered: NumberedPipes;
  maxViewersPerWorker: number;
}): Promise<Origin> {
  const { workers, ports, pipes, maxViewersPerWorker } = deps;
  const closing = createClosing();
  const lost = createSignal<void>();
  const tracks = createTrackTable();
  const audience = createAudience({ portRange: ports.internalRange });
  const settling = createSerial();
  const warming = createSerial();
  let hub: AudienceSeat | null = null;
  let warmSeat: AudienceSeat | null = null;
  closing.onClose(() => {
    leaveHub();
    audience.close();
  });

  function leaveHub(): void {
    if (hub) hub.worker.load.origins -= 1;
    hub = null;
  }

  function home(): Promise<AudienceSeat> {
    return settling(async () => {
      if (closing.closed) throw mediaFailure('media_session_unknown');
      if (hub) return hub;
      await workers.ready(WORKER_WAIT_MS);
      const placed = placeOrigin(workers.loads(), maxViewersPerWorker);
      const worker = placed === null ? undefined : workers.get(placed);
      if (!worker) throw mediaFailure('media_worker_lost');
      const seat = await audience.settle(worker);
      if (closing.closed || !seat.isOpen) throw mediaFailure('media_worker_lost');
      hub = seat;
      worker.load.origins += 1;
      seat.router.on('workerclose', () => {
        if (closing.closed || hub !== seat) return;
        leaveHub();
        lost.emit();
      });
      return seat;
    });
  }

  function bestViewerWorker(): EngineWorker | undefined {
    const placed = placeViewer({
      workers: workers.loads(),
      originWorkerId: hub?.worker.id ?? '',
      audienceWorkerIds: audience.workerIds(),
      maxViewersPerWorker,
    });
    return placed === null ? undefined : workers.get(placed);
  }

  const first = await home();
  const rtpCapabilities = first.router.rtpCapabilities as RtpCapabilities; // the same for all routers

  async function withHub<T>(open: (router: types.Router, worker: EngineWorker) => Promise<T>): Promise<T> {
    const { router, worker } = await home();
    return open(router, worker);
  }

  return {
    get workerPid() {
      return hub?.worker.pid;
    },
    rtpCapabilities,
    tracks,
    openPublishLink: (events) => withHub((router, worker) => openPublishLink({ worker, router, tracks, events })),
    openIngestLink: (address, onFlow) => withHub((router) => openIngestLink({ router, tracks, address, onFlow })),
    openPipeInlet: (events) => withHub((router) => openPipeInlet({ router, tracks, network: pipes, events })),
    openPipeOutlet: (remote, events) =>
      withHub((router) => openPipeOutlet({ router, tracks, network: pipes, remote, events })),
    async openViewerLink(events) {
      await home();
      const viewerWorker = bestViewerWorker();
      if (!viewerWorker) throw mediaFailure('media_over_capacity');
      const seat = await audience.take(viewerWorker);
      return openViewerLink({ seat, tracks, events, numbered: deps.numbered });
    },
    warmUp: () =>
      warming(async () => {
        if (closing.closed || !hub) return;
        if (!warmSeat?.isOpen || warmSeat.worker === hub.worker) {
          warmSeat?.release();
          const viewerWorker = bestViewerWorker();
          warmSeat = viewerWorker ? await audience.take(viewerWorker) : null;
        }
        const seat = warmSeat;
        if (seat) await Promise.all(tracks.producers().map((producer) => seat.bring(producer.id)));
      }),
    openTap: (options) => withHub((router) => openTap({ router, tracks, portRange: ports.internalRange, ...options })),
    onLost: (listener) => lost.subscribe(listener),
    close: closing.close,
  };
}
