/**
 * The pool of mediasoup workers: one slot per core, each with a WebRtcServer on its own port.
 *
 * A slot is either alive or being refilled. When a worker dies everything on it is already closed by mediasoup; the
 * pool tells its listeners (`died`), starts a replacement on the same port and tells them (`started`). A worker that
 * keeps dying is restarted more and more slowly, never given up.
 */

import type { types } from 'mediasoup';
import * as mediasoup from 'mediasoup';
import type { WorkerLoad } from '../domain/placement.ts';
import { createSignal } from '../platform/closing.ts';
import { mediaFailure } from '../platform/failure.ts';
import type { Logger } from '../platform/logger.ts';
import { listenAddresses, listenInfos } from './listen-addresses.ts';
import type { PortUse } from './port-use.ts';
import type { PortPlan } from './ports.ts';

const LOAD_SAMPLE_MS = 1_000;
/** Transports that are asked for their rate each time; the sum is extrapolated from them. */
const EGRESS_SAMPLE = 16;
const RESTART_FLOOR_MS = 20;
const RESTART_CEILING_MS = 5_000;
/** A worker that lived shorter than this counts as a failed start. */
const STABLE_AFTER_MS = 10_000;

export interface EngineWorker {
  /** Slot and incarnation: a replaced worker has a new id. */
  readonly id: string;
  readonly pid: number;
  readonly handle: types.Worker;
  readonly webRtcServer: types.WebRtcServer;
  readonly load: { cpu: number; viewers: number; origins: number; egressMbps: number };
  readonly transports: ReadonlySet<types.WebRtcTransport>;
  /** Told when a viewer's first connection stands, with the seconds since they asked. */
  readonly onArrival: (seconds: number) => void;
}

/** Asks a random run of the transports. A publisher's sends next to nothing and counts as such. */
async function sampleEgress(worker: EngineWorker): Promise<void> {
  const all = [...worker.transports];
  const first = Math.floor(Math.random() * all.length);
  const asked = Array.from({ length: Math.min(EGRESS_SAMPLE, all.length) }, (_, i) => all[(first + i) % all.length]!);
  const rates = await Promise.all(
    asked.map(async (transport) => (await transport.getStats().catch(() => []))[0]?.sendBitrate ?? 0),
  );
  const sum = rates.reduce((total, rate) => total + rate, 0);
  worker.load.egressMbps = asked.length === 0 ? 0 : ((sum / asked.length) * all.length) / 1e6;
}

export interface WorkerPool {
  alive(): EngineWorker[];
  get(workerId: string): EngineWorker | undefined;
  loads(): WorkerLoad[];
  /** Waits until at least one worker is alive. @throws MediaFailure media_worker_lost after the time-out */
  ready(timeoutMs: number): Promise<void>;
  onDied(listener: (workerId: string) => void): () => void;
  readonly deaths: number;
  close(): Promise<void>;
}

export async function createWorkerPool(options: {
  count: number;
  /** One address or several, comma separated; see listen-addresses.ts. */
  listenIp: string;
  announcedAddress: string | undefined;
  workerBin: string | undefined;
  ports: PortPlan;
  portUse: PortUse;
  onArrival: (seconds: number) => void;
  log: Logger;
}): Promise<WorkerPool> {
  const { log, ports } = options;
  const addresses = listenAddresses(options.listenIp, options.announcedAddress);
  const slots: Array<EngineWorker | null> = Array.from({ length: options.count }, () => null);
  const died = createSignal<string>();
  const started = createSignal<void>();
  let deaths = 0;
  let incarnation = 0;
  let closed = false;
  const restartTimers = new Set<NodeJS.Timeout>();

  async function fill(index: number, failures: number): Promise<void> {
    const handle = await mediasoup.createWorker({
      logLevel: 'warn',
      ...(options.workerBin !== undefined && { workerBin: options.workerBin }),
    });
    options.portUse.watch(handle);
    const port = ports.webrtcPort(index);
    let webRtcServer: types.WebRtcServer;
    try {
      webRtcServer = await handle.createWebRtcServer({ listenInfos: listenInfos(addresses, port) });
    } catch (error) {
      handle.close();
      throw error;
    }
    if (closed) return handle.close();
    incarnation += 1;
    const transports = new Set<types.WebRtcTransport>();
    const worker: EngineWorker = {
      id: `${index}.${incarnation}`,
      pid: handle.pid,
      handle,
      webRtcServer,
      load: { cpu: 0, viewers: 0, origins: 0, egressMbps: 0 },
      transports,
      onArrival: options.onArrival,
    };
    webRtcServer.observer.on('webrtctransporthandled', (transport) => transports.add(transport));
    webRtcServer.observer.on('webrtctransportunhandled', (transport) => transports.delete(transport));
    const startedAt = Date.now();
    handle.on('died', (error) => {
      deaths += 1;
      slots[index] = null;
      log.error({ worker: worker.id, pid: worker.pid, error: error.message }, 'media worker died');
      died.emit(worker.id);
      refillLater(index, Date.now() - startedAt > STABLE_AFTER_MS ? 0 : failures + 1);
    });
    slots[index] = worker;
    log.info({ worker: worker.id, pid: worker.pid, port }, 'media worker started');
    started.emit();
  }

  function refillLater(index: number, failures: number): void {
    if (closed) return;
    // The first replacement comes at once, the next ones ever later.
    const delayMs = failures <= 1 ? RESTART_FLOOR_MS : Math.min(RESTART_CEILING_MS, 100 * 2 ** (failures - 2));
    const timer = setTimeout(() => {
      restartTimers.delete(timer);
      fill(index, failures).catch((error: unknown) => {
        log.error({ worker: index, error }, 'media worker did not start');
        refillLater(index, failures + 1);
      });
    }, delayMs);
    restartTimers.add(timer);
  }

  await Promise.all(slots.map((_, index) => fill(index, 0)));

  const lastCpuMs = new Map<string, { atMs: number; usedMs: number }>();
  const sampler = setInterval(() => {
    for (const worker of alive()) {
      worker.handle
        .getResourceUsage()
        .then((usage) => {
          const usedMs = usage.ru_utime + usage.ru_stime;
          const atMs = Date.now();
          const last = lastCpuMs.get(worker.id);
          if (last && atMs > last.atMs) worker.load.cpu = Math.min(1, (usedMs - last.usedMs) / (atMs - last.atMs));
          lastCpuMs.set(worker.id, { atMs, usedMs });
        })
        .catch(() => lastCpuMs.delete(worker.id)); // it died meanwhile
      void sampleEgress(worker);
    }
  }, LOAD_SAMPLE_MS);
  sampler.unref();
  died.subscribe((workerId) => lastCpuMs.delete(workerId));

  function alive(): EngineWorker[] {
    return slots.filter((worker) => worker !== null);
  }

  return {
    alive,
    get: (workerId) => alive().find((worker) => worker.id === workerId),
    loads: () => alive().map((worker) => ({ workerId: worker.id, ...worker.load })),
    ready(timeoutMs) {
      if (alive().length > 0) return Promise.resolve();
      return new Promise((resolve, reject) => {
        const undo = started.subscribe(() => {
          clearTimeout(timer);
          undo();
          resolve();
        });
        const timer = setTimeout(() => {
          undo();
          reject(mediaFailure('media_worker_lost'));
        }, timeoutMs);
      });
    },
    onDied: (listener) => died.subscribe(listener),
    get deaths() {
      return deaths;
    },
    async close() {
      closed = true;
      clearInterval(sampler);
      for (const timer of restartTimers) clearTimeout(timer);
      const workers = alive();
      slots.fill(null);
      await Promise.all(
        workers.map(
          (worker) =>
            new Promise<void>((resolve) => {
              worker.handle.on('subprocessclose', () => resolve());
              worker.handle.close();
            }),
        ),
      );
    },
  };
}
