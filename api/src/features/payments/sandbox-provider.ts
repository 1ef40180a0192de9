/**
 * The embedded payment provider: a stand-in for a real one that needs no account anywhere. It keeps to its own tables
 * (sandbox_*) over its own connections, never joins our transactions, and tells about payments only by signed callbacks over
 * HTTP that it repeats with growing pauses until they are answered with 2xx.
 *
 * Invariants: a charge is captured at most once and never after it was closed; the refunds of a charge never exceed it and a
 * refund number counts once; the callback row is written in the transaction of its fact, so none is forgotten.
 */
import { type SandboxCallback, SandboxNotification } from '@walnut-live/contracts';
import type { z } from 'zod';
import type { Clock, Random } from '../../platform/clock.ts';
import type { Db, Tx } from '../../platform/db.ts';
import { AppError } from '../../platform/errors.ts';
import type { Logger } from '../../platform/logger.ts';
import {
  isGenuineCallback,
  NONCE_HEADER,
  SIGNATURE_HEADER,
  signCallback,
  TIMESTAMP_HEADER,
} from './callback-signature.policy.ts';
import type { ChargeAnswer, ChargeState, PaymentProvider } from './provider.ts';

type Notification = z.output<typeof SandboxNotification>;

/** What happens to one attempt of a callback; tests make the network bad with it. `hold` leaves it for a later turn. */
export type DeliveryFate = 'send' | 'send_twice' | 'lose' | 'hold';
export type DeliveryPlan = (delivery: { id: string; type: string; paymentId: string; attempt: number }) => DeliveryFate;

const RETRY_AFTER_SECONDS = [5, 15, 30, 60, 180, 600, 1200, 1800, 3600, 10_800, 21_600];
const BATCH = 20;
const DELIVERY_TIMEOUT_MS = 5_000;
/** How late a callback comes that its payer wished to be late. */
export const DELAYED_SECONDS = 15;
const BEIJING_OFFSET = '+08:00';

export interface SandboxProvider extends PaymentProvider {
  /** The cashier: the payer approves or declines. Answers what the charge is now. */
  settle(paymentId: string, outcome: 'captured' | 'failed', callback?: SandboxCallback): Promise<ChargeState>;
  /** Delivers the callbacks that are due; answers how many were tried. */
  deliverDue(): Promise<number>;
  /** Waits for deliveries under way; idempotent. */
  stop(): Promise<void>;
}

export function createSandboxProvider(deps: {
  /** Connections of its own: a provider that waits for our transactions would be none. */
  db: Db;
  clock: Clock;
  random: Random;
  log: Logger;
  secret: string;
  /** Our own notify address; undefined while the server does not listen. */
  notifyUrl: () => string | undefined;
  plan?: DeliveryPlan | undefined;
}): SandboxProvider {
  const { db, clock, random, log, secret } = deps;
  const plan = deps.plan ?? (() => 'send');
  const underWay = new Set<Promise<unknown>>();
  let closed = false;

  async function enqueue(
    tx: Tx,
    fact: { type: Notification['type']; paymentId: string; refundNo: string | null; amountFen: bigint },
    callback: SandboxCallback = 'prompt',
  ): Promise<void> {
    if (callback === 'never') return;
    const id = `evt_${random.id()}`;
    const now = clock.now();
    const body: Notification = { id, ...fact, amountFen: Number(fact.amountFen), occurredAt: now.toISOString() };
    const firstTryAt = new Date(now.getTime() + (callback === 'delayed' ? DELAYED_SECONDS * 1_000 : 0));
    await tx`INSERT INTO sandbox_deliveries (id, payment_id, body, next_try_at, plan)
      VALUES (${id}, ${fact.paymentId}, ${JSON.stringify(body)}::jsonb, ${firstTryAt}, ${callback})`;
    tx.afterCommit(() => {
      const trying: Promise<unknown> = attempt(id)
        .catch((error: unknown) => log.warn({ err: error }, 'sandbox: first delivery failed, will be repeated'))
        .finally(() => underWay.delete(trying));
      underWay.add(trying);
    });
  }

  /** Takes the delivery for one attempt (and so keeps others off it until the next is due), then sends it. */
  async function attempt(id: string): Promise<boolean> {
    const url = deps.notifyUrl();
    if (closed || url === undefined) return false;
    const now = clock.now();
    const [due] = await db.sql<{ body: Notification; attempts: number; plan: SandboxCallback }>`
      SELECT body, attempts, plan FROM sandbox_deliveries WHERE id = ${id} AND delivered_at IS NULL AND next_try_at <= ${now}`;
    if (!due) return false;
    const fate = plan({ id, type: due.body.type, paymentId: due.body.paymentId, attempt: due.attempts + 1 });
    if (fate === 'hold') return false;
    const isLost = fate === 'lose' || (due.plan === 'lost' && due.attempts === 0);
    const isDoubled = fate === 'send_twice' || due.plan === 'twice';
    const pause = RETRY_AFTER_SECONDS[due.attempts] ?? 86_400;
    const taken = await db.sql`
      UPDATE sandbox_deliveries SET attempts = attempts + 1, next_try_at = ${new Date(now.getTime() + pause * 1000)}
      WHERE id = ${id} AND attempts = ${due.attempts} AND delivered_at IS NULL RETURNING id`;
    if (taken.length === 0) return false; // another process has it
    if (isLost) return true;
    let answered = await send(url, due.body);
    if (isDoubled) answered = (await send(url, due.body)) || answered;
    if (answered) await db.sql`UPDATE sandbox_deliveries SET delivered_at = ${clock.now()} WHERE id = ${id}`;
    return true;
  }

  /** Every attempt is signed anew, as its time is part of what is signed. */
  async function send(url: string, notification: Notification): Promise<boolean> {
    const body = Buffer.from(JSON.stringify(notification));
    const timestampSeconds = String(Math.floor(clock.now().getTime() / 1000));
    const nonce = random.bytes(16).toString('hex');
    try {
      const response = await fetch(url, {
        method: 'POST',
        headers: {
          'content-type': 'application/json',
          [TIMESTAMP_HEADER]: timestampSeconds,
          [NONCE_HEADER]: nonce,
          [SIGNATURE_HEADER]: signCallback(secret, { timestampSeconds, nonce, body }),
        },
        body,
        redirect: 'error',
        signal: AbortSignal.timeout(DELIVERY_TIMEOUT_MS),
      });
      await response.arrayBuffer();
      if (!response.ok)
        log.warn(
          { status: response.status, notificationId: notification.id },
          'sandbox: callback refused, will be repeated',
        );
      return response.ok;
    } catch (error) {
      if (!closed)
        log.warn({ err: error, notificationId: notification.id }, 'sandbox: callback not delivered, will be repeated');
      return false;
    }
  }

  async function stateOf(paymentId: string): Promise<ChargeAnswer> {
    const [charge] = await db.sql<ChargeAnswer>`
      SELECT state, amount_fen AS "amountFen" FROM sandbox_charges WHERE payment_id = ${paymentId}`;
    return charge ?? { state: 'none', amountFen: null };
  }

  return {
    async prepare({ paymentId, amountFen }) {
      await db.sql`INSERT INTO sandbox_charges (payment_id, amount_fen, state, updated_at)
        VALUES (${paymentId}, ${amountFen}, 'open', ${clock.now()}) ON CONFLICT (payment_id) DO NOTHING`;
      return { ...(await stateOf(paymentId)), cashierUrl: `/pay/${paymentId}` };
    },
    query: stateOf,
    async close(paymentId) {
      // A charge we never heard of is closed in advance, so that a late registration cannot open it.
      await db.sql`INSERT INTO sandbox_charges (payment_id, amount_fen, state, updated_at)
        VALUES (${paymentId}, 0, 'closed', ${clock.now()})
        ON CONFLICT (payment_id) DO UPDATE SET state = 'closed', updated_at = excluded.updated_at WHERE sandbox_charges.state = 'open'`;
      return stateOf(paymentId);
    },
    async settle(paymentId, outcome, callback) {
      return db.transaction(async (tx) => {
        const [charge] = await tx<{ amount_fen: bigint }>`
          UPDATE sandbox_charges SET state = ${outcome}, updated_at = ${clock.now()},
            captured_at = CASE WHEN ${outcome} = 'captured' THEN ${clock.now()}::timestamptz END
          WHERE payment_id = ${paymentId} AND state = 'open' RETURNING amount_fen`;
        if (charge) {
          const amountFen = charge.amount_fen;
          await enqueue(tx, { type: `payment.${outcome}`, paymentId, refundNo: null, amountFen }, callback);
          return outcome;
        }
        const [known] = await tx<{
          state: ChargeState;
        }>`SELECT state FROM sandbox_charges WHERE payment_id = ${paymentId}`;
        return known?.state ?? 'none';
      });
    },
    async refund({ refundNo, paymentId, amountFen }) {
      const outcome = await db.transaction(async (tx): Promise<'succeeded' | 'failed'> => {
        // The charge's row is the lock: two requests with one number stand in line here.
        const [charge] = await tx<{ state: ChargeState }>`
          SELECT state FROM sandbox_charges WHERE payment_id = ${paymentId} FOR UPDATE`;
        const [known] = await tx<{ same: boolean }>`
          SELECT payment_id = ${paymentId} AND amount_fen = ${amountFen} AS same FROM sandbox_refunds WHERE refund_no = ${refundNo}`;
        if (known) return known.same ? 'succeeded' : 'failed';
        if (charge?.state !== 'captured') return 'failed';
        const [taken] = await tx`
          UPDATE sandbox_charges SET refunded_fen = refunded_fen + ${amountFen}, updated_at = ${clock.now()}
          WHERE payment_id = ${paymentId} AND refunded_fen + ${amountFen} <= amount_fen RETURNING payment_id`;
        if (!taken) return 'failed';
        await tx`INSERT INTO sandbox_refunds (refund_no, payment_id, amount_fen, created_at)
          VALUES (${refundNo}, ${paymentId}, ${amountFen}, ${clock.now()})`;
        await enqueue(tx, { type: 'refund.succeeded', paymentId, refundNo, amountFen });
        return 'succeeded';
      });
      return { outcome, said: outcome };
    },
    verifyNotification(header, rawBody) {
      const genuine = isGenuineCallback(
        secret,
        {
          timestampSeconds: header(TIMESTAMP_HEADER),
          nonce: header(NONCE_HEADER),
          signature: header(SIGNATURE_HEADER),
          body: rawBody,
        },
        clock.now(),
      );
      if (!genuine) throw new AppError('unauthenticated', { detail: 'callback signature' });
      const body = SandboxNotification.parse(JSON.parse(rawBody.toString('utf8')));
      return { ...body, amountFen: BigInt(body.amountFen), occurredAt: new Date(body.occurredAt) };
    },
    numberOf: (paymentId) => paymentId,
    async bill(day) {
      const from = new Date(`${day}T00:00:00${BEIJING_OFFSET}`);
      const until = new Date(from.getTime() + 86_400_000);
      const charges = await db.sql<{ payment_id: string; amount_fen: bigint }>`
        SELECT payment_id, amount_fen FROM sandbox_charges WHERE captured_at >= ${from} AND captured_at < ${until}`;
      const refunds = await db.sql<{ refund_no: string; amount_fen: bigint }>`
        SELECT refund_no, amount_fen FROM sandbox_refunds WHERE created_at >= ${from} AND created_at < ${until}`;
      const lines = [
        ...charges.map(({ payment_id: number, amount_fen: amountFen }) => ({
          ...{ kind: 'payment' as const, number, amountFen },
          ...{ state: 'captured' as const, providerRef: null },
        })),
        ...refunds.map(({ refund_no: number, amount_fen: amountFen }) => ({
          ...{ kind: 'refund' as const, number, amountFen },
          ...{ state: 'refund_succeeded' as const, providerRef: null },
        })),
      ];
      return { lines, odd: [] };
    },
    async deliverDue() {
      const rows = await db.sql<{ id: string }>`
        SELECT id FROM sandbox_deliveries WHERE delivered_at IS NULL AND next_try_at <= ${clock.now()}
          AND attempts <= ${RETRY_AFTER_SECONDS.length} ORDER BY next_try_at LIMIT ${BATCH}`;
      const tried = await Promise.all(rows.map((row) => attempt(row.id)));
      return tried.filter(Boolean).length;
    },
    async stop() {
      closed = true;
      await Promise.allSettled(underWay);
    },
  };
}
