/**
 * The room log: the order of everything that happens in a room, the same for everybody.
 *
 * A writer appends, every node with viewers tails, whoever comes back asks for the range after the last number they saw.
 * Implementations: memory-room-log.ts (one process, journal in PostgreSQL) and Redis Streams (several). Both pass
 * room-log.contract.ts.
 */
import type { RoomEvent, RoomEventKind, SequencedEvent } from '@walnut-live/contracts';

export interface AppendOptions {
  /** Makes a repeated append the same event, also after a restart. */
  readonly eventId?: string;
  /** When it happened; now if not given. */
  readonly at?: Date;
}

export interface RoomLog {
  /**
   * Gives the event its place. Resolves once a lasting event is on disk (an acknowledged message survives `kill -9`); the
   * tails see it then, never before. An `eventId` that is known answers with the first event and appends nothing.
   * @throws AppError unavailable: nothing was promised; the same eventId may be tried again
   */
  append(roomId: string, event: RoomEvent, options?: AppendOptions): Promise<SequencedEvent>;
  /** Everything appended from now on, in order, in batches. Returns its undo. */
  tail(roomId: string, listener: (events: readonly SequencedEvent[]) => void): () => void;
  /**
   * At most `limit` events after `afterSeq`, oldest first. Numbers have holes: fleeting events (likes, viewers, arrivals)
   * are kept for a while only, lasting ones for good.
   */
  range(roomId: string, afterSeq: number, limit: number): Promise<readonly SequencedEvent[]>;
  /** The last number given out; 0 for a room in which nothing happened. No later event gets this number or a lower one. */
  head(roomId: string): Promise<number>;
  /** The event that was appended under this id. */
  find(roomId: string, eventId: string): Promise<SequencedEvent | undefined>;
  /** The last `limit` lasting events of some kinds, oldest first. */
  latest(roomId: string, kinds: readonly RoomEventKind[], limit: number): Promise<readonly SequencedEvent[]>;
  /** Finishes what was accepted, then refuses. */
  close(): Promise<void>;
}

/** Latest value wins or nobody misses it: need not be on disk one by one. */
const fleeting: ReadonlySet<RoomEventKind> = new Set(['likes:counted', 'viewers:counted', 'viewer:joined']);
export const isLasting = (kind: RoomEventKind): boolean => !fleeting.has(kind);
