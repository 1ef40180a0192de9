/**
 * The prepaid coin wallet (rules G1, M2).
 *
 * Model: a person's coins are the balance of their `coin_wallet` account, ten fen each; what they bought is in `coin_top_ups`,
 * each with one payment. Top-ups go pending → paid, or pending → expired (→ paid, when the money came all the same: coins can
 * be had at any time, so nobody's money has to travel back). Invariants: coins come into being only by a captured payment and
 * go back to money only by a refund of one; a wallet is never below zero, by the ledger and by a CHECK; rivals over one top-up
 * lock its row first.
 */
import { type BodyOf, fenToWire, type ReplyOf, type refundWallet, type topUpWallet } from '@walnut-live/contracts';
import { type AccountRef, type Ledger, LedgerShortError } from '../../ledger/index.ts';
import { writeAudit } from '../../platform/audit.ts';
import type { Clock, Random } from '../../platform/clock.ts';
import type { Db, Sql, Tx } from '../../platform/db.ts';
import { AppError } from '../../platform/errors.ts';
import type { Logger } from '../../platform/logger.ts';
import { maskPhone } from '../../platform/masks.policy.ts';
import type { StaffPrincipal } from '../../platform/principal.ts';
import type { AdultChecks } from '../adult-check/index.ts';
import type { PaymentRow, Payments } from '../payments/index.ts';
import { coinsOfFen, fenOfCoins, lesser, packageOf, spreadRefund, topUpNo } from './wallet.policy.ts';
import * as rows from './wallet.repository.ts';

/** How long an unpaid top-up waits for its payment. */
export const TOP_UP_SECONDS = 900;
const EXPIRY_BATCH = 200;

export interface WalletDeps {
  readonly db: Db;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Logger;
  readonly ledger: Pick<Ledger, 'postTransfer'>;
  readonly adults: AdultChecks;
  readonly payments: Pick<Payments, 'open' | 'prepare' | 'read' | 'ofTopUp' | 'close' | 'captureAtAnyTime'>;
  /** Whether one may pay by the sandbox provider, which takes no money. */
  readonly sandbox: boolean;
  /** Asks for money back; the refund ends in `refundFinished`. */
  readonly requestRefund: (
    tx: Tx,
    payment: PaymentRow,
    refund: { amountFen: bigint; reason: string; by: string },
  ) => Promise<string>;
}
/** Coins that move between a wallet and another account; (kind, ref) names the fact that moves them once. */
export interface CoinMove {
  readonly kind: string;
  readonly ref: string;
  readonly at: Date;
  readonly personId: string;
  readonly coins: bigint;
  readonly other: AccountRef;
}
type Summary = ReplyOf<typeof refundWallet>;
export type WalletService = ReturnType<typeof createWalletService>;

const walletOf = (personId: string): AccountRef => ({ kind: 'coin_wallet', owner: personId });

export function createWalletService(deps: WalletDeps) {
  const { db, clock, random, log, ledger, payments } = deps;

  const balance = async (sql: Sql, personId: string): Promise<bigint> =>
    coinsOfFen(await rows.readBalanceFen(sql, personId));

  /** Out of a wallet. @throws AppError insufficient_coins; the caller's transaction must not commit then */
  async function pay(tx: Tx, move: CoinMove): Promise<void> {
    const amountFen = fenOfCoins(move.coins);
    const entries = [
      { account: walletOf(move.personId), amountFen },
      { account: move.other, amountFen: -amountFen },
    ];
    try {
      await ledger.postTransfer(tx, { kind: move.kind, ref: move.ref, at: move.at, entries });
    } catch (error) {
      if (!(error instanceof LedgerShortError) || error.account.kind !== 'coin_wallet') throw error;
      throw new AppError('insufficient_coins', { facts: { neededCoins: Number(move.coins) } }, error);
    }
  }

  /** Into a wallet. */
  async function receive(tx: Tx, move: CoinMove): Promise<void> {
    const amountFen = fenOfCoins(move.coins);
    await ledger.postTransfer(tx, {
      kind: move.kind,
      ref: move.ref,
      at: move.at,
      entries: [
        { account: move.other, amountFen },
        { account: walletOf(move.personId), amountFen: -amountFen },
      ],
    });
  }

  // ── top-ups ───────────────────────────────────────────────────────────────────────────────────────────────────────

  async function topUp(
    tx: Tx,
    personId: string,
    { packageId, provider }: BodyOf<typeof topUpWallet>,
  ): Promise<ReplyOf<typeof topUpWallet>> {
    if (provider === 'sandbox' && !deps.sandbox) throw new AppError('not_found');
    await deps.adults.require(tx, personId);
    const at = clock.now();
    const id = random.id();
    const { priceFen, coins } = packageOf(packageId);
    const expiresAt = new Date(at.getTime() + TOP_UP_SECONDS * 1_000);
    const no = topUpNo(id, at);
    const amountFen = BigInt(priceFen);
    await rows.insertTopUp(tx, {
      ...{ id, topUpNo: no, personId, priceFen: amountFen, coins: BigInt(coins), at, expiresAt },
    });
    const payment = await payments.open(tx, { topUpId: id, amountFen, provider: provider ?? 'sandbox', at });
    if (provider === 'sandbox') await payments.prepare(tx, payment, { orderNo: no, expiresAt });
    return {
      topUpId: id,
      coins,
      paymentId: payment.id,
      amountFen: priceFen,
      cashierUrl: `/pay/${payment.id}`,
      expiresAt: expiresAt.toISOString(),
    };
  }

  /** Locks a top-up of this person that can be paid now, and tells what is to pay. */
  async function lockPayable(tx: Tx, personId: string, topUpId: string) {
    const topUp = await rows.lockTopUp(tx, topUpId);
    if (topUp?.personId !== personId) throw new AppError('not_found');
    if (topUp.state === 'paid') throw new AppError('already_paid');
    if (topUp.state !== 'pending' || topUp.expiresAt <= clock.now())
      throw new AppError('state_conflict', { facts: { state: topUp.state } });
    return { no: topUp.topUpNo, amountFen: topUp.priceFen, expiresAt: topUp.expiresAt };
  }

  /** The provider took the money: the coins are there. Telling it again, or late, books it once. */
  async function takePayment(tx: Tx, { id, topUpId }: PaymentRow, at: Date): Promise<void> {
    const bought = topUpId === null ? undefined : await rows.lockTopUp(tx, topUpId);
    const payment = await payments.read(tx, id); // again, now that rivals are over
    if (!bought || !payment) throw new AppError('not_found');
    if (!(await payments.captureAtAnyTime(tx, id, at))) return;
    // Paid in two ways, although the first was closed: the coins of the second are there too, as coins can be had at any time.
    await rows.moveTopUp(tx, bought.id, 'paid', at);
    await receive(tx, {
      kind: 'coins_bought',
      ref: payment.id,
      at,
      personId: bought.personId,
      coins: bought.coins,
      other: { kind: 'provider_clearing', owner: payment.provider },
    });
  }

  /** Asks the provider first: whoever paid in the last moment has their coins. */
  async function expire(tx: Tx, topUpId: string): Promise<'paid' | 'expired'> {
    const at = clock.now();
    const payment = await payments.ofTopUp(tx, topUpId);
    if (payment?.state === 'pending' && (await payments.close(tx, payment, at)) === 'captured') {
      await takePayment(tx, payment, at);
      return 'paid';
    }
    await rows.moveTopUp(tx, topUpId, 'expired', at);
    return 'expired';
  }

  /** Each in a transaction of its own; one whose provider is away comes again. Answers how many expired. */
  async function expireDue(): Promise<number> {
    const tried: string[] = [];
    let expired = 0;
    while (tried.length < EXPIRY_BATCH) {
      let current: string | undefined;
      try {
        const outcome = await db.transaction(async (tx) => {
          current = await rows.lockNextDue(tx, clock.now(), tried);
          return current === undefined ? 'none' : await expire(tx, current);
        });
        if (outcome === 'none') break;
        if (outcome === 'expired') expired += 1;
      } catch (error) {
        if (current === undefined) throw error;
        log.warn({ err: error, topUpId: current }, 'top-up could not be expired, will be tried again');
      }
      if (current !== undefined) tried.push(current);
    }
    return expired;
  }

  // ── coins back to money ───────────────────────────────────────────────────────────────────────────────────────────

  /** @throws AppError insufficient_coins when fewer are there, or fewer of them were bought; state_conflict while others go back; not_found */
  async function refund(
    tx: Tx,
    staff: StaffPrincipal,
    personId: string,
    { coins, reason }: BodyOf<typeof refundWallet>,
  ): Promise<Summary> {
    const [before] = await rows.readSummaries(tx, { personId, limit: 1 });
    if (!before) throw new AppError('not_found');
    const at = clock.now();
    const amountFen = fenOfCoins(BigInt(coins));
    const { free, busy } = await rows.lockRefundable(tx, personId);
    const parts = spreadRefund(free, amountFen);
    if (!parts) {
      if (spreadRefund([...free, ...busy], amountFen)) throw new AppError('state_conflict', { detail: 'refund' });
      throw new AppError('insufficient_coins', { facts: { neededCoins: coins } });
    }
    for (const part of parts) {
      const payment = await payments.read(tx, part.paymentId);
      if (!payment) throw new Error(`payment ${part.paymentId} is gone`);
      const refundId = await deps.requestRefund(tx, payment, { amountFen: part.amountFen, reason, by: staff.personId });
      await pay(tx, {
        kind: 'coins_given_back',
        ref: refundId,
        at,
        personId,
        coins: coinsOfFen(part.amountFen),
        other: { kind: 'coin_refunds', owner: payment.provider },
      });
    }
    await writeAudit(tx, deps, {
      actorId: staff.personId,
      action: 'coins:given-back',
      target: `person:${personId}`,
      orgPath: staff.staff.orgPath,
      reason,
      detail: { coins, payments: parts.length },
    });
    const [after] = await rows.readSummaries(tx, { personId, limit: 1 });
    if (!after) throw new AppError('not_found');
    return toSummary(after);
  }

  /** Coins whose way back ended: the provider paid, or refused and they are the person's again. */
  async function refundFinished(
    tx: Tx,
    ended: { refundId: string; amountFen: bigint; payment: PaymentRow; outcome: 'succeeded' | 'failed'; at: Date },
  ): Promise<void> {
    const { refundId, amountFen, payment, at } = ended;
    const pending: AccountRef = { kind: 'coin_refunds', owner: payment.provider };
    if (ended.outcome === 'succeeded') {
      const entries = [
        { account: pending, amountFen },
        { account: { kind: 'provider_clearing', owner: payment.provider } as const, amountFen: -amountFen },
      ];
      return void (await ledger.postTransfer(tx, { kind: 'coins_refunded', ref: refundId, at, entries }));
    }
    const bought = payment.topUpId === null ? undefined : await rows.lockTopUp(tx, payment.topUpId);
    if (!bought) throw new Error(`payment ${payment.id} bought no coins`);
    const coins = coinsOfFen(amountFen);
    await receive(tx, {
      ...{ kind: 'coins_not_given_back', ref: refundId, at, personId: bought.personId, coins, other: pending },
    });
  }

  return {
    balance,
    pay,
    receive,
    topUp,
    lockPayable,
    takePayment,
    expireDue,
    refund,
    refundFinished,
    async list(query: { search?: string | undefined; limit: number }): Promise<{ items: Summary[] }> {
      return { items: (await rows.readSummaries(db.sql, query)).map(toSummary) };
    },
    movements: (personId: string, cursor: string | undefined, limit: number) =>
      rows.readMovements(db.sql, personId, cursor, limit),
  };
}

const wire = (fen: bigint): number => fenToWire(coinsOfFen(fen));

function toSummary(row: rows.SummaryRow): Summary {
  return {
    person: { id: row.id, name: row.name },
    phoneMasked: row.phone === null ? null : maskPhone(row.phone),
    coins: wire(row.balanceFen),
    refundableCoins: wire(lesser(row.leftFen, row.balanceFen)),
    boughtCoins: wire(row.boughtFen),
    refundingCoins: wire(row.refundingFen),
  };
}
