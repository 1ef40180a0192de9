/** Attendance of one process. Invariant: whoever is not there any more takes no memory. */
import { type Attendance, type Attendee, unitsAbove } from './attendance.ts';

interface Socket {
  readonly attendee: Attendee;
  readonly onSurplus: () => void;
}

/** How often each person is somewhere. */
function createTally() {
  const places = new Map<string, Map<string, number>>();
  return {
    /** True if the number of people has changed. */
    add(place: string, personId: string, change: 1 | -1): boolean {
      const people = places.get(place) ?? new Map<string, number>();
      const times = (people.get(personId) ?? 0) + change;
      if (times > 0) people.set(personId, times);
      else people.delete(personId);
      if (people.size > 0) places.set(place, people);
      else places.delete(place);
      return times === (change === 1 ? 1 : 0);
    },
    people: (place: string): number => places.get(place)?.size ?? 0,
  };
}

export function createMemoryAttendance({ socketsPerPerson }: { socketsPerPerson: number }): Attendance {
  const rooms = createTally();
  const units = createTally();
  const socketsOf = new Map<string, Set<Socket>>();
  const listeners = new Set<(roomId: string) => void>();

  function tally({ roomId, personId, orgPath, isAudience }: Attendee, change: 1 | -1): void {
    if (!isAudience) return;
    for (const unit of unitsAbove(orgPath)) units.add(unit, personId, change);
    if (!rooms.add(roomId, personId, change)) return;
    for (const listener of listeners) listener(roomId);
  }

  return {
    enter(attendee, onSurplus) {
      const key = `${attendee.roomId} ${attendee.personId}`;
      const sockets = socketsOf.get(key) ?? new Set<Socket>();
      socketsOf.set(key, sockets);
      const socket = { attendee, onSurplus };
      sockets.add(socket);
      tally(attendee, 1);
      const oldestFirst = [...sockets].sort((a, b) => a.attendee.enteredAtMs - b.attendee.enteredAtMs);
      for (const surplus of oldestFirst.slice(0, Math.max(0, sockets.size - socketsPerPerson))) surplus.onSurplus();
      return () => {
        if (!sockets.delete(socket)) return;
        if (sockets.size === 0 && socketsOf.get(key) === sockets) socketsOf.delete(key);
        tally(attendee, -1);
      };
    },
    now: rooms.people,
    inUnit: units.people,
    count: async (roomId) => rooms.people(roomId),
    watch(listener) {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
    close: async () => {},
  };
}
