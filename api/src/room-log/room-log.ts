/**
 * The room log: the order of everything that happens in a room, the same for everybody.
 *
 * A writer appends, every node with viewers tails, whoever comes back asks for the range after the last number they saw.
 * Implementations: memory-room-log.ts (one process) and redis-room-log.ts (several), both with a journal in PostgreSQL. Both
 * pass room-log.contract.ts.
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
   * Gives the event its place. Resolves once a lasting event is on disk: an acknowledged message survives `kill -9`, of this
   * process and of Redis. An `eventId` that is known answers with the first event and appends nothing.
   * @throws AppError unavailable: nothing was promised; the same eventId may be tried again
   */
  append(roomId: string, event: RoomEvent, options?: AppendOptions): Promise<SequencedEvent>;
  /**
   * Everything appended from now on, in order, in batches; what other nodes append, at the latest from the moment when a
   * `head` that is asked for now has answered, and from that number on. Returns its undo. `onReset`: the thread is lost
   * (a new epoch, or more was missed than is kept); what was shown may be wrong, so everybody starts from a snapshot.
   */
  tail(roomId: string, listener: (events: readonly SequencedEvent[]) => void, onReset?: () => void): () => void;
  /**
   * At most `limit` events after `afterSeq`, oldest first. Numbers have holes: fleeting events (likes, viewers, arrivals)
   * are kept for a while only, lasting ones for good.
   */
  range(roomId: string, afterSeq: number, limit: number): Promise<readonly SequencedEvent[]>;
  /** The last number given out; 0 for a room in which nothing happened. No later event gets this number or a lower one. */
  head(roomId: string): Promise<number>;
  /**
   * The number before the first of this epoch. An epoch ends when the log's memory is lost: numbers given out before may
   * stand for nothing, so whoever's last number is lower than this starts from a snapshot. Always 0 for a log in one process.
   */
  start(roomId: string): Promise<number>;
  /** The event that was appended under this id. */
  find(roomId: string, eventId: string): Promise<SequencedEvent | undefined>;
  /** The last `limit` lasting events of some kinds, oldest first. */
  latest(roomId: string, kinds: readonly RoomEventKind[], limit: number): Promise<readonly SequencedEvent[]>;
  /** Whether events can be appended: `listener` is told now and at every change. Returns its undo. */
  watch(listener: (isThere: boolean) => void): () => void;
  /** Finishes what was accepted, then refuses. */
  close(): Promise<void>;
}
