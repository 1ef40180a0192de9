/** What a crowd in a room was promised and shown (room-crowd.ts), held against the journal of the room. */
import { isDeepStrictEqual } from 'node:util';
import type { Db } from '../../api/src/platform/db.ts';
import type { SequencedEvent } from '../../contracts/src/index.ts';
import type { Crowd } from './room-crowd.ts';

export async function journalOf(sql: Db['sql'], roomId: string): Promise<SequencedEvent[]> {
  const rows = await sql<{ seq: bigint; at: Date; event: SequencedEvent['event'] }>`
    SELECT seq, at, event FROM room_events WHERE room_id = ${roomId} ORDER BY seq`;
  return rows.map(({ seq, at, event }) => ({ seq: Number(seq), at: at.toISOString(), event }));
}

export interface CrowdAudit {
  readonly problems: string[];
  readonly journalled: number;
  readonly acknowledged: number;
  readonly shownPerPerson: number;
  readonly snapshots: number;
}

/** What the crowd was promised and shown, against the journal. */
export function auditCrowd(crowd: Crowd, journal: readonly SequencedEvent[]): CrowdAudit {
  const problems = [...crowd.wrong];
  const bySeq = new Map(journal.map((item) => [item.seq, item]));
  const messages = new Map<string, SequencedEvent>();
  for (const item of journal) {
    if (item.event.kind !== 'chat:sent') continue;
    const { messageId } = item.event.message;
    if (messages.has(messageId)) problems.push(`${messageId} is in the journal twice`);
    messages.set(messageId, item);
  }
  for (const [seq, { event }] of crowd.events) {
    if (event.kind !== 'chat:sent' && event.kind !== 'notice:set') continue; // counters are not journalled
    const kept = bySeq.get(seq);
    if (!isDeepStrictEqual(kept?.event, event)) problems.push(`number ${seq} was shown and is another`);
  }
  const notices = journal.filter(({ event }) => event.kind === 'notice:set').map(({ seq }) => seq);
  let shown = 0;
  for (const member of crowd.members) {
    const seen = new Set(member.seen);
    shown += seen.size;
    const isCovered = (seq: number) => member.covered.some(([from, to]) => seq > from && seq <= to);
    for (const { messageId, text } of member.acknowledged) {
      const kept = messages.get(messageId);
      if (!kept) problems.push(`lost: ${messageId}`);
      else if (kept.event.kind === 'chat:sent' && kept.event.message.text !== text)
        problems.push(`changed: ${messageId}`);
      else if (kept.seq <= member.lastSeq && !seen.has(kept.seq) && !isCovered(kept.seq))
        problems.push(`not shown to its sender: ${messageId}`);
    }
    for (const seq of notices) {
      if (seq <= member.lastSeq && !seen.has(seq) && !isCovered(seq))
        problems.push(`${member.personId} missed the notice ${seq}`);
    }
  }
  return {
    problems,
    journalled: messages.size,
    acknowledged: crowd.members.reduce((sum, { acknowledged }) => sum + acknowledged.length, 0),
    shownPerPerson: Math.round(shown / crowd.members.length),
    snapshots: crowd.members.reduce((sum, { covered }) => sum + covered.length - 1, 0), // one is everybody's first
  };
}
