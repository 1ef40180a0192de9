/**
 * The list of rooms as one person sees it: rooms that are not for them are not in it. The rule is asked, not written again in
 * SQL; so pages are read until one is full. Whoever may enter few of many rooms gets short pages and a cursor that goes on.
 */
import type { Entries } from '../room-access/index.ts';
import type { ListPosition, RoomFacts, RoomsRepository } from './rooms.repository.ts';

/** Pages read for one that is asked for. */
const PAGES_READ = 5;

type Filter = Omit<Parameters<RoomsRepository['list']>[0], 'after' | 'limit'>;

export async function listEnterable(
  deps: { list: RoomsRepository['list']; entries: Pick<Entries, 'refusals' | 'refusalIn'> },
  wanted: {
    filter: Filter;
    after: ListPosition | undefined;
    limit: number;
    /** Nobody known, a person, or the crew of all rooms that the filter finds. */
    person: string | undefined | 'of the crew';
  },
): Promise<{ found: RoomFacts[]; next: ListPosition | undefined }> {
  const { filter, limit, person } = wanted;
  const found: RoomFacts[] = [];
  let { after } = wanted;
  for (let page = 0; page < PAGES_READ; page++) {
    const rows = await deps.list({ ...filter, after, limit });
    const read = rows.slice(0, limit);
    const personId = person === 'of the crew' ? undefined : person;
    const refused =
      person === 'of the crew'
        ? new Map()
        : await deps.entries.refusals(read.map(({ room }) => ({ roomId: room.id, personId })));
    for (const { room, position } of read) {
      after = position;
      if (deps.entries.refusalIn(refused, room.id, personId)) continue;
      found.push(room);
      if (found.length === limit) {
        const isLast = rows.length <= limit && read.at(-1)?.room.id === room.id;
        return { found, next: isLast ? undefined : position };
      }
    }
    if (rows.length <= limit) return { found, next: undefined };
  }
  return { found, next: after };
}
