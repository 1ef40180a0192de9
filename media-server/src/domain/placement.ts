import { hostFullness } from '@walnut-live/contracts';

/**
 * Which worker carries what. Load is measured (CPU and consumers), never counted round-robin. Publishers are dearer to
 * lose than viewers, so a stream's own worker is kept for it while another one has room.
 */
export interface WorkerLoad {
  workerId: string;
  /** 0 to 1: share of one core used during the last second. */
  cpu: number;
  /** Viewers (WebRTC transports) it carries. */
  viewers: number;
  /** Origins of streams it carries. */
  origins: number;
}

/** Weight of being the origin's own worker when a viewer is placed. */
const ORIGIN_RESERVE = 0.3;
/** Weight of having to open a new pipe. */
const NEW_PIPE_COST = 0.05;
/** What one origin (a publisher with three layers) weighs before the CPU figure shows it. */
const ORIGIN_WEIGHT = 0.05;

function baseLoad(worker: WorkerLoad, maxViewersPerWorker: number): number {
  return Math.max(worker.cpu, worker.viewers / maxViewersPerWorker) + worker.origins * ORIGIN_WEIGHT;
}

function lightest(candidates: Array<{ workerId: string; load: number }>): string | null {
  let best: { workerId: string; load: number } | null = null;
  for (const candidate of candidates) if (!best || candidate.load < best.load) best = candidate;
  return best?.workerId ?? null;
}

/** The worker for a new origin, or null when there is none alive. */
export function placeOrigin(workers: WorkerLoad[], maxViewersPerWorker: number): string | null {
  return lightest(
    workers.map((worker) => ({ workerId: worker.workerId, load: baseLoad(worker, maxViewersPerWorker) })),
  );
}

/** The worker for a new viewer of a stream, or null when every one is full. */
export function placeViewer(input: {
  workers: WorkerLoad[];
  originWorkerId: string;
  /** Workers that already have a viewer router of this stream. */
  audienceWorkerIds: ReadonlySet<string>;
  maxViewersPerWorker: number;
}): string | null {
  const open = input.workers.filter((worker) => worker.viewers < input.maxViewersPerWorker);
  return lightest(
    open.map((worker) => {
      const isOrigin = worker.workerId === input.originWorkerId;
      const extra = isOrigin ? ORIGIN_RESERVE : input.audienceWorkerIds.has(worker.workerId) ? 0 : NEW_PIPE_COST;
      return { workerId: worker.workerId, load: baseLoad(worker, input.maxViewersPerWorker) + extra };
    }),
  );
}

/** What a whole host carries and can carry, from its workers. */
export function hostLoad(
  workers: ReadonlyArray<{ cpu: number; viewers: number; origins: number; egressMbps: number }>,
  limits: { workers: number; maxViewersPerWorker: number; maxEgressMbps: number },
): {
  load: { cpu: number; viewers: number; origins: number; egressMbps: number };
  capacity: { viewers: number; egressMbps: number };
} {
  const sum = (read: (worker: (typeof workers)[number]) => number): number =>
    workers.reduce((total, worker) => total + read(worker), 0);
  return {
    load: {
      cpu: workers.length === 0 ? 1 : sum((worker) => worker.cpu) / workers.length,
      viewers: sum((worker) => worker.viewers),
      origins: sum((worker) => worker.origins),
      egressMbps: sum((worker) => worker.egressMbps),
    },
    capacity: { viewers: limits.workers * limits.maxViewersPerWorker, egressMbps: limits.maxEgressMbps },
  };
}

interface Host {
  nodeId: string;
  publicUrl: string;
  draining: boolean;
  load: { cpu: number; viewers: number; egressMbps: number };
  capacity: { viewers: number; egressMbps: number };
}

/** Another host that takes newcomers instead of this one: the emptiest with an address of its own, or null. */
export function otherHost<T extends Host>(nodes: readonly T[], selfId: string): T | null {
  let best: T | null = null;
  for (const node of nodes) {
    if (node.nodeId === selfId || node.draining || node.publicUrl === '' || hostFullness(node) >= 1) continue;
    if (best === null || hostFullness(node) < hostFullness(best)) best = node;
  }
  return best;
}
