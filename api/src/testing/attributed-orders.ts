/**
 * Orders written with plain SQL and run through attribution and commission as the order flow does it: placed (credit
 * decided in the order's transaction), paid, refunded in parts. For tests of the figures, not of ordering.
 */
import { randomUUID } from 'node:crypto';
import { createBindingsService } from '../features/bindings/bindings.service.ts';
import { createPosting } from '../features/commissions/posting.ts';
import { type CreditView, createCreditsService } from '../features/credits/credits.service.ts';
import { createLedger } from '../ledger/index.ts';
import type { Tx } from '../platform/db.ts';
import type { Principal } from '../platform/principal.ts';
import type { FixtureRoom } from './fixtures.ts';
import type { TestApi } from './test-api.ts';

export interface TestOrder {
  readonly id: string;
  readonly itemIds: readonly string[];
  readonly credit: CreditView;
}

export function createAttributedOrders(api: TestApi) {
  const { db, clock, random } = api.api.platform;
  const bindings = createBindingsService({ db, clock, random });
  const credits = createCreditsService(bindings);
  const ledger = createLedger({ random });
  const commissions = createPosting({ random, ledger, policyAt: bindings.policyAt });

  async function insert(tx: Tx, id: string, buyer: Principal, room: FixtureRoom, amounts: readonly number[]) {
    const at = clock.now();
    const total = amounts.reduce((sum, amount) => sum + amount, 0);
    await tx`INSERT INTO orders (id, order_no, person_id, room_id, org_unit_id, org_path, state, items_fen, discount_fen,
        shipping_fen, total_fen, address, placed_at, expires_at)
      VALUES (${id}, ${id}, ${buyer.personId}, ${room.id}, ${room.orgUnit.id}, ${room.orgUnit.path},
        'pending_payment', ${total}, 0, 0, ${total}, '{}', ${at}, ${new Date(at.getTime() + 900_000)})`;
    const itemIds: string[] = [];
    for (const [position, amount] of amounts.entries()) {
      const itemId = randomUUID();
      itemIds.push(itemId);
      await tx`INSERT INTO order_items (id, order_id, position, product_id, sku_id, stock_unit_id, title, sku_name, picture_url,
          quantity, unit_price_fen, amount_fen)
        VALUES (${itemId}, ${id}, ${position}, ${randomUUID()}, ${randomUUID()}, ${room.orgUnit.id}, '核桃乳', '标准装',
          '/pictures/none.svg', 1, ${amount}, ${amount})`;
    }
    return itemIds;
  }

  return {
    bindings,
    commissions,

    place(buyer: Principal, room: FixtureRoom, amounts: readonly number[] = [10_000]): Promise<TestOrder> {
      return db.transaction(async (tx) => {
        const id = random.id();
        const itemIds = await insert(tx, id, buyer, room, amounts);
        const { orgUnit, host } = room;
        const credit = await credits.decide(tx, {
          orderId: id,
          personId: buyer.personId,
          room: { id: room.id, orgUnitId: orgUnit.id, orgPath: orgUnit.path, hostId: host.personId },
          at: clock.now(),
        });
        return { id, itemIds, credit };
      });
    },

    pay(order: TestOrder): Promise<void> {
      return db.transaction(async (tx) => {
        const at = clock.now();
        await tx`UPDATE orders SET state = 'paid', paid_at = ${at}, paid_fen = total_fen WHERE id = ${order.id}`;
        await commissions.onOrderPaid(tx, order.id, at);
      });
    },

    /** Headquarters credit it to somebody else, or to nobody. */
    credit(order: TestOrder, personId: string | null, rulingId: string = random.id()): Promise<void> {
      return db.transaction(async (tx) => {
        await tx`UPDATE order_credit_versions SET current = false WHERE order_id = ${order.id} AND current`;
        await tx`INSERT INTO order_credit_versions (order_id, reason, person_id, org_unit_id, org_path, rule_version, trace, decided_at,
            version, ruling_id)
          SELECT order_id, 'hq_ruling', ${personId}::uuid, org_unit_id, org_path, rule_version, trace, decided_at, version + 1, ${rulingId}
          FROM order_credit_versions WHERE order_id = ${order.id} ORDER BY version DESC LIMIT 1`;
        await commissions.onCreditRuled(tx, { orderId: order.id, rulingId, at: clock.now() });
      });
    },

    receive(order: TestOrder): Promise<void> {
      return db.transaction(async (tx) => {
        const at = clock.now();
        await tx`UPDATE orders SET state = 'received', received_at = ${at} WHERE id = ${order.id}`;
        await commissions.onOrderReceived(tx, order.id, at);
      });
    },

    /** Ends an order that was never paid. */
    async cancel(order: TestOrder): Promise<void> {
      await db.sql`UPDATE orders SET state = 'cancelled', closed_at = ${clock.now()} WHERE id = ${order.id}`;
    },

    /** Refunds so many fen of each item, by position. */
    refund(order: TestOrder, amounts: readonly number[], refundId: string = random.id()): Promise<void> {
      return db.transaction(async (tx) => {
        for (const [position, amount] of amounts.entries()) {
          await tx`UPDATE order_items SET refunded_fen = refunded_fen + ${amount} WHERE id = ${order.itemIds[position]}`;
          await tx`UPDATE orders SET refunded_fen = refunded_fen + ${amount} WHERE id = ${order.id}`;
        }
        await tx`UPDATE orders SET state = 'refunded' WHERE id = ${order.id} AND refunded_fen = paid_fen`;
        await commissions.onOrderRefunded(tx, { orderId: order.id, refundId, at: clock.now() });
      });
    },
  };
}
