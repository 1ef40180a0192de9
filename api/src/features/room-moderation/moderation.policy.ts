import { isWithin } from '@walnut-live/contracts';

/** Why an operator may not mute or ban this person; undefined when they may. The crew of a room is not moderated by its crew. */
export function refusalOfSanction(
  operatorId: string,
  target: { personId: string; orgPath: string | undefined },
  room: { hostId: string; orgPath: string },
): 'self_action' | 'forbidden' | undefined {
  if (target.personId === operatorId) return 'self_action';
  if (target.personId === room.hostId) return 'forbidden';
  // Staff whose path covers the room outrank or equal the operator there.
  if (target.orgPath !== undefined && isWithin(room.orgPath, target.orgPath)) return 'forbidden';
  return undefined;
}
