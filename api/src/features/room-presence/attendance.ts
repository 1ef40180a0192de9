/**
 * Who is in which room at this moment, on all nodes together.
 *
 * An attendee is one socket; a person with several, on one node or on many, is one. People are counted for the room and for
 * every org unit above it. A node that dies takes its attendees with it within ABSENT_AFTER_DEATH_MS; who has come back
 * elsewhere by then was there all the time. Implementations: memory-attendance.ts (one process) and redis-attendance.ts
 * (several); both pass attendance.contract.ts.
 */
export interface Attendee {
  readonly roomId: string;
  readonly personId: string;
  /** Of the room. */
  readonly orgPath: string;
  /** The crew is there and does not count (rule Z8). */
  readonly isAudience: boolean;
  readonly enteredAtMs: number;
}

export interface Attendance {
  /**
   * A socket came; the undo says that it left. `onSurplus`: its person has more than `socketsPerPerson` in this room, on
   * whatever nodes, and this is the oldest of them.
   */
  enter(attendee: Attendee, onSurplus: () => void): () => void;
  /** People in the room, at most about a second old; while other nodes cannot be asked, as last known. */
  now(roomId: string): number;
  /** People in rooms of the unit and of those below it, each counted once; likewise. */
  inUnit(orgPath: string): number;
  /** People in the room as of now. @throws RedisAway */
  count(roomId: string): Promise<number>;
  /** Called when the number of people in a room has changed, on whatever node. Returns its undo. */
  watch(listener: (roomId: string) => void): () => void;
  close(): Promise<void>;
}

/** After kill -9 of a node its people count no longer than this. */
export const ABSENT_AFTER_DEATH_MS = 15_000;

/** `hq.east.hangzhou` is in itself, in `hq.east` and in `hq`. */
export const unitsAbove = (orgPath: string): string[] => {
  const names = orgPath.split('.');
  return names.map((_name, i) => names.slice(0, i + 1).join('.'));
};
