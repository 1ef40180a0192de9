/**
 * The credit of an order: decided in the order's own transaction, frozen with its reasoning, never resolved again (A4).
 * Orders of one person are decided one after the other, so that two of them cannot both use the same click.
 */
import { fenToWire, may, type orderCredit, type ReplyOf } from '@walnut-live/contracts';
import type { Db, Tx } from '../../platform/db.ts';
import { AppError } from '../../platform/errors.ts';
import { mayIn, type Principal } from '../../platform/principal.ts';
import { isValid, nameFor } from '../bindings/index.ts';
import { CREDIT_RULES, decideCredit } from './credits.policy.ts';
import * as rows from './credits.repository.ts';

export interface OrderToCredit {
  readonly orderId: string;
  readonly personId: string;
  readonly room: { readonly id: string; readonly orgUnitId: string; readonly orgPath: string; readonly hostId: string };
  readonly at: Date;
}
export type CreditView = ReplyOf<typeof orderCredit>['credit'];

export interface CreditsDeps {
  readonly db: Db;
  readonly lockPerson: (tx: Tx, personId: string) => Promise<string>;
  /** An order binds a customer who is nobody's; told after the decision, so that it does not count for itself. */
  readonly onOrder: (tx: Tx, order: { personId: string; room: OrderToCredit['room']; at: Date }) => Promise<void>;
}

export function createCreditsService(deps: CreditsDeps) {
  const { db } = deps;

  /** Decides and freezes. The order's row must be in this transaction already. */
  async function decide(tx: Tx, order: OrderToCredit): Promise<CreditView> {
    const { room, at } = order;
    const buyerId = await deps.lockPerson(tx, order.personId);
    const facts = await rows.creditFacts(tx, { buyerId, room, at });
    const { buyerIds, bond, ruleVersion, windowSeconds } = facts;
    const decision = decideCredit({
      at,
      buyerIds: new Set(buyerIds),
      roomId: room.id,
      windowSeconds,
      clicks: await rows.clicksOf(tx, buyerIds, room.id, at),
      previousOrderAt: await rows.previousOrderAt(tx, { orderId: order.orderId, buyerIds, roomId: room.id, at }),
      owner: bond?.guideId
        ? { guideId: bond.guideId, guideActive: bond.guideActive, valid: isValid(bond, at), boundAt: bond.boundAt }
        : null,
      host: { id: room.hostId, active: facts.hostActive },
      storeRoom: facts.storeRoom,
    });
    const { reason, personId, touchId } = decision;
    const { unit, inviter } = await rows.creditedTo(tx, { personId, isHq: reason === 'hq' }, room.orgUnitId);
    await rows.insertCredit(tx, {
      orderId: order.orderId,
      reason,
      personId,
      unit,
      touchId,
      ruleVersion,
      trace: {
        rules: CREDIT_RULES,
        windowSeconds,
        considered: decision.considered.map((one) => ({ ...one, at: one.at?.toISOString() ?? null })),
      },
      decidedAt: at,
    });
    if (!bond || !isValid(bond, at)) await deps.onOrder(tx, { personId: buyerId, room, at });
    return { reason, inviter, orgUnit: unit };
  }

  /** Why this inviter. The buyer reads names but no commission; staff within scope, customers' names by role. */
  async function explain(principal: Principal, orderId: string): Promise<ReplyOf<typeof orderCredit>> {
    const order = await rows.readCredit(db.sql, orderId);
    const isBuyer = order?.buyerId === principal.personId;
    if (!order || !(isBuyer || mayIn(principal, 'orders:read', order.orgPath))) throw new AppError('not_found');
    const { credit } = order;
    const { staff } = principal;
    const entries = staff ? await rows.commissionOf(db.sql, orderId) : [];
    const mayReadCommission = staff !== undefined && may(staff.role, 'commission:read');
    const commission = entries.filter((entry) => mayReadCommission || entry.beneficiaryId === principal.personId);

    const people = await rows.tracePeople(db.sql, [
      ...new Set(
        [credit, ...credit.trace.considered]
          .map((one) => one.personId)
          .concat(commission.map((entry) => entry.beneficiaryId))
          .filter((id) => id !== null),
      ),
    ]);
    const named = (id: string | null) => {
      const person = id === null ? undefined : people.get(id);
      if (!person) return null;
      return staff ? nameFor(staff, person) : { id: person.id, name: person.name };
    };
    return {
      orderId,
      credit: { reason: credit.reason, inviter: named(credit.personId), orgUnit: credit.unit },
      decidedAt: credit.decidedAt.toISOString(),
      ruleVersion: credit.ruleVersion,
      considered: credit.trace.considered.map(({ personId, ...one }) => ({ ...one, person: named(personId) })),
      commission: commission.map((entry) => ({
        itemId: entry.itemId,
        beneficiary: named(entry.beneficiaryId) ?? { id: entry.beneficiaryId, name: '' },
        level: entry.level,
        event: entry.event,
        basisFen: fenToWire(entry.basisFen),
        bps: entry.bps,
        amountFen: fenToWire(entry.amountFen),
        state: entry.state,
        at: entry.at.toISOString(),
      })),
    };
  }

  return { decide, explain };
}
