/** What both logs agree on about events. */
import type { RoomEvent, RoomEventKind, SequencedEvent } from '@walnut-live/contracts';
import type { JournalEntry } from './journal.ts';

/** Latest value wins or nobody misses it: need not be on disk one by one. */
const fleeting: ReadonlySet<RoomEventKind> = new Set(['likes:counted', 'viewers:counted', 'viewer:joined']);
export const isLasting = (kind: RoomEventKind): boolean => !fleeting.has(kind);

/** What people who read a log get of an entry. */
export const shown = ({ seq, at, event }: JournalEntry): SequencedEvent => ({ seq, at, event });

/** PostgreSQL refuses NUL and halves of surrogate pairs in JSON; one such text must not fail everybody's batch. */
export function storable(event: RoomEvent): RoomEvent {
  const text = JSON.stringify(event);
  if (!/\\u(0000|d[89a-f])/i.test(text)) return event;
  return JSON.parse(text, (_key, value: unknown) =>
    typeof value === 'string' ? value.toWellFormed().replaceAll('\0', '') : value,
  ) as RoomEvent;
}
