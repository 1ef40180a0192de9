/**
 * Offers of a room: open → changed any number of times → closed, by hand or when the window ends.
 *
 * Invariants: one open offer per room and SKU (partial unique index); every version's terms are kept, with the moment they
 * were superseded, so that a buyer who saw an older price is treated fairly (rule S4); `taken` is written by orders only.
 */
import type { BodyOf, listFlaggedOffers, OfferView, openOffer, patchOffer, QueryOf } from '@walnut-live/contracts';
import { writeAudit } from '../../platform/audit.ts';
import type { Clock, Random } from '../../platform/clock.ts';
import { cutPage, decodeTimeCursor, encodeTimeCursor } from '../../platform/cursor.ts';
import type { Db, Tx } from '../../platform/db.ts';
import { AppError } from '../../platform/errors.ts';
import { writeRoomEvent } from '../../platform/outbox.ts';
import { mayIn, type Principal, requireScope, type StaffPrincipal } from '../../platform/principal.ts';
import { listBelowFloor } from '../catalogue/index.ts';
import { lockRoom } from './bag.repository.ts';
import { type Refusal, refuseCap, refusePrice, refuseStairs, refuseWindow } from './offers.policy.ts';
import * as offers from './offers.repository.ts';

/** Offers closed by one transaction of the sweeper. */
const SWEEP_BATCH = 200;

function refuse(refusal: Refusal | undefined): void {
  if (!refusal) return;
  const { facts, issues } = refusal;
  throw new AppError(refusal.code, { ...(facts ? { facts } : {}), ...(issues ? { issues } : {}) });
}

export function createOffersService(deps: { db: Pick<Db, 'transaction' | 'sql'>; clock: Clock; random: Random }) {
  const { db, clock, random } = deps;

  async function roomFor(tx: Tx, principal: Principal | undefined, roomId: string | undefined) {
    const room = roomId ? await lockRoom(tx, roomId) : undefined;
    if (!room) throw new AppError('not_found');
    requireScope(principal, 'offers:write', room.orgPath);
    return room;
  }
  async function tellClosed(tx: Tx, closed: readonly offers.ClosedOffer[]): Promise<void> {
    for (const { id: offerId, roomId, skuId } of closed) {
      await writeRoomEvent(tx, clock, roomId, { kind: 'offer:closed', offerId, skuId });
    }
  }
  /** What comes with the goods. Rule S6: giving away what has a floor is selling it below it; only who sets floors may. */
  async function giftOf(
    tx: Tx,
    principal: Principal,
    orgPath: string,
    gift: { skuId: string; per: number; cap: number },
  ) {
    const found = await offers.findGiftSku(tx, gift.skuId, orgPath);
    if (!found) throw new AppError('not_found', { detail: 'no such SKU to give away' });
    const { floored, available, ...sku } = found;
    if (floored && !mayIn(principal, 'floors:write', orgPath)) throw new AppError('below_price_floor');
    // Nobody announces a present that is not there.
    if (available < 1) throw new AppError('out_of_stock', { facts: { skuId: gift.skuId } });
    return { ...sku, per: gift.per, cap: gift.cap, taken: 0 };
  }
  const note = (tx: Tx, principal: Principal, action: string, offer: offers.OfferRow, orgPath: string) =>
    writeAudit(tx, deps, {
      actorId: principal.personId,
      action,
      target: `offer:${offer.id}`,
      orgPath,
      detail: { ...offers.toOfferView(offer) },
    });

  return {
    /** @throws AppError `state_conflict` when the SKU has an open offer here or the room is over, `below_price_floor` (S6), `out_of_stock` (no gift is there). */
    async open(principal: Principal, roomId: string, body: BodyOf<typeof openOffer>): Promise<OfferView> {
      return db.transaction(async (tx) => {
        const room = await roomFor(tx, principal, roomId);
        if (room.state === 'ended') throw new AppError('state_conflict');
        const sku = await offers.findSkuOfBag(tx, roomId, body.skuId);
        if (!sku) throw new AppError('not_found', { detail: 'no such SKU in the bag' });
        const priceFen = BigInt(body.priceFen);
        refuse(refusePrice(priceFen, sku));
        const now = clock.now();
        const startsAt = new Date(Math.max(now.getTime(), body.startsAt ? Date.parse(body.startsAt) : 0));
        const endsAt = new Date(startsAt.getTime() + body.durationSeconds * 1_000);
        refuse(refuseWindow({ now, startsAt, endsAt }));
        const { skuId, cap, perPersonLimit } = body;
        const stairs = body.stairs?.length ? body.stairs : null;
        refuse(refuseStairs(priceFen, inBigint(stairs), sku, perPersonLimit));
        const gift = body.gift ? await giftOf(tx, principal, room.orgPath, body.gift) : null;
        await tellClosed(tx, await offers.closeEndedOffers(tx, { at: now, limit: 1, roomId, skuId }));
        const offer = await offers.insertOffer(tx, {
          id: random.id(),
          roomId,
          skuId,
          priceFen,
          startsAt,
          endsAt,
          cap,
          perPersonLimit,
          stairs,
          gift,
          baselineFen: await offers.lowestDeal(tx, skuId, now),
          createdBy: principal.personId,
          at: now,
        });
        if (!offer) throw new AppError('state_conflict', { detail: 'this SKU has an open offer in this room' });
        const view = offers.toOfferView(offer);
        await writeRoomEvent(tx, clock, roomId, { kind: 'offer:opened', offer: view, visibleFrom: now.toISOString() });
        await note(tx, principal, 'offer:opened', offer, room.orgPath);
        return view;
      });
    },

    /** New terms make a new version; `state: 'closed'` ends the offer at once, whatever else is named. */
    async patch(principal: Principal, offerId: string, body: BodyOf<typeof patchOffer>): Promise<OfferView> {
      return db.transaction(async (tx) => {
        const room = await roomFor(tx, principal, await offers.findOfferRoom(tx, offerId));
        const offer = await offers.lockOffer(tx, offerId);
        if (!offer) throw new AppError('not_found');
        const now = clock.now();
        if (offer.state === 'closed' || offer.endsAt <= now) throw new AppError('state_conflict');
        if (body.state === 'closed') {
          await offers.closeOffer(tx, offerId, now);
          await tellClosed(tx, [offer]);
          await note(tx, principal, 'offer:closed', offer, room.orgPath);
          return { ...offers.toOfferView(offer), state: 'closed' };
        }
        const terms: offers.OfferTerms = {
          priceFen: body.priceFen === undefined ? offer.priceFen : BigInt(body.priceFen),
          endsAt: body.endsAt === undefined ? offer.endsAt : new Date(body.endsAt),
          cap: body.cap === undefined ? offer.cap : body.cap,
          perPersonLimit: body.perPersonLimit === undefined ? offer.perPersonLimit : body.perPersonLimit,
          stairs: body.stairs === undefined ? offer.stairs : body.stairs.length > 0 ? body.stairs : null,
        };
        if (isSame(offer, terms)) return offers.toOfferView(offer);
        const sku = await offers.findSkuOfBag(tx, offer.roomId, offer.skuId);
        if (!sku) throw new AppError('state_conflict', { detail: 'the SKU is not sold here any more' });
        refuse(refusePrice(terms.priceFen, sku));
        refuse(refuseStairs(terms.priceFen, inBigint(terms.stairs), sku, terms.perPersonLimit));
        refuse(refuseWindow({ now, startsAt: offer.startsAt, endsAt: terms.endsAt }));
        refuse(refuseCap(terms.cap, offer.taken));
        const changed = await offers.changeOffer(tx, offer, terms, now);
        const view = offers.toOfferView(changed);
        const event = { kind: 'offer:changed', offer: view, visibleFrom: now.toISOString() } as const;
        await writeRoomEvent(tx, clock, offer.roomId, event);
        await note(tx, principal, 'offer:changed', changed, room.orgPath);
        return view;
      });
    },

    /** Rule S6: what a raised floor has overtaken; it runs on as announced until somebody changes it. */
    async flagged({ staff }: StaffPrincipal, { cursor, limit }: QueryOf<typeof listFlaggedOffers>) {
      const wanted = { scope: staff.orgPath, after: decodeTimeCursor(cursor), limit: limit + 1, at: clock.now() };
      const found = await listBelowFloor(db.sql, wanted);
      const { rows, nextCursor } = cutPage(found, limit, (last) =>
        encodeTimeCursor({ at: last.endsAt, id: last.offerId }),
      );
      return { items: rows.map((row) => ({ ...row, endsAt: row.endsAt.toISOString() })), nextCursor };
    },

    /** Closes what has ended; any number of processes may do so at the same time. */
    async sweep(): Promise<void> {
      for (let count = SWEEP_BATCH; count === SWEEP_BATCH; ) {
        count = await db.transaction(async (tx) => {
          const closed = await offers.closeEndedOffers(tx, { at: clock.now(), limit: SWEEP_BATCH });
          await tellClosed(tx, closed);
          return closed.length;
        });
      }
    },
  };
}
export type OffersService = ReturnType<typeof createOffersService>;

const inBigint = (stairs: offers.OfferRow['stairs']) =>
  (stairs ?? []).map(({ fromQuantity, priceFen }) => ({ fromQuantity, priceFen: BigInt(priceFen) }));

function isSame(offer: offers.OfferRow, terms: offers.OfferTerms): boolean {
  return (
    offer.priceFen === terms.priceFen &&
    offer.endsAt.getTime() === terms.endsAt.getTime() &&
    offer.cap === terms.cap &&
    offer.perPersonLimit === terms.perPersonLimit &&
    JSON.stringify(offer.stairs) === JSON.stringify(terms.stairs)
  );
}
