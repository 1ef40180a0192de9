/**
 * Who may enter a room, and why not: pure decisions. What is known of the person comes from the database at the moment of
 * asking, never from a token.
 */
import { type EntryRefusalReason, isWithin, type MarkKind, type RoomAudience } from '@walnut-live/contracts';

/** What is known of a person, apart from any room. */
export interface EntryPerson {
  readonly kind: 'guest' | 'consumer' | 'staff';
  /** Where somebody of the staff works, while their account is active. */
  readonly staffPath: string | undefined;
  /** First order that was paid, whatever became of it (an unpaid one is no sale, rule A7). */
  readonly firstPaidAt: Date | undefined;
  /** Belongs to a store or guide now, and has an order that was paid and not wholly refunded. */
  readonly isBoundBuyer: boolean;
  /** Marks that stand, with the unit whose staff vouches. */
  readonly marks: readonly { readonly kind: MarkKind; readonly orgPath: string }[];
}

/** A room as its door sees it; of a relay also the programme, whose door stands behind it. */
export interface EntryRoom {
  readonly audience: RoomAudience;
  readonly orgPath: string;
  readonly startedAt: Date | undefined;
  /** The person is on its list. */
  readonly isInvited: boolean;
}

export type EntryAnswer =
  | { readonly mayEnter: true }
  | { readonly mayEnter: false; readonly audience: RoomAudience; readonly reason: EntryRefusalReason };

const open: EntryAnswer = { mayEnter: true };

/** A mark speaks for the rooms of its unit, of the units below it and of those above. */
export const marksCount = (markPath: string, roomPath: string): boolean =>
  isWithin(roomPath, markPath) || isWithin(markPath, roomPath);

/**
 * Nobody stops being a newcomer by what they buy during the live: whoever had not paid when the room began may stay, come
 * back, and see the replay.
 */
const isNewcomer = ({ firstPaidAt }: EntryPerson, { startedAt }: EntryRoom): boolean =>
  firstPaidAt === undefined || (startedAt !== undefined && firstPaidAt >= startedAt);

const hasMark = (person: EntryPerson, kind: MarkKind, room: EntryRoom): boolean =>
  person.marks.some((mark) => mark.kind === kind && marksCount(mark.orgPath, room.orgPath));

/** One door by itself, for somebody who is not of the crew. */
export function passes(person: EntryPerson, room: EntryRoom): EntryAnswer {
  const { audience } = room;
  if (audience === 'everyone' || room.isInvited) return open;
  const refuse = (reason: EntryRefusalReason): EntryAnswer => ({
    mayEnter: false,
    audience,
    // A guest may turn out to be anybody.
    reason: person.kind === 'guest' && reason !== 'not_newcomer' ? 'sign_in' : reason,
  });
  switch (audience) {
    case 'members':
      return person.isBoundBuyer || hasMark(person, 'member', room) ? open : refuse('not_member');
    case 'koc':
      return hasMark(person, 'koc', room) ? open : refuse('not_koc');
    case 'newcomers':
      // Staff are nobody's customers, new ones neither.
      return person.kind !== 'staff' && isNewcomer(person, room) ? open : refuse('not_newcomer');
    case 'invited':
      return refuse('not_invited');
  }
}

/**
 * The crew first: staff of the room's unit and of every unit above it, and whoever was asked to host beside. Then the room's
 * own door, then that of the programme it relays: who may not see the programme does not see it through a store either.
 */
export function mayEnter(
  person: EntryPerson,
  room: EntryRoom,
  programme: EntryRoom | undefined,
  isCohost = false,
): EntryAnswer {
  if (isCohost) return open;
  if (person.staffPath !== undefined && isWithin(room.orgPath, person.staffPath)) return open;
  const own = passes(person, room);
  if (!own.mayEnter || !programme) return own;
  return passes(person, programme);
}
