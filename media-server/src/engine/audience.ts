/**
 * The routers of one stream on this host, at most one per worker. One of them is the *hub*: the tracks are published into
 * it (or piped in from another host), and it feeds the others by pipes.
 *
 * Invariants: a router exists exactly while somebody sits on it or it is the hub; a track is piped to a router at most
 * once and only when a viewer there wants it; a hub whose worker dies takes only its own router with it: viewers on other
 * workers keep their transports, and the next hub may well be one of their routers.
 */
import type { types } from 'mediasoup';
import { mediaFailure } from '../platform/failure.ts';
import { routerCodecs } from './codecs.ts';
import type { EngineWorker } from './workers.ts';

/** Pipes between workers run inside the host. */
const PIPE_IP = '127.0.0.1';

export interface AudienceSeat {
  readonly worker: EngineWorker;
  readonly router: types.Router;
  readonly isOpen: boolean;
  /** Makes a track of the hub available on this seat's router. */
  bring(producerId: string): Promise<void>;
  release(): void;
}

export interface Audience {
  /** Makes the worker's router the hub. The hub before it is left to its viewers. */
  settle(worker: EngineWorker): Promise<AudienceSeat>;
  take(worker: EngineWorker): Promise<AudienceSeat>;
  workerIds(): ReadonlySet<string>;
  close(): void;
}

interface Branch {
  worker: EngineWorker;
  router: Promise<types.Router>;
  users: number;
  piped: Map<string, Promise<void>>;
}

export function createAudience(input: { portRange: { min: number; max: number } }): Audience {
  const branches = new Map<string, Branch>();
  let hub: Branch | null = null;
  let hubSeat: AudienceSeat | null = null;

  function forget(branch: Branch): void {
    if (branches.get(branch.worker.id) === branch) branches.delete(branch.worker.id);
    if (hub === branch) hub = null;
  }

  function closeBranch(branch: Branch): void {
    forget(branch);
    branch.router.then((router) => router.close()).catch(() => undefined);
  }

  function branchOn(worker: EngineWorker): Branch {
    const known = branches.get(worker.id);
    if (known) return known;
    const branch: Branch = {
      worker,
      router: worker.handle.createRouter({ mediaCodecs: routerCodecs }),
      users: 0,
      piped: new Map(),
    };
    branches.set(worker.id, branch);
    branch.router.then(
      (router) => router.observer.on('close', () => forget(branch)),
      () => forget(branch),
    );
    return branch;
  }

  async function pipe(branch: Branch, producerId: string): Promise<void> {
    const source = hub;
    if (!source) throw mediaFailure('media_worker_lost');
    const [from, router] = await Promise.all([source.router, branch.router]);
    const { pipeProducer } = await from.pipeToRouter({
      producerId,
      router,
      enableRtx: true,
      listenInfo: { protocol: 'udp', ip: PIPE_IP, portRange: input.portRange },
    });
    pipeProducer?.observer.on('close', () => branch.piped.delete(producerId));
  }

  function bring(branch: Branch, producerId: string): Promise<void> {
    if (branch === hub) return Promise.resolve();
    const known = branch.piped.get(producerId);
    if (known) return known;
    const piping = pipe(branch, producerId).catch((cause: unknown) => {
      branch.piped.delete(producerId);
      throw mediaFailure('media_worker_lost', undefined, cause);
    });
    branch.piped.set(producerId, piping);
    return piping;
  }

  async function sit(branch: Branch): Promise<AudienceSeat> {
    branch.users += 1;
    let released = false;
    const release = (): void => {
      if (released) return;
      released = true;
      branch.users -= 1;
      if (branch.users === 0) closeBranch(branch);
    };
    try {
      const router = await branch.router;
      return {
        worker: branch.worker,
        router,
        get isOpen() {
          return !released && !router.closed;
        },
        bring: (producerId) => bring(branch, producerId),
        release,
      };
    } catch (cause) {
      release();
      throw mediaFailure('media_worker_lost', undefined, cause);
    }
  }

  return {
    async settle(worker) {
      const branch = branchOn(worker);
      const seat = await sit(branch);
      hubSeat?.release();
      hub = branch;
      hubSeat = seat;
      return seat;
    },
    take: (worker) => sit(branchOn(worker)),
    workerIds: () => new Set(branches.keys()),
    close() {
      hubSeat = null;
      for (const branch of [...branches.values()]) closeBranch(branch);
    },
  };
}
