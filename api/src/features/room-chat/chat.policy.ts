import type { ErrorCode } from '@walnut-live/contracts';

/**
 * Why somebody may not speak; undefined when they may. A scheduled room has its chat already (people gather before the
 * start), an ended one has not. Guests sign in first.
 */
export function refusalOfChat(
  speaker:
    | {
        kind: 'guest' | 'consumer' | 'staff';
        valid: boolean;
        banned: boolean;
        muted: boolean;
        roomState: 'scheduled' | 'live' | 'ended';
      }
    | undefined,
): ErrorCode | undefined {
  if (!speaker?.valid) return 'session_expired';
  if (speaker.banned) return 'banned';
  if (speaker.kind === 'guest') return 'unauthenticated';
  if (speaker.muted) return 'muted';
  if (speaker.roomState === 'ended') return 'room_not_live';
  return undefined;
}
