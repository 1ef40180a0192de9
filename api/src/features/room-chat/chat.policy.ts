import { CHAT_LEVEL_ORDERS, type ChatMode, type ErrorCode, QUOTE_LENGTH } from '@walnut-live/contracts';

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

/** Whom a room listens to at the moment; its crew always. */
export function refusalByAudience(
  audience: ChatMode['audience'],
  speaker: { isCrew: boolean; follows: boolean; orders: number },
): ErrorCode | undefined {
  if (speaker.isCrew) return undefined;
  if (audience === 'followers' && !speaker.follows) return 'followers_only';
  if (audience === 'customers' && speaker.orders === 0) return 'customers_only';
  return undefined;
}

/** The level shown beside a customer's name: thresholds of paid orders that are reached. */
export const levelOf = (orders: number): number => CHAT_LEVEL_ORDERS.filter((needed) => orders >= needed).length;

/** What stands of a message above the reply to it; whole characters. */
export function quoted(text: string): string {
  const characters = [...text];
  return characters.length <= QUOTE_LENGTH ? text : `${characters.slice(0, QUOTE_LENGTH - 1).join('')}…`;
}
