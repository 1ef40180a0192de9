/** Who is what in a room, and how a room looks to the desk: pure decisions. */
import { isWithin, may, type Room, type RoomState, type StaffRole, type StreamHealth } from '@walnut-live/contracts';

export type RoomRole = 'viewer' | 'operator' | 'host';
export interface StaffFacts {
  readonly role: StaffRole;
  readonly orgPath: string;
}

/** Hosts and operators need `rooms:operate` over the room's org path today, not only when they were named. */
export function roleInRoom(
  person: { id: string; staff: StaffFacts | undefined },
  room: { hostId: string; orgPath: string },
): RoomRole {
  const { staff } = person;
  if (!staff || !may(staff.role, 'rooms:operate') || !isWithin(room.orgPath, staff.orgPath)) return 'viewer';
  return person.id === room.hostId ? 'host' : 'operator';
}

/** A host acts for the unit of the room: staff who may go live there. */
export function mayHost(staff: StaffFacts | undefined, unitPath: string): boolean {
  return staff !== undefined && may(staff.role, 'rooms:write') && isWithin(unitPath, staff.orgPath);
}

export type Trouble = 'no_picture' | 'host_reconnecting' | 'bad_network' | 'no_viewers';

export function troubleOf(facts: {
  streamState: 'idle' | 'live' | 'interrupted';
  viewersNow: number;
  health: StreamHealth | null;
}): Trouble[] {
  const trouble: Trouble[] = [];
  if (facts.streamState === 'idle') trouble.push('no_picture');
  if (facts.streamState === 'interrupted') trouble.push('host_reconnecting');
  if (facts.health === 'poor') trouble.push('bad_network');
  if (facts.viewersNow === 0) trouble.push('no_viewers');
  return trouble;
}

const weight: Record<Trouble, number> = { no_picture: 8, host_reconnecting: 4, bad_network: 2, no_viewers: 1 };

/** Worst first; among equals the room with more people, who all see the trouble. */
export function worstFirst<T extends { trouble: readonly Trouble[]; viewersNow: number; room: Pick<Room, 'id'> }>(
  items: readonly T[],
): T[] {
  const badness = (item: T) => item.trouble.reduce((sum, trouble) => sum + weight[trouble], 0);
  return [...items].sort(
    (a, b) => badness(b) - badness(a) || b.viewersNow - a.viewersNow || a.room.id.localeCompare(b.room.id),
  );
}

/** What a start does to a room in this state; `undefined` is a conflict. */
export const afterStart: Record<RoomState, 'live' | undefined> = { scheduled: 'live', live: 'live', ended: undefined };
export const afterEnd: Record<RoomState, 'ended' | undefined> = { scheduled: undefined, live: 'ended', ended: 'ended' };
