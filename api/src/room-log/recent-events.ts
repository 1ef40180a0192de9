/**
 * The newest events of a room as one node knows them: pure.
 *
 * Invariants: `events` has everything after `floor` up to `head`, in order; what is not in it is archived. `start` names the
 * epoch.
 */
import type { JournalEntry } from './journal.ts';

/** A part of the log as it was read or announced; `seq` is the last number given out at that moment. */
export interface Stretch {
  readonly start: number;
  readonly seq: number;
  readonly archived: number;
  readonly entries: readonly JournalEntry[];
}

export interface RecentEvents {
  start: number;
  head: number;
  floor: number;
  archived: number;
  events: JournalEntry[];
  byEventId: Map<string, JournalEntry>;
}

export const fromStretch = ({ start, seq, archived, entries }: Stretch): RecentEvents => ({
  start,
  head: Math.max(seq, entries.at(-1)?.seq ?? 0),
  floor: (entries[0]?.seq ?? seq + 1) - 1,
  archived,
  events: [...entries],
  byEventId: new Map(entries.map((entry) => [entry.eventId, entry])),
});

/** Takes what follows directly; answers with what is new, or undefined if something between is missing. */
export function take(recent: RecentEvents, stretch: Stretch, keep: number): readonly JournalEntry[] | undefined {
  if (stretch.start !== recent.start) return undefined;
  const fresh = stretch.entries.filter(({ seq }) => seq > recent.head);
  const first = fresh[0]?.seq ?? stretch.seq + 1;
  if (first > recent.head + 1) return undefined;
  recent.archived = Math.max(recent.archived, stretch.archived);
  for (const entry of fresh) {
    recent.events.push(entry);
    recent.byEventId.set(entry.eventId, entry);
    recent.head = entry.seq;
  }
  forgetOldest(recent, keep);
  return fresh;
}

/** Removes in bulk, so that a full list costs nothing per event. */
function forgetOldest(recent: RecentEvents, keep: number): void {
  const surplus = recent.events.length - keep;
  if (surplus <= keep / 4) return;
  let count = 0;
  while (count < surplus && (recent.events[count] as JournalEntry).seq <= recent.archived) count++;
  for (const gone of recent.events.splice(0, count)) {
    recent.byEventId.delete(gone.eventId);
    recent.floor = gone.seq;
  }
}

/** At most `limit` after `afterSeq`, which is not below `floor`. */
export function after(recent: RecentEvents, afterSeq: number, limit: number): readonly JournalEntry[] {
  let low = 0;
  let high = recent.events.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((recent.events[middle] as JournalEntry).seq > afterSeq) high = middle;
    else low = middle + 1;
  }
  return recent.events.slice(low, low + limit);
}
