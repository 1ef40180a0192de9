/** Who may take part in what a room does together: pure. */
import type { ErrorCode } from '@walnut-live/contracts';

export interface Participant {
  readonly kind: 'guest' | 'consumer' | 'staff';
  /** False when the account was switched off, or the guest has become somebody. */
  readonly valid: boolean;
  readonly banned: boolean;
  readonly muted: boolean;
  readonly roomState: 'scheduled' | 'live' | 'ended';
}

/**
 * Why somebody may not; undefined when they may. Staff are not the audience that is counted here (rule Z8). Who is muted
 * may press a button and choose an answer, but `writes` nothing that others read.
 */
export function refusalOfTakingPart(
  person: Participant | undefined,
  { writes = false }: { writes?: boolean } = {},
): ErrorCode | undefined {
  if (!person?.valid) return 'session_expired';
  if (person.banned) return 'banned';
  if (person.kind === 'guest') return 'unauthenticated';
  if (person.kind === 'staff') return 'insiders_excluded';
  if (person.roomState === 'ended') return 'room_not_live';
  if (writes && person.muted) return 'muted';
  return undefined;
}
