/**
 * What this node does while the room log is away: it tells the sockets, and reads from the database what the log would have
 * told. A ban comes as an event mostly; without events, standings are read every AWAY_CHECK_MS instead, and once more
 * whenever events may have been missed.
 */
import type { RoomPaused } from '@walnut-live/contracts';
import type { Namespace, Socket } from 'socket.io';
import type { Logger } from '../../platform/logger.ts';
import type { RoomLog } from '../../room-log/index.ts';

/** A connection that is made anew at once is no pause. */
const NOTICE_AFTER_MS = 500;
const AWAY_CHECK_MS = 1_000;
/** Many rooms lose their thread at once. */
const CHECK_SOON_MS = 50;

export function createPause(deps: {
  namespace: Namespace;
  watch: RoomLog['watch'];
  checkStandings: () => Promise<void>;
  log: Logger;
}) {
  const { namespace, log } = deps;
  let isPaused = false;
  let isAway = false;
  let noticing: NodeJS.Timeout | undefined;
  let checking: NodeJS.Timeout | undefined;
  let closed = false;

  const news = (): RoomPaused => ({ paused: isPaused });
  function setPaused(paused: boolean): void {
    if (paused === isPaused) return;
    isPaused = paused;
    namespace.emit('room:paused', news());
  }

  function checkIn(waitMs: number): void {
    if (closed || checking) return;
    checking = setTimeout(() => {
      checking = undefined;
      deps
        .checkStandings()
        .catch((error: unknown) => log.warn({ err: error }, 'room sockets: standings not checked'))
        .finally(() => {
          if (isAway) checkIn(AWAY_CHECK_MS);
        });
    }, waitMs);
    checking.unref();
  }

  const unwatch = deps.watch((isThere) => {
    isAway = !isThere;
    clearTimeout(noticing);
    if (isThere) return setPaused(false);
    noticing = setTimeout(() => setPaused(true), NOTICE_AFTER_MS);
    noticing.unref();
    checkIn(AWAY_CHECK_MS);
  });

  return {
    /** A socket that connects during a pause is told. */
    greet(socket: Socket): void {
      if (isPaused) socket.emit('room:paused', news());
    },
    standingsMayHaveChanged: (): void => checkIn(CHECK_SOON_MS),
    close(): void {
      closed = true;
      unwatch();
      clearTimeout(noticing);
      clearTimeout(checking);
    },
  };
}
