/**
 * Pieces of a job's work, each on its own: one that fails is written down and waits longer each time; those behind it go on.
 */

const FIRST_WAIT_MS = 60_000;
const LONGEST_WAIT_MS = 6 * 3_600_000;
const WORDS_KEPT = 300;

/** When a piece that failed so often (this time included) is tried again. */
export const retryAt = (now: Date, failures: number): Date =>
  new Date(now.getTime() + Math.min(FIRST_WAIT_MS * 2 ** Math.max(0, failures - 1), LONGEST_WAIT_MS));

/**
 * Works on all of them; `failed` writes a failure down in words of at most 300 characters. @throws AggregateError when all are
 * through and some failed, so that the job is logged as failed.
 */
export async function eachOnItsOwn<Piece>(
  pieces: readonly Piece[],
  work: (piece: Piece) => Promise<void>,
  failed: (piece: Piece, problem: string) => Promise<void>,
): Promise<void> {
  const errors: Error[] = [];
  for (const piece of pieces) {
    try {
      await work(piece);
    } catch (cause) {
      const error = cause instanceof Error ? cause : new Error(String(cause));
      errors.push(error);
      await failed(piece, error.message.slice(0, WORDS_KEPT));
    }
  }
  if (errors.length > 0)
    throw new AggregateError(errors, `${errors.length} of ${pieces.length} failed: ${errors[0]?.message}`);
}
