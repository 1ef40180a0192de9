/**
 * Gifts (rule G1).
 *
 * Model: given → taken back (within the cooling period, by the giver) or given → shared (after it, by the job). Giving is one
 * transaction: caps, the row, the room's event in the outbox, and the transfer from the giver's wallet to the room's gift
 * account; taking back is the same backwards. Invariants: a room shows a gift only after that transaction has committed; every
 * shown gift has its transfer and the reverse; caps hold for the real person under any number of requests at once.
 *
 * Locks are taken in one order by everybody: the gift's row, usage of the day, usage of the month, ledger accounts.
 */
import type { BodyOf, GiftReceipt, GiftUsage, ReplyOf, sendGift, takeGiftBack } from '@walnut-live/contracts';
import type { Clock, Random } from '../../platform/clock.ts';
import type { Db, Tx } from '../../platform/db.ts';
import { AppError } from '../../platform/errors.ts';
import { writeRoomEvent } from '../../platform/outbox.ts';
import type { Principal } from '../../platform/principal.ts';
import type { AdultChecks } from '../adult-check/index.ts';
import type { WalletService } from '../wallet/index.ts';
import { capReached, type GiftTerms, noticeOf, periodsOf, refuseGiving } from './gifts.policy.ts';
import * as rows from './gifts.repository.ts';

export interface GiftsDeps {
  readonly db: Db;
  readonly clock: Clock;
  readonly random: Random;
  readonly adults: Pick<AdultChecks, 'require'>;
  readonly wallet: Pick<WalletService, 'balance' | 'pay' | 'receive'>;
}
export type GiftsService = ReturnType<typeof createGiftsService>;

export const toUsage = (terms: GiftTerms, used: { day: bigint; month: bigint }): GiftUsage => ({
  perGiftCapCoins: terms.perGiftCapCoins,
  day: { capCoins: terms.dayCapCoins, usedCoins: Number(used.day) },
  month: { capCoins: terms.monthCapCoins, usedCoins: Number(used.month) },
});

const refuse = ({
  code,
  facts,
}: {
  code: ConstructorParameters<typeof AppError>[0];
  facts?: Record<string, unknown>;
}) => new AppError(code, facts === undefined ? {} : { facts });

export function createGiftsService(deps: GiftsDeps) {
  const { clock, random, adults, wallet } = deps;

  /** In the caller's transaction, which is the one of the idempotency key. */
  async function send(
    tx: Tx,
    principal: Principal,
    roomId: string,
    wish: BodyOf<typeof sendGift>,
  ): Promise<GiftReceipt> {
    const { personId } = principal;
    const at = clock.now();
    const known = await rows.readGiving(tx, { roomId, personId, giftId: wish.giftId, at });
    if (!known) throw new AppError('not_found');
    if (known.banned) throw new AppError('banned');
    const subject = await adults.require(tx, personId);
    const terms = await rows.termsAt(tx, at);
    const periods = periodsOf(at);
    const before = await rows.readUsage(tx, subject, periods);
    const balanceCoins = await wallet.balance(tx, personId);
    const facts = { ...known, balanceCoins, usedTodayCoins: before.day, usedThisMonthCoins: before.month };
    const refusal = refuseGiving(facts, wish, terms);
    if (refusal) throw refuse(refusal);

    const { priceCoins, orgUnitId, orgPath, hostId } = known;
    const coins = BigInt(wish.quantity) * BigInt(priceCoins);
    const { dayCapCoins, monthCapCoins } = terms;
    const day = await rows.useUp(tx, { subject, period: periods.day, coins, capCoins: dayCapCoins });
    if (day === undefined) throw refuse(capReached('day', dayCapCoins, before.day));
    const month = await rows.useUp(tx, { subject, period: periods.month, coins, capCoins: monthCapCoins });
    if (month === undefined) throw refuse(capReached('month', monthCapCoins, before.month));

    const id = random.id();
    const comboId = wish.comboId ?? id;
    const takeBackUntil = new Date(at.getTime() + terms.coolingSeconds * 1_000);
    const comboCount = await rows.insertGiven(tx, {
      ...{ id, roomId, personId, giftId: wish.giftId, quantity: wish.quantity, unitCoins: priceCoins, coins, comboId },
      ...{ policyVersion: terms.version, subject, orgUnitId, orgPath, hostId, at, takeBackUntil },
    });
    const { name, giftName, giftNameEn, pictureUrl, effect } = known;
    await writeRoomEvent(tx, clock, roomId, {
      kind: 'gift:sent',
      gift: {
        ...{ givenGiftId: id, giftId: wish.giftId, personId, name, giftName, giftNameEn, pictureUrl, effect },
        ...{ quantity: wish.quantity, coins: Number(coins), comboId, comboCount, at: at.toISOString() },
      },
    });
    // Last, because everybody who gives to this room waits for its account.
    await wallet.pay(tx, {
      ...{ kind: 'gift_given', ref: id, at, personId, coins, other: { kind: 'room_gifts', owner: roomId } },
    });
    return {
      given: {
        id,
        roomId,
        giver: { id: personId, name },
        gift: { id: wish.giftId, name: giftName, nameEn: giftNameEn, pictureUrl, effect },
        quantity: wish.quantity,
        coins: Number(coins),
        comboId,
        comboCount,
        state: 'given',
        at: at.toISOString(),
        takeBackUntil: takeBackUntil.toISOString(),
      },
      coins: Number(await wallet.balance(tx, personId)),
      usage: toUsage(terms, { day, month }),
      notice: noticeOf({ day, month }, coins, terms),
    };
  }

  /** @throws AppError not_found (also for gifts of others), too_late */
  async function takeBack(tx: Tx, principal: Principal, id: string): Promise<ReplyOf<typeof takeGiftBack>> {
    const { personId } = principal;
    const at = clock.now();
    const [known] = await rows.readGiven(tx, { id, limit: 1 });
    if (known?.giver.id !== personId) throw new AppError('not_found');
    const taken = await rows.takeBack(tx, id, personId, at);
    if (!taken) throw new AppError('too_late', { facts: { state: known.state } });
    const { roomId, comboId, quantity, coins, subject } = taken;
    await rows.giveBackUse(tx, { subject, coins, ...periodsOf(taken.givenAt) });
    await writeRoomEvent(tx, clock, roomId, { kind: 'gift:taken-back', givenGiftId: id, comboId, quantity });
    await wallet.receive(tx, {
      ...{ kind: 'gift_taken_back', ref: id, at, personId, coins, other: { kind: 'room_gifts', owner: roomId } },
    });
    return {
      given: { ...known, state: 'taken_back' },
      coins: Number(await wallet.balance(tx, personId)),
      usage: toUsage(await rows.termsAt(tx, at), await rows.readUsage(tx, subject, periodsOf(at))),
    };
  }

  return { send, takeBack };
}
