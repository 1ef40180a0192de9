/**
 * Work that repeats inside one process. A job never overlaps itself; a failure is logged and the next turn comes as usual.
 * Several api processes run the same jobs at once, so the work itself must be an idempotent statement or take a lock.
 */
import type { Logger } from './logger.ts';

export interface Jobs {
  /**
   * Runs `work` every `intervalMs` after its last end, first after one interval; returns its undo, which waits for a running turn.
   * A turn that may take longer than an orderly end gives up when `ending` is aborted.
   */
  every(name: string, intervalMs: number, work: (ending: AbortSignal) => Promise<void>): () => Promise<void>;
  /** One turn now (after a turn under way); failures reach the caller. For tests and for "at once, please". */
  runNow(name: string): Promise<void>;
  /** Stops all jobs and waits for turns under way; idempotent. */
  close(): Promise<void>;
}

interface Job {
  work: (ending: AbortSignal) => Promise<void>;
  intervalMs: number;
  timer: NodeJS.Timeout | undefined;
  /** Settles (never rejects) when all turns asked for so far are over. */
  tail: Promise<void>;
  ending: AbortController;
}

/** Told of the life of jobs, for metrics. */
export interface JobWatch {
  onJob(name: string, intervalMs: number): void;
  onTurn(name: string, ok: boolean): void;
}

export function createJobs(deps: { log: Logger; watch?: JobWatch }): Jobs {
  const jobs = new Map<string, Job>();

  /** Turns of one job stand in line: this one starts when the one before it is over. */
  function turn(name: string, job: Job): Promise<void> {
    const mine = job.tail.then(() => job.work(job.ending.signal));
    mine.then(
      () => deps.watch?.onTurn(name, true),
      () => deps.watch?.onTurn(name, false),
    );
    job.tail = mine.catch(() => {});
    return mine;
  }

  function schedule(name: string, job: Job): void {
    if (job.ending.signal.aborted) return;
    job.timer = setTimeout(() => {
      void turn(name, job)
        .catch((error: unknown) => deps.log.error({ err: error, job: name }, 'job failed, will run again'))
        .finally(() => schedule(name, job));
    }, job.intervalMs);
    job.timer.unref();
  }

  async function stop(name: string, job: Job): Promise<void> {
    job.ending.abort();
    clearTimeout(job.timer);
    jobs.delete(name);
    await job.tail;
  }

  return {
    every(name, intervalMs, work) {
      if (jobs.has(name)) throw new Error(`job ${name} exists already`);
      const job: Job = { work, intervalMs, timer: undefined, tail: Promise.resolve(), ending: new AbortController() };
      jobs.set(name, job);
      deps.watch?.onJob(name, intervalMs);
      schedule(name, job);
      return () => stop(name, job);
    },
    async runNow(name) {
      const job = jobs.get(name);
      if (!job) throw new Error(`no job ${name}`);
      await turn(name, job);
    },
    async close() {
      await Promise.all([...jobs].map(([name, job]) => stop(name, job)));
    },
  };
}
