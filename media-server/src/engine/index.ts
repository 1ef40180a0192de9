/** The engine: everything that touches mediasoup. Nothing outside this folder imports it. */
import type { RtpIngest } from '@walnut-live/contracts';
import { admitStream } from '../domain/admission.ts';
import { mediaFailure } from '../platform/failure.ts';
import type { Logger } from '../platform/logger.ts';
import { chooseIngestAddress } from './ingest-link.ts';
import { createOrigin, type Origin } from './origin.ts';
import type { NumberedPipes } from './payload-types.ts';
import type { PipeNetwork } from './pipe-transport.ts';
import { createPortUse } from './port-use.ts';
import { createPortPlan } from './ports.ts';
import { createWorkerPool } from './workers.ts';

export type { IngestLink } from './ingest-link.ts';
export type { Origin } from './origin.ts';
export type { PayloadTypes } from './payload-types.ts';
export type { PipeInlet } from './pipe-inlet.ts';
export type { PipeOutlet } from './pipe-outlet.ts';
export type { PublishLink } from './publish-link.ts';
export type { Tap, TapEnd, TapTrack } from './tap.ts';
export type { ViewerLink } from './viewer-link.ts';
export type { LinkState } from './webrtc.ts';

const LOOPBACK = '127.0.0.1';

/** Live mediasoup objects, for the leak test and /metrics. */
export interface EngineCensus {
  workers: number;
  workerDeaths: number;
  routers: number;
  webRtcTransports: number;
  /** Ends of pipes to and from other hosts. */
  pipes: number;
  /** Ports of pipes and taps inside this host. */
  internalPorts: number;
  /** Routers for players with payload types of their own. */
  numberedRouters: number;
}

export interface WorkerReport {
  id: string;
  pid: number;
  cpu: number;
  viewers: number;
  origins: number;
  /** What it sends to viewers; extrapolated from a sample of them. */
  egressMbps: number;
}

export interface Engine {
  /** Waits for a worker if none is alive. @throws MediaFailure media_worker_lost, media_over_capacity */
  createOrigin(): Promise<Origin>;
  chooseIngestAddress(): Promise<RtpIngest>;
  takePackagerPorts(): Promise<number>;
  /** Ports of pipes and taps inside this host. */
  internalPorts(): { used: number; total: number };
  workers(): WorkerReport[];
  census(): Promise<EngineCensus>;
  close(): Promise<void>;
}

export async function createEngine(options: {
  workers: number;
  listenIp: string;
  announcedAddress: string | undefined;
  portBase: number;
  /** Where other media servers send to. */
  pipeListenIp: string;
  pipeAnnouncedAddress: string | undefined;
  workerBin: string | undefined;
  maxViewersPerWorker: number;
  /** Told when a viewer's first connection stands, with the seconds since they asked. */
  onArrival?: (seconds: number) => void;
  log: Logger;
}): Promise<Engine> {
  const ports = createPortPlan(options.portBase);
  const portUse = createPortUse(ports.internalRange);
  const pool = await createWorkerPool({
    count: options.workers,
    listenIp: options.listenIp,
    announcedAddress: options.announcedAddress,
    workerBin: options.workerBin,
    ports,
    portUse,
    onArrival: options.onArrival ?? (() => undefined),
    log: options.log,
  });
  const pipes: PipeNetwork = {
    listenIp: options.pipeListenIp,
    announcedAddress: options.pipeAnnouncedAddress,
    portRange: ports.pipeRange,
    open: { inlets: 0, outlets: 0 },
  };
  const numbered: NumberedPipes = { portRange: ports.numberedRange, open: 0 };
  return {
    async createOrigin() {
      const refusal = admitStream(portUse);
      if (refusal) throw mediaFailure(refusal);
      return createOrigin({ workers: pool, ports, pipes, numbered, maxViewersPerWorker: options.maxViewersPerWorker });
    },
    chooseIngestAddress: async () => chooseIngestAddress(await ports.takeIngestBlock(LOOPBACK)),
    takePackagerPorts: () => ports.takePackagerBlock(LOOPBACK),
    internalPorts: () => ({ used: portUse.used, total: portUse.total }),
    workers: () => pool.alive().map((worker) => ({ id: worker.id, pid: worker.pid, ...worker.load })),
    async census() {
      const alive = pool.alive();
      const dumps = await Promise.all(alive.map((worker) => worker.handle.dump().catch(() => null)));
      const servers = await Promise.all(alive.map((worker) => worker.webRtcServer.dump().catch(() => null)));
      return {
        workers: alive.length,
        workerDeaths: pool.deaths,
        routers: dumps.reduce((sum, dump) => sum + (dump?.routerIds.length ?? 0), 0),
        webRtcTransports: servers.reduce((sum, server) => sum + (server?.webRtcTransportIds.length ?? 0), 0),
        pipes: pipes.open.inlets + pipes.open.outlets,
        internalPorts: portUse.used,
        numberedRouters: numbered.open,
      };
    },
    close: () => pool.close(),
  };
}
