import type { ActivitiesSnapshot, RoomEvent } from '@walnut-live/contracts';

/** What a room does together, as everybody sees it; what the person did in it is asked of the server. */
export type ActivitiesState = ActivitiesSnapshot;
export const noActivities: ActivitiesState = { checkIn: null, poll: null, countdown: null, chain: null };

/**
 * Pure: the same object when the event is about nothing of this. Counts come from several nodes: an older one never replaces
 * a newer one, and none changes what is over. Events that carry the whole thing say how it is from now on.
 */
export const activityEvent = (state: ActivitiesState, event: RoomEvent): ActivitiesState => {
  const { checkIn, poll, chain } = state;
  switch (event.kind) {
    case 'check-in:counted':
      return checkIn?.id === event.checkInId && event.people > checkIn.people
        ? { ...state, checkIn: { ...checkIn, people: event.people } }
        : state;
    case 'poll:counted': {
      const { answers, tally, revision } = event;
      return poll?.id === event.pollId && poll.state === 'open' && revision >= poll.revision
        ? { ...state, poll: { ...poll, answers, tally, revision } }
        : state;
    }
    case 'poll:cancelled':
      return poll?.id === event.pollId ? { ...state, poll: null } : state;
    case 'chain:counted':
      if (chain?.id !== event.chain.id || event.chain.version <= chain.version) return state;
  }
  for (const part of ['checkIn', 'poll', 'countdown', 'chain'] as const)
    if (part in event) return { ...state, [part]: (event as Partial<ActivitiesSnapshot>)[part] };
  return state;
};
