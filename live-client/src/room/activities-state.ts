import type { ActivitiesSnapshot, RoomEvent } from '@walnut-live/contracts';

/** What a room does together, as everybody sees it; what the person did in it is asked of the server. */
export type ActivitiesState = ActivitiesSnapshot;
export const noActivities: ActivitiesState = { checkIn: null, poll: null, countdown: null, chain: null };

/**
 * Pure: the same object when the event is about nothing of this. Counts come from several nodes: an older one never replaces
 * a newer one, and none changes what is over.
 */
export const activityEvent = (state: ActivitiesState, event: RoomEvent): ActivitiesState => {
  const { checkIn, poll, chain } = state;
  switch (event.kind) {
    case 'check-in:opened':
    case 'check-in:closed':
      return { ...state, checkIn: event.checkIn };
    case 'check-in:counted':
      return checkIn?.id === event.checkInId && event.people > checkIn.people
        ? { ...state, checkIn: { ...checkIn, people: event.people } }
        : state;
    case 'poll:opened':
    case 'poll:closed':
      return { ...state, poll: event.poll };
    case 'poll:counted': {
      const { kind: _, pollId, ...counts } = event;
      return poll?.id === pollId && poll.state === 'open' && counts.revision >= poll.revision
        ? { ...state, poll: { ...poll, ...counts } }
        : state;
    }
    case 'poll:cancelled':
      return poll?.id === event.pollId ? { ...state, poll: null } : state;
    case 'countdown:started':
    case 'countdown:moved':
    case 'countdown:ended':
      return { ...state, countdown: event.countdown };
    case 'chain:opened':
    case 'chain:closed':
      return { ...state, chain: event.chain };
    case 'chain:counted':
      return chain?.id === event.chain.id && event.chain.version > chain.version
        ? { ...state, chain: event.chain }
        : state;
    default:
      return state;
  }
};
