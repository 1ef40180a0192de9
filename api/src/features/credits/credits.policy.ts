/**
 * Who brought an order (rules A3, A5): one pure decision with its whole reasoning.
 *
 * Precedence: HQ ruling > last valid click on a share link > owner guide > room guide > store > HQ.
 *
 * A click counts for orders of the room it led to (a room has its own attribution); it is valid when it is not the buyer's
 * own (their former guest selves included), its sharer is active, it is at most `windowSeconds` old, and the buyer has not
 * bought in this room since. Among valid clicks the last one wins; one that is not valid closes nothing. An order closes
 * clicks once it is paid: an unpaid one is no sale (rule A7), and left alone it must not cost the sharer the next one.
 */
import type { CreditReason } from '@walnut-live/contracts';

/** Bump when the meaning of an input or the precedence changes; stored beside the policy version in the trace. */
export const CREDIT_RULES = 2;

export type CreditWhy =
  | 'won'
  | 'outranked'
  | 'none'
  | 'expired'
  | 'self'
  | 'inactive'
  | 'closed_by_order'
  | 'older_click'
  | 'loop'
  | 'foreign_room';

export interface Click {
  readonly touchId: string;
  /** Who the sharer is now: a guest who became somebody counts as them. */
  readonly sharerId: string;
  readonly sharerActive: boolean;
  readonly roomId: string;
  readonly channel: string;
  readonly at: Date;
}
export interface CreditInputs {
  readonly at: Date;
  /** The buyer and every guest they were. */
  readonly buyerIds: ReadonlySet<string>;
  readonly roomId: string;
  readonly windowSeconds: number;
  /** In any order. */
  readonly clicks: readonly Click[];
  /** When the buyer's last paid order of this room was placed. */
  readonly previousOrderAt: Date | null;
  readonly owner: {
    readonly guideId: string;
    readonly guideActive: boolean;
    readonly valid: boolean;
    readonly boundAt: Date;
  } | null;
  readonly host: { readonly id: string; readonly active: boolean } | null;
  /** True when the room's unit is a store; a room of HQ or a channel earns for HQ. */
  readonly storeRoom: boolean;
}
export interface Considered {
  readonly reason: CreditReason;
  readonly won: boolean;
  readonly why: CreditWhy;
  readonly personId: string | null;
  readonly touchId: string | null;
  readonly at: Date | null;
  readonly channel: string | null;
}
export interface CreditDecision {
  readonly reason: CreditReason;
  readonly personId: string | null;
  readonly touchId: string | null;
  /** Every candidate in order of precedence, with why it won or not; exactly one won. */
  readonly considered: readonly Considered[];
}

const newestFirst = (a: Click, b: Click) =>
  b.at.getTime() - a.at.getTime() || (a.touchId < b.touchId ? 1 : a.touchId > b.touchId ? -1 : 0);

export function decideCredit(inputs: CreditInputs): CreditDecision {
  const considered: Considered[] = [];
  let winner: Considered | undefined;

  /** A candidate with nothing against it wins if nobody has yet. */
  function consider(
    reason: CreditReason,
    objection: CreditWhy | null,
    facts: Partial<Pick<Considered, 'personId' | 'touchId' | 'at' | 'channel'>> = {},
    losesAs: CreditWhy = 'outranked',
  ): void {
    const won = objection === null && winner === undefined;
    const why = won ? 'won' : (objection ?? losesAs);
    const candidate = { reason, won, why, personId: null, touchId: null, at: null, channel: null, ...facts };
    considered.push(candidate);
    if (won) winner = candidate;
  }

  consider('hq_ruling', 'none');

  for (const click of [...inputs.clicks].sort(newestFirst)) {
    consider(
      'share_link',
      clickObjection(click, inputs),
      { personId: click.sharerId, touchId: click.touchId, at: click.at, channel: click.channel },
      'older_click',
    );
  }
  if (inputs.clicks.length === 0) consider('share_link', 'none');

  const { owner, host } = inputs;
  if (!owner) consider('owner_guide', 'none');
  else {
    const objection = !owner.valid ? 'expired' : personObjection(owner.guideId, owner.guideActive, inputs);
    consider('owner_guide', objection, { personId: owner.guideId, at: owner.boundAt });
  }
  if (!host) consider('room_guide', 'none');
  else consider('room_guide', personObjection(host.id, host.active, inputs), { personId: host.id });

  consider('store', inputs.storeRoom ? null : 'none');
  consider('hq', null);

  if (!winner) throw new Error('credit: HQ always stands in'); // unreachable: the line above
  return { reason: winner.reason, personId: winner.personId, touchId: winner.touchId, considered };
}

function personObjection(personId: string, active: boolean, inputs: CreditInputs): CreditWhy | null {
  if (inputs.buyerIds.has(personId)) return 'self';
  return active ? null : 'inactive';
}

function clickObjection(click: Click, inputs: CreditInputs): CreditWhy | null {
  if (click.roomId !== inputs.roomId) return 'foreign_room';
  const objection = personObjection(click.sharerId, click.sharerActive, inputs);
  if (objection) return objection;
  if (inputs.at.getTime() - click.at.getTime() > inputs.windowSeconds * 1000) return 'expired';
  if (inputs.previousOrderAt !== null && inputs.previousOrderAt >= click.at) return 'closed_by_order';
  return null;
}
