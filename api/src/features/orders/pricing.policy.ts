/** What a line of an order costs and whether it may be bought now (rules S2, S4): pure, decided by server time. */
import { type ErrorCode, priceForQuantity } from '@walnut-live/contracts';

/** A line as the client sends it, amounts already as fen. */
export interface WantedLine {
  readonly skuId: string;
  readonly quantity: number;
  readonly offerId: string | null;
  /** The version on the buyer's screen; null: whatever is current. */
  readonly offerVersion: number | null;
  readonly seenPriceFen: bigint;
  /** The version of the product's page on the buyer's screen (rule Z1). */
  readonly seenHash?: string;
  /** As many as there are: a gift. */
  readonly upTo?: boolean;
}

/** More pieces of one SKU than this do not fit into one order. */
export const MAX_PIECES_PER_SKU = 999;

export type Refusal = { readonly code: ErrorCode; readonly facts: Record<string, string | number | null> };
export type Decision<T> = { readonly ok: true; readonly value: T } | { readonly ok: false; readonly refusal: Refusal };
const refuse = (code: ErrorCode, facts: Refusal['facts']) => ({ ok: false, refusal: { code, facts } }) as const;

/**
 * Rule S2: lines of one SKU become one, and SKUs come in the order in which everybody locks them.
 * The same SKU at two prices or under two offers in one order is refused: nobody could say which screen it came from.
 */
export function sumLines(lines: readonly WantedLine[]): Decision<WantedLine[]> {
  const bySku = new Map<string, WantedLine>();
  for (const line of lines) {
    const known = bySku.get(line.skuId);
    if (!known) {
      bySku.set(line.skuId, line);
      continue;
    }
    const same =
      known.offerId === line.offerId &&
      known.offerVersion === line.offerVersion &&
      known.seenPriceFen === line.seenPriceFen;
    if (!same) return refuse('invalid_request', { skuId: line.skuId });
    bySku.set(line.skuId, { ...known, quantity: known.quantity + line.quantity });
  }
  const summed = [...bySku.values()].sort((a, b) => (a.skuId < b.skuId ? -1 : 1));
  const tooMany = summed.find((line) => line.quantity > MAX_PIECES_PER_SKU);
  if (tooMany) return refuse('invalid_request', { skuId: tooMany.skuId, limit: MAX_PIECES_PER_SKU });
  return { ok: true, value: summed };
}

export interface OfferTerms {
  readonly priceFen: bigint;
  readonly startsAt: Date;
  readonly endsAt: Date;
  readonly cap: number | null;
  readonly perPersonLimit: number | null;
  /** What one piece costs when so many are in the order; absent: always the price. */
  readonly stairs?: readonly Stair[] | undefined;
}
export interface Stair {
  readonly fromQuantity: number;
  readonly priceFen: bigint;
}
/** What the database says about one line. */
export interface SkuFacts {
  readonly skuId: string;
  /** The product is on sale, the SKU active, and the product lies in the room's bag. */
  readonly buyable: boolean;
  readonly shelfPriceFen: bigint;
  /** The offer the line names, if it is one of this room and SKU. */
  readonly offer: { readonly id: string; readonly state: 'open' | 'closed'; readonly version: number } | null;
  /** The version the line names (or the current one). */
  readonly named: (OfferTerms & { readonly version: number; readonly supersededAt: Date | null }) | null;
  /** The offer that is open for this SKU in the room now. */
  readonly open: {
    readonly id: string;
    readonly version: number;
    readonly priceFen: bigint;
    readonly startsAt: Date;
    readonly endsAt: Date;
    readonly stairs?: readonly Stair[] | undefined;
  } | null;
}
export interface PricedLine {
  readonly unitPriceFen: bigint;
  readonly offer:
    | (OfferTerms & { readonly id: string; readonly version: number; readonly honoured: 'current' | 'grace' })
    | null;
}

/** What a screen would show now; sent with a refusal so that the client can ask the buyer again. */
function nowShown(facts: SkuFacts, now: Date, quantity: number): Refusal['facts'] {
  const { open } = facts;
  const running = open !== null && open.startsAt <= now && now < open.endsAt;
  return {
    skuId: facts.skuId,
    priceFen: Number(running ? priceForQuantity(open.priceFen, open.stairs, quantity) : facts.shelfPriceFen),
    offerId: running ? open.id : null,
    offerVersion: running ? open.version : null,
  };
}

/**
 * Rule S4. A line with an offer pays the price of the version its buyer saw, if that version is in force, or was until at
 * most `graceSeconds` ago. Closing an offer withdraws it: no grace, else a mistyped price could not be stopped. Its announced
 * end is on every screen beforehand: no grace either. A line without an offer pays the shelf price, which has no versions.
 * A line in a group pays the group's price, which never changes. In all cases the seen price must be exactly the price paid.
 */
export function priceLine(
  line: WantedLine,
  facts: SkuFacts,
  now: Date,
  graceSeconds: number,
  groupPriceFen?: bigint,
): Decision<PricedLine> {
  if (!facts.buyable) return refuse('not_found', { skuId: line.skuId });
  if (groupPriceFen !== undefined) {
    if (line.seenPriceFen !== groupPriceFen)
      return refuse('price_changed', { skuId: line.skuId, priceFen: Number(groupPriceFen) });
    return { ok: true, value: { unitPriceFen: groupPriceFen, offer: null } };
  }
  if (line.offerId === null) {
    if (line.seenPriceFen !== facts.shelfPriceFen) return refuse('price_changed', nowShown(facts, now, line.quantity));
    return { ok: true, value: { unitPriceFen: facts.shelfPriceFen, offer: null } };
  }
  const { offer, named } = facts;
  if (offer?.state !== 'open') return refuse('offer_not_open', nowShown(facts, now, line.quantity));
  if (!named) return refuse('price_changed', nowShown(facts, now, line.quantity));
  if (now < named.startsAt || now >= named.endsAt) return refuse('offer_not_open', nowShown(facts, now, line.quantity));
  const current = named.version === offer.version;
  const unitPriceFen = priceForQuantity(named.priceFen, named.stairs, line.quantity);
  const graceOver =
    !current && (named.supersededAt === null || now.getTime() > named.supersededAt.getTime() + graceSeconds * 1000);
  if (graceOver || line.seenPriceFen !== unitPriceFen)
    return refuse('price_changed', nowShown(facts, now, line.quantity));
  const { version, supersededAt: _ended, ...terms } = named;
  return {
    ok: true,
    value: {
      unitPriceFen,
      offer: { id: offer.id, version, honoured: current ? 'current' : 'grace', ...terms },
    },
  };
}

/** What was left for this buyer a moment ago; null where nothing limits it. */
export interface LeftNow {
  readonly pieces: number;
  readonly ofOffer: number | null;
  readonly ofLimit: number | null;
}

/**
 * An early "no" (rule S1 allows no more than that): spares the hopeless attempt its work. Whoever passes may still lose; the
 * truth is in the conditional statements, which refuse in the same order.
 */
export function refuseEarly(line: WantedLine, left: LeftNow): Refusal | undefined {
  const { skuId, quantity } = line;
  const code =
    line.offerId !== null && left.ofOffer !== null && quantity > left.ofOffer
      ? 'offer_sold_out'
      : line.offerId !== null && left.ofLimit !== null && quantity > left.ofLimit
        ? 'limit_exceeded'
        : quantity > left.pieces
          ? 'out_of_stock'
          : undefined;
  return code && { code, facts: { skuId } };
}
