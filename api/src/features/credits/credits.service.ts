/**
 * The credit of an order: decided in the order's own transaction, frozen with its reasoning, never resolved again (A4).
 * Orders of one person are decided one after the other, so that two of them cannot both use the same click.
 */
import type { CreditExplanation } from '@walnut-live/contracts';
import type { Tx } from '../../platform/db.ts';
import { isValid } from '../bindings/index.ts';
import { type Click, CREDIT_RULES, decideCredit } from './credits.policy.ts';
import * as rows from './credits.repository.ts';

interface CreditedRoom {
  readonly id: string;
  readonly orgUnitId: string;
  readonly orgPath: string;
  readonly hostId: string;
}
export interface OrderToCredit {
  readonly orderId: string;
  readonly personId: string;
  readonly room: CreditedRoom;
  readonly at: Date;
}
export type CreditView = CreditExplanation['credit'];
/** A decision that is not written yet. */
export interface Considered {
  readonly buyerId: string;
  /** The buyer was nobody's customer when it was decided. */
  readonly mayBind: boolean;
  readonly view: CreditView;
  readonly row: rows.CreditRow;
}

export interface CreditsDeps {
  readonly lockPerson: (tx: Tx, personId: string) => Promise<string>;
  /** Without waiting; answers whom somebody else holds. */
  readonly tryLockPeople: (tx: Tx, personIds: readonly string[]) => Promise<ReadonlySet<string>>;
  /** An order binds a customer who is nobody's; told after the decision, so that it does not count for itself. */
  readonly onOrders: (tx: Tx, orders: { personIds: readonly string[]; room: CreditedRoom; at: Date }) => Promise<void>;
}

export function createCreditsService(deps: CreditsDeps) {
  /**
   * Decides for orders of one room, each of a person of their own whose lock is held. Nothing is written: `freeze` does
   * that once the orders are there.
   */
  async function consider(
    tx: Tx,
    { orders, room, at }: { orders: readonly { orderId: string; personId: string }[]; room: CreditedRoom; at: Date },
  ): Promise<Considered[]> {
    const buyerIds = orders.map(({ personId }) => personId);
    const facts = await rows.creditFacts(tx, { buyerIds, room, at });
    const clicks = await rows.clicksOf(tx, buyerIds, room.id, at);
    const decisions = facts.map((fact) => decideFor(fact, clicks.get(fact.buyerId) ?? [], room, at));
    const creditedTo = await rows.creditedTo(
      tx,
      decisions.map(({ reason, personId }) => ({ personId, isHq: reason === 'hq' })),
      room.orgUnitId,
    );
    return orders.map(({ orderId, personId }, n) => {
      const [fact, decision, to] = [facts[n], decisions[n], creditedTo[n]];
      if (!fact || !decision || !to) throw new Error(`credit: nothing is known about order ${orderId}`);
      const { reason, touchId, considered } = decision;
      return {
        buyerId: personId,
        mayBind: !fact.bond || !isValid(fact.bond, at),
        view: { reason, inviter: to.inviter, orgUnit: to.unit },
        row: {
          ...{ orderId, reason, personId: decision.personId, unit: to.unit, touchId, ruleVersion: fact.ruleVersion },
          trace: {
            rules: CREDIT_RULES,
            windowSeconds: fact.windowSeconds,
            considered: considered.map((one) => ({ ...one, at: one.at?.toISOString() ?? null })),
          },
          decidedAt: at,
        },
      };
    });
  }

  function decideFor(fact: rows.CreditFacts, clicks: readonly Click[], room: CreditedRoom, at: Date) {
    const { bond } = fact;
    return decideCredit({
      at,
      buyerIds: new Set(fact.buyerIds),
      roomId: room.id,
      windowSeconds: fact.windowSeconds,
      clicks,
      previousOrderAt: fact.previousOrderAt,
      owner: bond?.guideId
        ? { guideId: bond.guideId, guideActive: bond.guideActive, valid: isValid(bond, at), boundAt: bond.boundAt }
        : null,
      host: { id: room.hostId, active: fact.hostActive },
      storeRoom: fact.storeRoom,
    });
  }

  /**
   * The same for many people, each with one order; none of them may have been somebody's guest when they were looked up. Who
   * became somebody else meanwhile, or is held by another transaction, is missing in the answer: `decide` follows and waits.
   */
  async function considerAll(
    tx: Tx,
    all: { orders: readonly { orderId: string; personId: string }[]; room: CreditedRoom; at: Date },
  ): Promise<Map<string, Considered>> {
    const personIds = all.orders.map(({ personId }) => personId);
    const held = await deps.tryLockPeople(tx, personIds);
    const gone = await rows.mergedAmong(tx, personIds);
    const orders = all.orders.filter(({ personId }) => !gone.has(personId) && !held.has(personId));
    const considered = orders.length === 0 ? [] : await consider(tx, { ...all, orders });
    return new Map(considered.map((one) => [one.row.orderId, one]));
  }

  /** Writes decisions down, and binds buyers who are nobody's to the room. The orders must be in this transaction already. */
  async function freeze(tx: Tx, considered: readonly Considered[], room: CreditedRoom, at: Date): Promise<void> {
    await rows.insertCredits(
      tx,
      considered.map(({ row }) => row),
    );
    const unbound = considered.filter(({ mayBind }) => mayBind).map(({ buyerId }) => buyerId);
    if (unbound.length > 0) await deps.onOrders(tx, { personIds: unbound, room, at });
  }

  /** One order, decided and frozen. Its row must be in this transaction already. */
  async function decide(tx: Tx, order: OrderToCredit): Promise<CreditView> {
    const { orderId, room, at } = order;
    const personId = await deps.lockPerson(tx, order.personId);
    const considered = await consider(tx, { orders: [{ orderId, personId }], room, at });
    await freeze(tx, considered, room, at);
    const [only] = considered;
    if (!only) throw new Error(`credit: order ${orderId} was not considered`);
    return only.view;
  }

  return { decide, considerAll, freeze };
}
