/**
 * Where the viewers of one stream sit: one viewer router per worker, fed by a pipe from the origin router.
 *
 * Invariants: a viewer router exists exactly while somebody uses it; a track is piped to it at most once and only when a
 * viewer wants it; on the origin's own worker the origin router itself is used and nothing is piped.
 */
import type { types } from 'mediasoup';
import { mediaFailure } from '../platform/failure.ts';
import { routerCodecs } from './codecs.ts';
import type { EngineWorker } from './workers.ts';

/** Pipes run inside the host. */
const PIPE_IP = '127.0.0.1';

export interface AudienceSeat {
  readonly worker: EngineWorker;
  readonly router: types.Router;
  readonly isOpen: boolean;
  /** Makes a track of the origin available on this seat's router. */
  bring(producerId: string): Promise<void>;
  release(): void;
}

export interface Audience {
  take(worker: EngineWorker): Promise<AudienceSeat>;
  workerIds(): ReadonlySet<string>;
  close(): void;
}

interface Branch {
  router: Promise<types.Router>;
  users: number;
  piped: Map<string, Promise<void>>;
}

export function createAudience(input: {
  originWorkerId: string;
  originRouter: types.Router;
  portRange: { min: number; max: number };
}): Audience {
  const branches = new Map<string, Branch>();

  function closeBranch(workerId: string, branch: Branch): void {
    if (branches.get(workerId) === branch) branches.delete(workerId);
    branch.router.then((router) => router.close()).catch(() => undefined);
  }

  function bring(branch: Branch, router: types.Router, producerId: string): Promise<void> {
    const known = branch.piped.get(producerId);
    if (known) return known;
    const piping = input.originRouter
      .pipeToRouter({
        producerId,
        router,
        enableRtx: true,
        listenInfo: { protocol: 'udp', ip: PIPE_IP, portRange: input.portRange },
      })
      .then(({ pipeProducer }) => {
        pipeProducer?.observer.on('close', () => branch.piped.delete(producerId));
      })
      .catch((cause: unknown) => {
        branch.piped.delete(producerId);
        throw mediaFailure('media_worker_lost', undefined, cause);
      });
    branch.piped.set(producerId, piping);
    return piping;
  }

  return {
    async take(worker) {
      if (worker.id === input.originWorkerId) {
        const router = input.originRouter;
        return {
          worker,
          router,
          get isOpen() {
            return !router.closed;
          },
          bring: async () => undefined,
          release: () => undefined,
        };
      }
      const branch: Branch = branches.get(worker.id) ?? {
        router: worker.handle.createRouter({ mediaCodecs: routerCodecs }),
        users: 0,
        piped: new Map(),
      };
      branches.set(worker.id, branch);
      branch.users += 1;
      let released = false;
      const release = (): void => {
        if (released) return;
        released = true;
        branch.users -= 1;
        if (branch.users === 0) closeBranch(worker.id, branch);
      };
      try {
        const router = await branch.router;
        router.observer.on('close', () => {
          if (branches.get(worker.id) === branch) branches.delete(worker.id);
        });
        return {
          worker,
          router,
          get isOpen() {
            return !released && !router.closed;
          },
          bring: (producerId) => bring(branch, router, producerId),
          release,
        };
      } catch (cause) {
        release();
        throw mediaFailure('media_worker_lost', undefined, cause);
      }
    },
    workerIds: () => new Set(branches.keys()),
    close() {
      for (const [workerId, branch] of [...branches]) closeBranch(workerId, branch);
    },
  };
}
