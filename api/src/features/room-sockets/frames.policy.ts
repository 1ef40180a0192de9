/** What goes into a frame: pure. Critical events always, counters by their latest value, the crowd as far as the budget goes. */
import { type ChatMessage, eventClass, type RoomFrame, type SequencedEvent } from '@walnut-live/contracts';

/** Crowd events per second a viewer is shown, and how many may come at once. */
export const CROWD_PER_SECOND = 20;
const CROWD_BURST = 20;

const SHORTEST_FRAME_MS = 100;
const LONGEST_FRAME_MS = 250;
/** What sending to one socket costs is nearly the same for one event and for ten. */
const FRAME_MS_PER_SOCKET = 0.036;

/** How far apart the frames of a room are on a node with so many sockets in it: a crowd is spared packets, not messages. */
export const frameIntervalMs = (sockets: number): number =>
  Math.min(LONGEST_FRAME_MS, Math.max(SHORTEST_FRAME_MS, Math.round(sockets * FRAME_MS_PER_SOCKET)));

export interface Budget {
  readonly left: number;
  readonly atMs: number;
}
export const fullBudget = (atMs: number): Budget => ({ left: CROWD_BURST, atMs });
export const refill = (budget: Budget, nowMs: number): Budget => ({
  left: Math.min(CROWD_BURST, budget.left + (Math.max(0, nowMs - budget.atMs) / 1000) * CROWD_PER_SECOND),
  atMs: nowMs,
});

function counterKey({ event }: SequencedEvent): string | undefined {
  if (eventClass[event.kind] !== 'counter') return undefined;
  if (event.kind === 'stock:changed') return `${event.kind} ${event.skuId} ${event.offerId}`;
  if (event.kind === 'bundle:counted') return `${event.kind} ${event.bundleId}`;
  if (event.kind === 'offer:gift-counted') return `${event.kind} ${event.offerId}`;
  return event.kind;
}

/** Viewers' chat and arrivals; what host and operators say is not crowd. */
const isCrowd = ({ event }: SequencedEvent): boolean =>
  eventClass[event.kind] === 'crowd' && !(event.kind === 'chat:sent' && event.message.role !== 'viewer');

/** Every n-th, so that the sample covers the whole time of the frame. */
function sample<T>(items: readonly T[], count: number): T[] {
  if (items.length <= count) return [...items];
  return Array.from({ length: count }, (_, i) => items[Math.floor((i * items.length) / count)] as T);
}

/** Who sees a message whatever the sample leaves out: its sender, the people it names, whoever it replies to. */
export const concerned = ({ personId, mentions = [], replyTo }: ChatMessage): string[] => [
  ...new Set([personId, ...mentions.map((named) => named.personId), ...(replyTo ? [replyTo.personId] : [])]),
];

export interface Selection {
  readonly shown: readonly SequencedEvent[];
  /** Messages the sample left out: their senders get them nevertheless. */
  readonly leftOut: readonly SequencedEvent[];
  readonly budget: Budget;
}

export function selectEvents(events: readonly SequencedEvent[], budget: Budget): Selection {
  const latest = new Map<string, SequencedEvent>();
  for (const item of events) {
    const key = counterKey(item);
    if (key) latest.set(key, item);
  }
  const crowd = events.filter(isCrowd);
  const places = Math.floor(budget.left);
  const messages = crowd.filter(({ event }) => event.kind === 'chat:sent');
  const arrivals = crowd.filter(({ event }) => event.kind !== 'chat:sent');
  const chosenMessages = sample(messages, places);
  const chosen = new Set([...chosenMessages, ...sample(arrivals, places - chosenMessages.length)]);
  const shown = events.filter((item) => {
    const key = counterKey(item);
    if (key) return latest.get(key) === item;
    return !isCrowd(item) || chosen.has(item);
  });
  return {
    shown,
    leftOut: messages.filter((item) => !chosen.has(item)),
    budget: { ...budget, left: budget.left - chosen.size },
  };
}

/** What a socket that fell behind, or came back, needs of the events it missed. */
export const withoutCrowd = (events: readonly SequencedEvent[]): SequencedEvent[] =>
  events.filter((item) => !isCrowd(item) && counterKey(item) === undefined);

export const toFrame = (after: number, seq: number, at: Date, events: readonly SequencedEvent[]): RoomFrame => ({
  seq,
  after,
  at: at.toISOString(),
  events: [...events],
});
