/**
 * A picture beside the room's own, for as long as somebody looks: a grant that was not given, a host that cannot be reached
 * and a session that ended are tried again, each time with a longer pause.
 *
 * Model: asking → watching → (pause → asking …). Invariant: one session at most; after the undo nothing is told any more.
 */
import type { MediaGrant } from '@walnut-live/contracts';
import { createBackoff } from './backoff.ts';
import { watchGranted } from './granted-watch.ts';
import { isPermanent } from './permanent.ts';
import type { MediaFailureReason, WatchState } from './types.ts';

const FIRST_PAUSE_MS = 800;
const LONGEST_PAUSE_MS = 15_000;
/** Another session would be told the same. */
const FINAL: ReadonlySet<MediaFailureReason> = new Set(['revoked', 'refused', 'unsupported']);

/**
 * Watches one stream until the returned undo is called.
 * @param input.grant Asked for every session. Reject with `permanent: true` when asking again is useless.
 * @param input.onStream Fill the element with it and play; called anew when tracks come. Each session has a stream of its own.
 * @param input.start Makes one session; replaced in tests.
 */
export function keepWatching(input: {
  grant: () => Promise<MediaGrant>;
  onStream: (stream: MediaStream) => void;
  onStatus: (status: WatchState['status']) => void;
  start?: typeof watchGranted;
}): () => void {
  const { grant, onStream, onStatus, start = watchGranted } = input;
  const backoff = createBackoff({ firstMs: FIRST_PAUSE_MS, maxMs: LONGEST_PAUSE_MS });
  let timer: ReturnType<typeof setTimeout> | undefined;
  let watching: ReturnType<typeof watchGranted> | null = null;
  let over = false;

  function again(): void {
    watching?.close();
    watching = null;
    clearTimeout(timer);
    timer = setTimeout(() => void begin(), backoff.nextMs());
  }

  function told(next: WatchState): void {
    if (over) return;
    onStatus(next.status);
    if (next.status === 'playing') backoff.reset();
    if (next.status === 'ended' || (next.status === 'failed' && !FINAL.has(next.reason))) again();
  }

  async function begin(): Promise<void> {
    let first: MediaGrant;
    try {
      first = await grant();
    } catch (error) {
      if (over) return;
      onStatus('failed');
      if (!isPermanent(error)) again();
      return;
    }
    if (over) return;
    const session = start(first, grant);
    watching = session;
    session.on('state', (next) => {
      if (watching === session) told(next);
    });
    session.on('stream', () => {
      if (watching === session && !over) onStream(session.stream);
    });
  }

  void begin();
  return () => {
    over = true;
    clearTimeout(timer);
    watching?.close();
    watching = null;
  };
}
