import type { InteractionSnapshot, RoomEvent } from '@walnut-live/contracts';

/** What a room plays, as everybody sees it; what the person did in it is asked of the server. */
export type InteractionState = InteractionSnapshot;
export const noInteraction: InteractionState = { draw: null, redPacket: null };

/** Pure: the same object when the event is about nothing of this. A number that comes late never takes one back. */
export const playEvent = (state: InteractionState, event: RoomEvent): InteractionState => {
  const { draw, redPacket, couponDrop } = state;
  switch (event.kind) {
    case 'draw:prepared':
    case 'draw:opened':
    case 'draw:closed':
      return { ...state, draw: event.draw };
    case 'draw:counted':
      return draw?.id === event.drawId && draw.state === 'open' && event.entries > draw.entries
        ? { ...state, draw: { ...draw, entries: event.entries } }
        : state;
    case 'draw:cancelled':
      return draw?.id === event.drawId ? { ...state, draw: null } : state;
    case 'red-packet:started':
    case 'red-packet:ended':
      return { ...state, redPacket: event.redPacket };
    case 'red-packet:counted':
      return redPacket?.id === event.redPacketId && event.taken > redPacket.taken
        ? { ...state, redPacket: { ...redPacket, taken: event.taken } }
        : state;
    case 'coupon-drop:started':
    case 'coupon-drop:ended':
      return { ...state, couponDrop: event.couponDrop };
    case 'coupon-drop:counted':
      return couponDrop?.id === event.couponDropId && event.taken > couponDrop.taken
        ? { ...state, couponDrop: { ...couponDrop, taken: event.taken } }
        : state;
    default:
      return state;
  }
};
