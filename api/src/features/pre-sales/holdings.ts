/**
 * What orders of pre-sales ask while they are placed, paid and closed.
 *
 * Invariants: pieces are counted on the campaign's row and on the person's by the statements that take them (rule S5), and given
 * back once, when the order comes to nothing; a row of `pre_sale_orders` is due and has a reminder only while its order's deposit
 * alone is paid. The order's row is locked by whoever calls; then everybody goes campaign → buyer, before any stock.
 */
import type { PlacePreSale } from '@walnut-live/contracts';
import type { Tx } from '../../platform/db.ts';
import { AppError } from '../../platform/errors.ts';
import { refuseAmounts, whyNoDeposit } from './pre-sales.policy.ts';
import { findCampaign } from './pre-sales.repository.ts';

/** What an order costs, decided before anything is taken. Amounts but the price are of the whole order. */
export interface HoldingTerms {
  readonly campaignId: string;
  readonly skuId: string;
  readonly priceFen: bigint;
  readonly depositFen: bigint;
  readonly worthFen: bigint;
  readonly perPerson: number;
}

export type PreSaleHoldings = ReturnType<typeof createPreSaleHoldings>;

export function createPreSaleHoldings() {
  return {
    /** @throws AppError not_found, pre_sale_not_open, below_price_floor (S6: the floor may have risen) */
    async terms(
      tx: Tx,
      order: { wanted: PlacePreSale; roomPath: string; quantity: number; at: Date },
    ): Promise<HoldingTerms> {
      const campaign = await findCampaign(tx, order.wanted.campaignId);
      if (!campaign) throw new AppError('not_found');
      const reason = whyNoDeposit(campaign, order, order.at);
      if (reason) throw new AppError('pre_sale_not_open', { facts: { reason } });
      // A shelf price that fell meanwhile is no reason to refuse; the buyer sees both.
      const refusal = refuseAmounts(campaign, { priceFen: campaign.priceFen, floorPriceFen: campaign.floorPriceFen });
      if (refusal?.code === 'below_price_floor') throw new AppError(refusal.code, { facts: refusal.facts });
      const pieces = BigInt(order.quantity);
      return {
        campaignId: campaign.id,
        skuId: campaign.sku.id,
        priceFen: campaign.priceFen,
        depositFen: campaign.depositFen * pieces,
        worthFen: campaign.worthFen * pieces,
        perPerson: campaign.perPerson,
      };
    },

    /**
     * Takes the pieces of an order that was written in this transaction; a refusal leaves everything to the rollback.
     * @throws AppError pre_sale_not_open, limit_exceeded
     */
    async take(
      tx: Tx,
      order: {
        terms: HoldingTerms;
        orderId: string;
        personId: string;
        quantity: number;
        balanceFen: bigint;
        at: Date;
      },
    ): Promise<void> {
      const { terms, orderId, quantity, at } = order;
      const taken = await tx`
        UPDATE pre_sale_campaigns SET taken = taken + ${quantity}
        WHERE id = ${terms.campaignId} AND stopped_at IS NULL AND starts_at <= ${at} AND deposit_until > ${at}
          AND (cap IS NULL OR taken + ${quantity} <= cap)
        RETURNING id`;
      if (taken.length === 0) {
        const campaign = await findCampaign(tx, terms.campaignId);
        const reason = campaign && whyNoDeposit(campaign, { roomPath: campaign.orgPath, quantity }, at);
        throw new AppError('pre_sale_not_open', { facts: { reason: reason ?? 'sold_out' } });
      }
      const share = await tx`
        INSERT INTO pre_sale_buyers AS held (campaign_id, person_id, quantity)
        SELECT ${terms.campaignId}::uuid, ${order.personId}::uuid, ${quantity}::int WHERE ${quantity}::int <= ${terms.perPerson}::int
        ON CONFLICT (campaign_id, person_id) DO UPDATE SET quantity = held.quantity + excluded.quantity
        WHERE held.quantity + excluded.quantity <= ${terms.perPerson}::int
        RETURNING quantity`;
      if (share.length === 0) throw new AppError('limit_exceeded', { facts: { limit: terms.perPerson } });
      await tx`
        INSERT INTO pre_sale_orders (order_id, campaign_id, quantity, deposit_fen, worth_fen, balance_fen, rule_accepted_at)
        VALUES (${orderId}, ${terms.campaignId}, ${quantity}, ${terms.depositFen}, ${terms.worthFen}, ${order.balanceFen}, ${at})`;
      await tx`
        UPDATE orders SET pre_sale_id = c.id, expires_at = least(orders.expires_at, c.deposit_until)
        FROM pre_sale_campaigns c WHERE orders.id = ${orderId} AND c.id = ${terms.campaignId}`;
    },

    async read(tx: Tx, orderId: string) {
      const [row] = await tx<{
        depositFen: bigint;
        balanceFen: bigint;
        balanceFrom: Date;
        balanceUntil: Date;
        keepsDeposit: boolean;
      }>`
        SELECT d.deposit_fen AS "depositFen", d.balance_fen AS "balanceFen", c.balance_from AS "balanceFrom",
          c.balance_until AS "balanceUntil", c.keeps_deposit AS "keepsDeposit"
        FROM pre_sale_orders d JOIN pre_sale_campaigns c ON c.id = d.campaign_id WHERE d.order_id = ${orderId}`;
      if (!row) throw new Error(`order ${orderId} is in no pre-sale`);
      return row;
    },

    /** From now on it waits for its balance. */
    async depositPaid(tx: Tx, orderId: string, at: Date): Promise<void> {
      await tx`
        WITH due AS (
          UPDATE pre_sale_orders d SET deposit_paid_at = ${at}, due_at = c.balance_until, remind_at = c.balance_from
          FROM pre_sale_campaigns c WHERE d.order_id = ${orderId} AND c.id = d.campaign_id RETURNING d.due_at)
        UPDATE orders SET expires_at = due.due_at FROM due WHERE orders.id = ${orderId}`;
    },

    async paid(tx: Tx, orderId: string): Promise<void> {
      await tx`UPDATE pre_sale_orders SET due_at = NULL, remind_at = NULL WHERE order_id = ${orderId}`;
    },

    /** The order came to nothing. */
    async released(tx: Tx, orderId: string): Promise<void> {
      await tx`
        WITH gone AS (
          UPDATE pre_sale_orders d SET due_at = NULL, remind_at = NULL FROM orders o
          WHERE d.order_id = ${orderId} AND o.id = d.order_id RETURNING d.campaign_id, d.quantity, o.person_id),
        counted AS (
          UPDATE pre_sale_campaigns c SET taken = c.taken - gone.quantity FROM gone WHERE c.id = gone.campaign_id
          RETURNING c.id)
        UPDATE pre_sale_buyers b SET quantity = b.quantity - gone.quantity
        FROM gone JOIN counted ON counted.id = gone.campaign_id
        WHERE b.campaign_id = gone.campaign_id AND b.person_id = gone.person_id`;
    },
  };
}
