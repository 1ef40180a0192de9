import type { ShownGift } from '@walnut-live/contracts';

/*
 * Which gifts are on the screen: pure, so that crowds of them can be tested without a screen.
 *
 * Invariants: at most LANES bursts and one large gift at a time; what waits is bounded, and at the bound the oldest of other
 * people goes (own gifts are never the ones that go while there are others); gifts of a burst that is shown or waits count up
 * there instead of waiting anew; a gift that was taken back leaves at once.
 */

export const LANES = 2;
/** How long a burst stays after its last gift, and a large gift as a whole. */
export const LANE_MS = 3_200;
export const LARGE_MS = 3_600;
export const WAITING_LIMIT = 20;
export const LARGE_WAITING_LIMIT = 4;

export type Burst = {
  comboId: string;
  personId: string;
  name: string;
  giftName: string;
  giftNameEn: string;
  pictureUrl: string;
  effect: ShownGift['effect'];
  count: number;
  own: boolean;
};
export type ShownBurst = Burst & { untilMs: number };
export type GiftLanes = {
  lanes: readonly (ShownBurst | null)[];
  waiting: readonly Burst[];
  large: ShownBurst | null;
  largeWaiting: readonly Burst[];
};
export type LaneAction =
  | { type: 'sent'; gift: ShownGift; own: boolean; nowMs: number }
  | { type: 'taken-back'; comboId: string; quantity: number; nowMs: number }
  | { type: 'tick'; nowMs: number };

export const noGifts: GiftLanes = { lanes: Array(LANES).fill(null), waiting: [], large: null, largeWaiting: [] };

const bounded = (waiting: readonly Burst[], burst: Burst, limit: number): readonly Burst[] => {
  // One's own gift is seen next; everybody else's in the order they came.
  const others = burst.own ? waiting.findIndex(({ own }) => !own) : -1;
  const place = others < 0 ? waiting.length : others;
  const all = [...waiting.slice(0, place), burst, ...waiting.slice(place)];
  if (all.length <= limit) return all;
  const oldest = all.findIndex(({ own }) => !own);
  return all.filter((_, at) => at !== Math.max(0, oldest));
};

/** Ends what is over and lets the next ones in. */
const settle = (state: GiftLanes, nowMs: number): GiftLanes => {
  const waiting = [...state.waiting];
  const largeWaiting = [...state.largeWaiting];
  const lanes = state.lanes.map((shown) => {
    if (shown && shown.untilMs > nowMs) return shown;
    const next = waiting.shift();
    return next ? { ...next, untilMs: nowMs + LANE_MS } : null;
  });
  let { large } = state;
  if (!large || large.untilMs <= nowMs) {
    const next = largeWaiting.shift();
    large = next ? { ...next, untilMs: nowMs + LARGE_MS } : null;
  }
  return { lanes, waiting, large, largeWaiting };
};

/** Applies a change to a burst wherever it is; `null` takes it away. Answers whether it was anywhere. */
const change = (
  state: GiftLanes,
  comboId: string,
  with_: (burst: Burst) => Burst | null,
  untilMs: number | null,
): { state: GiftLanes; found: boolean } => {
  let found = false;
  const each = <T extends Burst>(burst: T): T | null => {
    if (burst.comboId !== comboId) return burst;
    found = true;
    const next = with_(burst);
    return next && { ...burst, ...next };
  };
  const shown = (burst: ShownBurst | null): ShownBurst | null => {
    const next = burst && each(burst);
    return next && next !== burst && untilMs !== null ? { ...next, untilMs } : next;
  };
  const kept = (bursts: readonly Burst[]): Burst[] => bursts.map(each).filter((burst) => burst !== null);
  const next: GiftLanes = {
    lanes: state.lanes.map(shown),
    waiting: kept(state.waiting),
    large: state.large && each(state.large),
    largeWaiting: kept(state.largeWaiting),
  };
  return { state: next, found };
};

export const reduceLanes = (state: GiftLanes, action: LaneAction): GiftLanes => {
  switch (action.type) {
    case 'sent': {
      const { gift, own, nowMs } = action;
      const { comboId, personId, name, giftName, giftNameEn, pictureUrl, effect, comboCount: count } = gift;
      const burst: Burst = { comboId, personId, name, giftName, giftNameEn, pictureUrl, effect, count, own };
      const counted = change(state, comboId, (known) => ({ ...known, count }), nowMs + LANE_MS);
      if (counted.found) return settle(counted.state, nowMs);
      const waiting = bounded(state.waiting, burst, WAITING_LIMIT);
      const largeWaiting =
        effect === 'large' ? bounded(state.largeWaiting, burst, LARGE_WAITING_LIMIT) : state.largeWaiting;
      return settle({ ...state, waiting, largeWaiting }, nowMs);
    }
    case 'taken-back': {
      const { comboId, quantity, nowMs } = action;
      const less = (burst: Burst) => (burst.count > quantity ? { ...burst, count: burst.count - quantity } : null);
      return settle(change(state, comboId, less, null).state, nowMs);
    }
    case 'tick':
      return settle(state, action.nowMs);
  }
};

/** When the next one ends; null while nothing is shown. */
export const nextEndMs = ({ lanes, large }: GiftLanes): number | null => {
  const ends = [...lanes, large].filter((shown) => shown !== null).map(({ untilMs }) => untilMs);
  return ends.length > 0 ? Math.min(...ends) : null;
};
