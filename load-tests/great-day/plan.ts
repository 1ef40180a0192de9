/** How large a great day is, and what goes wrong on it when: the same seed gives the same day. */
import { seeded } from '../../e2e/kit/seeded.ts';

export interface DaySize {
  readonly stores: number;
  /** Rooms of the stores; headquarters has one more, with the programme that some of them relay. */
  readonly rooms: number;
  readonly relays: number;
  /** People with a socket, over all rooms. */
  readonly people: number;
  readonly webrtcViewers: number;
  readonly hlsViewers: number;
  /** In each room. */
  readonly buyers: number;
  readonly wishes: number;
  readonly messagesPerSecond: number;
  readonly rains: number;
  readonly seconds: number;
}
export const GREAT: DaySize = {
  ...{ stores: 10, rooms: 20, relays: 5, people: 2_000, webrtcViewers: 200, hlsViewers: 100 },
  ...{ buyers: 12, wishes: 8, messagesPerSecond: 40, rains: 4, seconds: 240 },
};
export const QUICK: DaySize = {
  ...{ stores: 2, rooms: 4, relays: 1, people: 80, webrtcViewers: 8, hlsViewers: 8 },
  ...{ buyers: 5, wishes: 3, messagesPerSecond: 10, rains: 1, seconds: 75 },
};

/** Every process of the house once. */
export const FAULTS = ['api 1', 'api 2', 'media 1', 'media 2', 'room redis', 'media redis', 'database'] as const;
export type FaultName = (typeof FAULTS)[number];
export interface PlannedFault {
  readonly what: FaultName;
  readonly atSecond: number;
}

/** Nothing goes wrong in the first and the last part of the day. */
const CALM = 0.12;

export function planFaults(seed: number, seconds: number): PlannedFault[] {
  const chance = seeded(seed);
  const order: FaultName[] = [...FAULTS];
  for (let at = order.length - 1; at > 0; at--) {
    const other = Math.floor(chance() * (at + 1));
    [order[at], order[other]] = [order[other] as FaultName, order[at] as FaultName];
  }
  const each = (seconds * (1 - 2 * CALM)) / order.length;
  return order.map((what, at) => ({ what, atSecond: Math.round(seconds * CALM + (at + chance() * 0.5) * each) }));
}
