/*
 * Likes of one person, counted here and sent as deltas.
 *
 * Invariants
 * - At most one batch is in flight, and batches start at least LIKE_INTERVAL_MS apart.
 * - A batch is re-sent unchanged (same number, same count) until it is answered, so the server counts it once.
 * - `unsent` = likes not yet answered for: in the batch plus waiting. Bounded; taps beyond the bound are not likes.
 */

const LIKE_INTERVAL_MS = 1_000;
/** The contract's largest delta. */
const BATCH_LIMIT = 60;
const UNSENT_LIMIT = 600;

export type LikeBatch = { count: number; batch: { clientId: string; no: number } };
export type LikeAnswer =
  | { type: 'counted'; total: number }
  /** Not answered or asked to wait: the same batch again. */
  | { type: 'again'; afterMs: number }
  | { type: 'refused' };

export type LikeBatcherDeps = {
  clientId: string;
  /** Sends one batch; never rejects. */
  send: (batch: LikeBatch) => Promise<LikeAnswer>;
  canSend: () => boolean;
  onChange: (unsent: number, total?: number) => void;
};

export const createLikeBatcher = ({ clientId, send, canSend, onChange }: LikeBatcherDeps) => {
  let waiting = 0;
  let batch: LikeBatch | null = null;
  let inFlight = false;
  let nextNo = 1;
  let timer: ReturnType<typeof setTimeout> | null = null;
  let closed = false;

  const unsent = (): number => waiting + (batch?.count ?? 0);

  const schedule = (delayMs: number): void => {
    if (timer !== null || closed) return;
    timer = setTimeout(() => {
      timer = null;
      void flush();
    }, delayMs);
  };

  const flush = async (): Promise<void> => {
    if (inFlight || closed || timer !== null || !canSend()) return;
    if (!batch) {
      if (waiting === 0) return;
      const count = Math.min(waiting, BATCH_LIMIT);
      waiting -= count;
      batch = { count, batch: { clientId, no: nextNo++ } };
    }
    inFlight = true;
    const answer = await send(batch);
    inFlight = false;
    if (closed) return;
    if (answer.type === 'again') {
      schedule(Math.max(LIKE_INTERVAL_MS, answer.afterMs));
      return;
    }
    batch = null;
    onChange(unsent(), answer.type === 'counted' ? answer.total : undefined);
    schedule(LIKE_INTERVAL_MS);
  };

  return {
    like: (count = 1): void => {
      if (closed) return;
      waiting = Math.min(waiting + count, UNSENT_LIMIT);
      onChange(unsent());
      // The first tap waits a moment for its companions: people tap in bursts.
      if (!inFlight && timer === null) schedule(LIKE_INTERVAL_MS / 4);
    },
    /** The connection is back. */
    resume: (): void => {
      if (unsent() > 0) schedule(0);
    },
    close: (): void => {
      closed = true;
      if (timer !== null) clearTimeout(timer);
    },
  };
};
