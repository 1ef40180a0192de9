/**
 * The rules of an after-sale case (S7): who may say what when, what may be asked for, and when something happens by itself. Pure.
 *
 * A case is asked for by the buyer and answered by the store; headquarters decide what is laid before them, and are the only ones
 * who may say no to a return within seven days. Goods travel before money or other pieces do.
 */
import {
  AFTER_SALE_DAYS,
  type AfterSaleDeed,
  type AfterSaleKind,
  type AfterSaleReason,
  type AfterSaleState,
  ANSWER_HOURS,
  APPEAL_DAYS,
  INSPECT_DAYS,
  NO_REASON_DAYS,
  type OrderState,
  REPLACE_DAYS,
  SEND_BACK_DAYS,
} from '@walnut-live/contracts';

export const afterSaleEvents = [
  'approve_refund', // money goes back now
  'approve_goods', // goods are to come first
  'approve_replacement', // the goods are here, other pieces follow
  'reject', // the store's no; the buyer may ask headquarters
  'refuse', // headquarters' no
  'escalate', // to headquarters, by a person
  'escalate_overdue', // to headquarters, because nobody answered in time
  'send_goods',
  'turn_down_goods', // looked at, and not as they should be
  'replace',
  'finish_refund',
  'refund_failed', // the provider refused for good: headquarters must look
  'withdraw',
  'lapse', // nothing was sent, or nobody asked headquarters, in time
  'overtaken', // everything left of the order goes back in another way
] as const;
export type AfterSaleEvent = (typeof afterSaleEvents)[number];

type Next = Readonly<Partial<Record<AfterSaleEvent, AfterSaleState>>>;
/** The whole state machine. What is not here cannot happen. */
export const afterSaleTransitions: Readonly<Record<AfterSaleState, Next>> = {
  requested: {
    approve_refund: 'refunding',
    approve_goods: 'awaiting_goods',
    reject: 'rejected',
    refuse: 'refused',
    escalate: 'escalated',
    escalate_overdue: 'escalated',
    withdraw: 'withdrawn',
    overtaken: 'withdrawn',
  },
  escalated: {
    approve_refund: 'refunding',
    approve_goods: 'awaiting_goods',
    approve_replacement: 'to_replace',
    refuse: 'refused',
    withdraw: 'withdrawn',
    overtaken: 'withdrawn',
  },
  rejected: { escalate: 'escalated', lapse: 'refused' },
  refused: {},
  awaiting_goods: { send_goods: 'goods_on_way', withdraw: 'withdrawn', lapse: 'withdrawn', overtaken: 'withdrawn' },
  goods_on_way: {
    approve_refund: 'refunding',
    approve_replacement: 'to_replace',
    turn_down_goods: 'rejected',
    escalate: 'escalated',
    escalate_overdue: 'escalated',
    overtaken: 'withdrawn',
  },
  to_replace: {
    replace: 'exchanged',
    escalate: 'escalated',
    escalate_overdue: 'escalated',
    overtaken: 'withdrawn',
  },
  refunding: { finish_refund: 'refunded', refund_failed: 'escalated' },
  refunded: {},
  exchanged: {},
  withdrawn: {},
};
export const nextCaseState = (state: AfterSaleState, event: AfterSaleEvent): AfterSaleState | undefined =>
  afterSaleTransitions[state][event];

/** States in which a case holds its pieces: no other case may ask for them. */
export const openStates: readonly AfterSaleState[] = [
  'requested',
  'escalated',
  'awaiting_goods',
  'goods_on_way',
  'to_replace',
  'refunding',
];
export const overStates: readonly AfterSaleState[] = ['refused', 'refunded', 'exchanged', 'withdrawn'];
/** Whom a case waits for. */
export const waiting = {
  store: ['requested', 'goods_on_way', 'to_replace'],
  hq: ['escalated'],
  buyer: ['awaiting_goods', 'rejected'],
  over: overStates,
} as const satisfies Record<string, readonly AfterSaleState[]>;

export type Side = 'buyer' | 'store' | 'hq';
export interface CaseFacts {
  readonly kind: AfterSaleKind;
  readonly state: AfterSaleState;
  readonly protected: boolean;
  /** The buyer sent the goods. */
  readonly goodsSent: boolean;
}

/** What a yes leads to. */
export function approval({ kind, goodsSent }: CaseFacts): AfterSaleEvent {
  if (kind === 'refund_only') return 'approve_refund';
  if (!goodsSent) return 'approve_goods';
  return kind === 'exchange' ? 'approve_replacement' : 'approve_refund';
}

/** A yes or a no: the event, or undefined where this side may not say it. */
export function decision(by: 'store' | 'hq', facts: CaseFacts, approve: boolean): AfterSaleEvent | undefined {
  if (facts.state !== 'requested' && !(facts.state === 'escalated' && by === 'hq')) return undefined;
  if (approve) return approval(facts);
  if (by === 'hq') return 'refuse';
  return facts.protected ? undefined : 'reject';
}

/** The goods were looked at. Of a protected case headquarters must look before anybody says no. */
export function inspection(by: 'store' | 'hq', facts: CaseFacts, accepted: boolean): AfterSaleEvent {
  if (accepted) return facts.kind === 'exchange' ? 'approve_replacement' : 'approve_refund';
  return facts.protected && by === 'store' ? 'escalate' : 'turn_down_goods';
}

/** What somebody may do now; the service lets nobody do anything else. */
export function deeds(side: Side, facts: CaseFacts): AfterSaleDeed[] {
  const { state } = facts;
  if (side === 'buyer') {
    const buyer: AfterSaleDeed[] = [];
    if (state === 'awaiting_goods') buyer.push('send_back');
    if (state === 'rejected') buyer.push('escalate');
    if (nextCaseState(state, 'withdraw') !== undefined && !(state === 'escalated' && facts.goodsSent))
      buyer.push('withdraw');
    return buyer;
  }
  if (state === 'requested') return side === 'store' ? ['decide', 'escalate'] : ['decide'];
  if (state === 'escalated') return side === 'hq' ? ['decide'] : [];
  if (state === 'goods_on_way') return ['inspect'];
  if (state === 'to_replace') return side === 'store' ? ['replace', 'escalate'] : ['replace'];
  return [];
}

// ── what may be asked for ───────────────────────────────────────────────────────────────────────────────────────────

const DAY_MS = 86_400_000;
const HOUR_MS = 3_600_000;
const after = (at: Date, ms: number): Date => new Date(at.getTime() + ms);

interface OrderFacts {
  readonly state: OrderState;
  readonly receivedAt: Date | null;
}

/** Goods can come back only after they were sent; of a paid order some of them may have been. */
export function kindsFor(state: OrderState, anySent: boolean): AfterSaleKind[] {
  if (state !== 'paid' && state !== 'shipped' && state !== 'received') return [];
  return anySent ? ['refund_only', 'return_and_refund', 'exchange'] : ['refund_only'];
}

export const askableUntil = ({ receivedAt }: OrderFacts): Date | null =>
  receivedAt && after(receivedAt, AFTER_SALE_DAYS * DAY_MS);
export const noReasonUntil = ({ receivedAt }: OrderFacts): Date | null =>
  receivedAt && after(receivedAt, NO_REASON_DAYS * DAY_MS);

/** Pieces that arrived, or should have: of an item that left in part the buyer means those that left. */
export const meansSent = (kind: AfterSaleKind, reason: AfterSaleReason): boolean =>
  kind !== 'refund_only' || (reason !== 'no_reason' && reason !== 'other');

/** A return asked for before the seventh day after receipt is over; goods that are still on their way count as in time. */
export function isProtected(kind: AfterSaleKind, order: OrderFacts, at: Date): boolean {
  const until = noReasonUntil(order);
  return kind === 'return_and_refund' && (until === null || at <= until);
}

export function refusalOfRequest(
  wanted: { kind: AfterSaleKind },
  order: OrderFacts & { readonly anySent: boolean },
  at: Date,
): 'state_conflict' | 'too_late' | undefined {
  if (!kindsFor(order.state, order.anySent).includes(wanted.kind)) return 'state_conflict';
  const until = askableUntil(order);
  return until !== null && at > until ? 'too_late' : undefined;
}

// ── time ────────────────────────────────────────────────────────────────────────────────────────────────────────────

/** When something happens by itself to a case that came into this state; null: nothing does. */
export function deadlineOf(state: AfterSaleState, at: Date): Date | null {
  if (state === 'requested') return after(at, ANSWER_HOURS * HOUR_MS);
  if (state === 'awaiting_goods') return after(at, SEND_BACK_DAYS * DAY_MS);
  if (state === 'goods_on_way') return after(at, INSPECT_DAYS * DAY_MS);
  if (state === 'to_replace') return after(at, REPLACE_DAYS * DAY_MS);
  if (state === 'rejected') return after(at, APPEAL_DAYS * DAY_MS);
  return null;
}

/**
 * What happens then. `mayPay`: nothing of the items that are asked for has left the house, and with the shipping fee only when
 * nothing of the order is left.
 */
export function overdueEvent(facts: CaseFacts, mayPay: boolean): AfterSaleEvent | undefined {
  if (facts.state === 'awaiting_goods' || facts.state === 'rejected') return 'lapse';
  if (facts.state === 'requested' && facts.kind === 'refund_only' && mayPay) return 'approve_refund';
  if (facts.state === 'requested' || facts.state === 'goods_on_way' || facts.state === 'to_replace')
    return 'escalate_overdue';
  return undefined;
}

/**
 * Headquarters may grant less than was asked for: what is not granted comes off the items and the shipping fee in order, last
 * first, so that the parts still sum to the grant.
 */
export function grant(
  asked: { lines: readonly { itemId: string; quantity: number; amountFen: bigint }[]; shippingFen: bigint },
  grantedFen: bigint,
): { lines: { itemId: string; quantity: number; amountFen: bigint }[]; shippingFen: bigint } {
  let left = grantedFen;
  const take = (amountFen: bigint): bigint => {
    let taken = amountFen;
    if (taken > left) taken = left;
    left -= taken;
    return taken;
  };
  const lines = asked.lines.map((line) => ({ ...line, amountFen: take(line.amountFen) }));
  return { lines, shippingFen: take(asked.shippingFen) };
}

interface Parts {
  readonly lines: readonly { readonly itemId: string; readonly quantity: number; readonly amountFen: bigint }[];
  readonly shippingFen: bigint;
}
const sumOf = ({ lines, shippingFen }: Parts): bigint =>
  lines.reduce((sum, { amountFen }) => sum + amountFen, shippingFen);
const atLeastZero = (fen: bigint): bigint => (fen < 0n ? 0n : fen);

/**
 * A grant of a case of which something is back already, because an earlier request was refused in part. It is reckoned on the
 * sum: what is back may be of other items than those that a smaller grant begins with. `due`: what is still to go back, of each
 * part at most what was asked for it and is not back; `granted`: that and what is back. Undefined: more is back than is granted.
 */
export function grantDue(
  asked: Parts,
  grantedFen: bigint,
  back: Parts,
): { dueFen: bigint; due: ReturnType<typeof grant>; granted: ReturnType<typeof grant> } | undefined {
  const dueFen = grantedFen - sumOf(back);
  if (dueFen < 0n) return undefined;
  const backOf = new Map(back.lines.map((line) => [line.itemId, line]));
  const open = asked.lines.map((line) => {
    const { quantity = 0, amountFen = 0n } = backOf.get(line.itemId) ?? {};
    return {
      itemId: line.itemId,
      quantity: Math.max(0, line.quantity - quantity),
      amountFen: atLeastZero(line.amountFen - amountFen),
    };
  });
  const due = grant({ lines: open, shippingFen: atLeastZero(asked.shippingFen - back.shippingFen) }, dueFen);
  const lines = due.lines.map(({ itemId, quantity, amountFen }) => {
    const before = backOf.get(itemId);
    return {
      itemId,
      quantity: quantity + (before?.quantity ?? 0),
      amountFen: amountFen + (before?.amountFen ?? 0n),
    };
  });
  return { dueFen, due, granted: { lines, shippingFen: due.shippingFen + back.shippingFen } };
}
