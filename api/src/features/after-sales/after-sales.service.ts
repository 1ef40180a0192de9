/**
 * After-sale cases: asked for by buyers, answered by stores, decided by headquarters where the two disagree.
 *
 * Model: a case asks for pieces of an order (and fen for them) and goes through the states of after-sales.policy.ts; every step is
 * a row of its history, in the transaction of what it does. Money goes back by a refund like any other (rule S8), goods go on the
 * shelf when somebody looked at them, other pieces leave it when their parcel does. Invariants: pieces are asked for by at most one
 * open case; a case has at most one refund that was not refused; whoever touches a case locks its order first, then the case, so
 * two at once stand in line and the second finds what the first left.
 */
import type {
  AfterSaleDeed,
  BodyOf,
  decideAfterSale,
  inspectAfterSale,
  requestAfterSale,
} from '@walnut-live/contracts';
import { writeAudit } from '../../platform/audit.ts';
import type { Clock, Random } from '../../platform/clock.ts';
import type { Tx } from '../../platform/db.ts';
import { AppError } from '../../platform/errors.ts';
import { type Principal, requireScope, type StaffPrincipal } from '../../platform/principal.ts';
import type { Files } from '../files/index.ts';
import {
  leftOf,
  type OrderRow,
  type OrdersService,
  orderNo,
  readRefundable,
  shareOf,
  shippingLeft,
} from '../orders/index.ts';
import { givenBack, keepGivenBack, type Refunds } from '../refunds/index.ts';
import {
  type AfterSaleEvent,
  deadlineOf,
  decision,
  deeds,
  grant,
  grantDue,
  inspection,
  isProtected,
  nextCaseState,
  overdueEvent,
  overStates,
  refusalOfRequest,
  type Side,
} from './after-sales.policy.ts';
import * as rows from './after-sales.repository.ts';
import { freeOf, wantedLines } from './asking.ts';

export interface AfterSalesDeps {
  readonly clock: Clock;
  readonly random: Random;
  readonly files: Pick<Files, 'mine'>;
  readonly orders: Pick<OrdersService, 'lock' | 'shelveReturned' | 'sendReplacements'>;
  readonly refunds: Pick<Refunds, 'refundParts'>;
}
export type AfterSalesService = ReturnType<typeof createAfterSalesService>;

/** Who does a step. */
interface Actor {
  readonly side: Side | 'system';
  readonly actorId: string | null;
  readonly note: string;
}
const system: Actor = { side: 'system', actorId: null, note: '' };
export const sideOf = (principal: Principal): Side =>
  principal.staff ? (principal.staff.orgPath.includes('.') ? 'store' : 'hq') : 'buyer';

export const factsOf = (row: Pick<rows.CaseRow, 'kind' | 'state' | 'protected' | 'returnTrackingNo'>) => ({
  kind: row.kind,
  state: row.state,
  protected: row.protected,
  goodsSent: row.returnTrackingNo !== null,
});

export function createAfterSalesService(deps: AfterSalesDeps) {
  const { clock, random, orders, refunds } = deps;

  /** A case with its order, both locked, for somebody who may do this to it now. */
  async function open(
    tx: Tx,
    principal: Principal,
    caseId: string,
    deed: AfterSaleDeed,
  ): Promise<{ order: OrderRow; row: rows.CaseRow; side: Side }> {
    const { order, row } = await lock(tx, caseId);
    if (principal.staff) requireScope(principal, 'orders:refund', row.orgPath);
    else if (row.personId !== principal.personId) throw new AppError('not_found');
    const side = sideOf(principal);
    if (!deeds(side, factsOf(row)).includes(deed)) {
      if (side === 'store' && row.state === 'escalated') throw new AppError('forbidden');
      throw new AppError('state_conflict', { facts: { state: row.state } });
    }
    return { order, row, side };
  }

  async function lock(tx: Tx, caseId: string): Promise<{ order: OrderRow; row: rows.CaseRow }> {
    const orderId = await rows.orderOf(tx, caseId);
    const order = orderId === undefined ? undefined : await orders.lock(tx, orderId);
    const row = order && (await rows.lockCase(tx, caseId));
    if (!order || !row) throw new AppError('not_found');
    return { order, row };
  }

  async function move(
    tx: Tx,
    row: rows.CaseRow,
    event: AfterSaleEvent,
    by: Actor,
    facts: rows.StepFacts = {},
  ): Promise<void> {
    const at = clock.now();
    const to = nextCaseState(row.state, event);
    const moved =
      to !== undefined &&
      (await rows.moveCase(
        tx,
        {
          ...by,
          ...{ caseId: row.id, from: row.state, to, event, at },
          deadlineAt: deadlineOf(to, at),
          isOver: overStates.includes(to),
        },
        facts,
      ));
    if (!moved) throw new AppError('state_conflict', { facts: { state: row.state } });
  }

  /** A yes that sends money: the refund begins in this transaction. Of what is back already only the difference is sent. */
  async function refund(tx: Tx, order: OrderRow, row: rows.CaseRow, by: Actor, grantedFen = row.amountFen) {
    const lines = await rows.readLines(tx, row.id);
    const back = await givenBack(tx, row.id);
    const reckoned = grantDue({ lines, shippingFen: row.shippingFen }, grantedFen, back);
    if (!reckoned)
      throw new AppError('invalid_request', { issues: [{ path: '/amountFen', issue: 'less_than_is_back' }] });
    const { dueFen, due, granted } = reckoned;
    if (grantedFen < row.amountFen) await rows.setLineAmounts(tx, row.id, granted.lines);
    const facts = { amountFen: grantedFen, shippingFen: granted.shippingFen };
    if (dueFen === 0n) {
      // All that is granted is back.
      await move(tx, row, 'approve_refund', by, { refundId: await keepGivenBack(tx, back), ...facts });
      return move(tx, { ...row, state: 'refunding' }, 'finish_refund', system);
    }
    const refundId = await refunds.refundParts(
      tx,
      order,
      {
        items: due.lines.map(({ itemId, quantity, amountFen }) => ({
          ...{ itemId, amountFen, pieces: quantity },
          ofSent: lines.some((line) => line.itemId === itemId && line.sent),
        })),
        shippingFen: due.shippingFen,
      },
      { reason: `after_sale ${row.caseNo}`, by: by.actorId, caseId: row.id, counts: back.refundIds },
    );
    await move(tx, row, 'approve_refund', by, { refundId, ...facts });
  }

  async function request(
    tx: Tx,
    buyer: Principal,
    orderId: string,
    body: BodyOf<typeof requestAfterSale>,
  ): Promise<string> {
    const order = await orders.lock(tx, orderId);
    if (order?.personId !== buyer.personId) throw new AppError('not_found');
    const at = clock.now();
    const refundable = await freeOf(tx, orderId);
    const anySent = refundable.items.some(({ sent }) => sent > 0);
    const refusal = refusalOfRequest(body, { ...order, anySent }, at);
    if (refusal) throw new AppError(refusal, { facts: { state: order.state } });
    const lines = wantedLines(refundable, body);
    const shippingFen = body.kind === 'exchange' ? 0n : BigInt(body.shippingFen);
    if (shippingFen > refundable.shippingFen) throw new AppError('limit_exceeded', { facts: { reason: 'too_much' } });
    const amountFen = lines.reduce((sum, line) => sum + line.amountFen, shippingFen);
    if (amountFen === 0n && body.kind !== 'exchange')
      throw new AppError('limit_exceeded', { facts: { reason: 'nothing' } });
    const pictureIds = [...new Set(body.pictureIds)];
    for (const id of pictureIds) await deps.files.mine(tx, id, 'evidence', buyer.personId);
    const id = random.id();
    await rows.insertCase(tx, {
      ...{ id, orderId, lines, amountFen, shippingFen, pictureIds, at },
      caseNo: `AS${orderNo(await rows.drawCaseNo(tx), at).slice(2)}`,
      personId: buyer.personId,
      orgUnitId: order.orgUnitId,
      orgPath: order.orgPath,
      kind: body.kind,
      reason: body.reason,
      note: body.note,
      protected: isProtected(body.kind, order, at),
      deadlineAt: deadlineOf('requested', at),
    });
    return id;
  }

  /** What an exchange is worth in money, as its case then reads. @throws AppError limit_exceeded: nothing is left of it */
  async function inMoney(tx: Tx, row: rows.CaseRow): Promise<rows.CaseRow> {
    if (row.kind !== 'exchange' || row.state !== 'escalated' || row.returnTrackingNo === null)
      throw new AppError('state_conflict', { facts: { state: row.state, kind: row.kind } });
    const refundable = await readRefundable(tx, row.orderId);
    const lines = (await rows.readLines(tx, row.id)).map(({ itemId, quantity }) => {
      const item = refundable?.items.find(({ id }) => id === itemId);
      return { itemId, amountFen: item ? shareOf(item, quantity) : 0n };
    });
    const amountFen = lines.reduce((sum, line) => sum + line.amountFen, 0n);
    if (amountFen === 0n) throw new AppError('limit_exceeded', { facts: { reason: 'nothing' } });
    await rows.turnIntoRefund(tx, row.id, lines);
    return { ...row, kind: 'return_and_refund', amountFen };
  }

  async function decide(tx: Tx, staff: StaffPrincipal, caseId: string, body: BodyOf<typeof decideAfterSale>) {
    const { order, row: asked, side } = await open(tx, staff, caseId, 'decide');
    if (side === 'buyer') throw new AppError('forbidden');
    if (body.asRefund && (side !== 'hq' || !body.approve)) throw new AppError('forbidden');
    const row = body.asRefund ? await inMoney(tx, asked) : asked;
    const event = decision(side, factsOf(row), body.approve);
    if (event === undefined)
      throw new AppError(row.state === 'requested' ? 'state_conflict' : 'forbidden', {
        facts: { reason: 'seven_days' },
      });
    const by: Actor = { side, actorId: staff.personId, note: body.note };
    const grantedFen = body.amountFen === undefined ? row.amountFen : BigInt(body.amountFen);
    if (grantedFen !== row.amountFen && (side !== 'hq' || !body.approve)) throw new AppError('forbidden');
    if (grantedFen > row.amountFen || (row.kind !== 'exchange' && grantedFen < 1n))
      throw new AppError('invalid_request', { issues: [{ path: '/amountFen', issue: 'out_of_range' }] });
    if (event === 'approve_goods' && !body.returnTo)
      throw new AppError('invalid_request', { issues: [{ path: '/returnTo', issue: 'required' }] });
    if (event === 'approve_refund') await refund(tx, order, row, by, grantedFen);
    else {
      if (grantedFen < row.amountFen) {
        const lines = await rows.readLines(tx, row.id);
        const granted = grant({ lines, shippingFen: row.shippingFen }, grantedFen);
        await rows.setLineAmounts(tx, row.id, granted.lines);
        await move(tx, row, event, by, {
          amountFen: grantedFen,
          shippingFen: granted.shippingFen,
          ...(body.returnTo ? { returnTo: body.returnTo } : {}),
        });
      } else await move(tx, row, event, by, body.returnTo ? { returnTo: body.returnTo } : {});
    }
    await audit(tx, staff, row, `after-sale:${body.approve ? 'approved' : 'rejected'}`, body.note, {
      ...{ event, askedFen: Number(row.amountFen), grantedFen: Number(body.approve ? grantedFen : 0n) },
    });
  }

  async function inspect(tx: Tx, staff: StaffPrincipal, caseId: string, body: BodyOf<typeof inspectAfterSale>) {
    const { order, row, side } = await open(tx, staff, caseId, 'inspect');
    if (side === 'buyer') throw new AppError('forbidden');
    const by: Actor = { side, actorId: staff.personId, note: body.note };
    if (!body.accepted && body.restock.length > 0)
      throw new AppError('invalid_request', { issues: [{ path: '/restock', issue: 'not_accepted' }] });
    const lines = await rows.readLines(tx, row.id);
    const named = new Set<string>();
    for (const { itemId, quantity } of body.restock) {
      const line = lines.find((one) => one.itemId === itemId);
      if (!line || named.has(itemId)) throw new AppError('not_found');
      if (quantity > line.quantity) throw new AppError('limit_exceeded', { facts: { reason: 'too_many_pieces' } });
      named.add(itemId);
    }
    await orders.shelveReturned(tx, order, row.caseNo, body.restock);
    await rows.noteLinesRestocked(tx, row.id, body.restock);
    const event = inspection(side, factsOf(row), body.accepted);
    if (event === 'approve_refund') await refund(tx, order, row, by);
    else await move(tx, row, event, by);
    await audit(tx, staff, row, 'after-sale:inspected', body.note, { accepted: body.accepted, restock: body.restock });
  }

  const audit = (
    tx: Tx,
    staff: StaffPrincipal,
    row: rows.CaseRow,
    action: string,
    reason: string,
    detail: Record<string, unknown>,
  ) =>
    writeAudit(tx, deps, {
      ...{ actorId: staff.personId, action, reason, detail, orgPath: row.orgPath },
      target: `after-sale:${row.id}`,
    });

  return {
    request,
    decide,
    inspect,

    async withdraw(tx: Tx, buyer: Principal, caseId: string, note: string): Promise<void> {
      const { row } = await open(tx, buyer, caseId, 'withdraw');
      await move(tx, row, 'withdraw', { side: 'buyer', actorId: buyer.personId, note });
    },

    /** A no of the store was final until now: its pieces may have been asked for, or refunded, in another way. */
    async escalate(tx: Tx, principal: Principal, caseId: string, note: string): Promise<void> {
      const { row, side } = await open(tx, principal, caseId, 'escalate');
      if (row.state === 'rejected') {
        const free = await freeOf(tx, row.orderId);
        const lines = await rows.readLines(tx, row.id);
        const gone = lines.some((line) => {
          const item = free.items.find(({ id }) => id === line.itemId);
          // Gifts may have gone back with other pieces; they are worth nothing.
          if (item?.giftOf) return false;
          return !item || line.quantity > item.pieces || line.amountFen > item.leftFen;
        });
        if (gone || row.shippingFen > free.shippingFen)
          throw new AppError('limit_exceeded', { facts: { reason: 'too_many_pieces' } });
      }
      await move(tx, row, 'escalate', { side, actorId: principal.personId, note });
    },

    async sendBack(
      tx: Tx,
      buyer: Principal,
      caseId: string,
      parcel: { carrier: string; trackingNo: string },
    ): Promise<void> {
      const { row } = await open(tx, buyer, caseId, 'send_back');
      await move(
        tx,
        row,
        'send_goods',
        { side: 'buyer', actorId: buyer.personId, note: '' },
        { returnCarrier: parcel.carrier, returnTrackingNo: parcel.trackingNo },
      );
    },

    async replace(tx: Tx, staff: StaffPrincipal, caseId: string, trackingNo: string): Promise<void> {
      const { order, row, side } = await open(tx, staff, caseId, 'replace');
      await orders.sendReplacements(tx, order, row.caseNo, await rows.readLines(tx, row.id));
      await move(
        tx,
        row,
        'replace',
        { side, actorId: staff.personId, note: '' },
        { replacementTrackingNo: trackingNo },
      );
    },

    // ── what happens without a person ───────────────────────────────────────────────────────────────────────────────
    /** A refund was asked for: when nothing is left of the order, cases that still ask for something have nothing to ask for. */
    async refundRequested(
      tx: Tx,
      refund: { orderId: string; isRest: boolean; caseId: string | undefined },
    ): Promise<void> {
      if (!refund.isRest) return;
      for (const caseId of await rows.askingCases(tx, refund.orderId)) {
        if (caseId === refund.caseId) continue;
        const row = await rows.lockCase(tx, caseId);
        if (row && row.state !== 'refunding') await move(tx, row, 'overtaken', system);
      }
    },
    async refundEnded(tx: Tx, refund: { refundId: string; outcome: 'succeeded' | 'failed' }): Promise<void> {
      const caseId = await rows.caseOfRefund(tx, refund.refundId);
      const row = caseId === undefined ? undefined : await rows.lockCase(tx, caseId);
      if (row?.state !== 'refunding') return;
      await move(tx, row, refund.outcome === 'succeeded' ? 'finish_refund' : 'refund_failed', system);
    },
    /**
     * What happens to a case whose time is over; nothing when somebody was faster. `mayPay`: money may go back by itself.
     * @throws AppError when what is asked for was refunded in another way meanwhile
     */
    async overdue(tx: Tx, caseId: string, { mayPay }: { mayPay: boolean }): Promise<void> {
      const { order, row } = await lock(tx, caseId);
      if (!(await rows.isOverdue(tx, caseId, clock.now()))) return;
      const lines = await rows.readLines(tx, caseId);
      const refundable = await readRefundable(tx, order.id);
      // Pieces of an item that left in part may be the ones that left: a person must look.
      const unsent = lines.every(({ itemId, quantity, sent }) => {
        const item = refundable?.items.find(({ id }) => id === itemId);
        return item !== undefined && !sent && item.sent === 0 && quantity <= item.quantity - item.withdrawn;
      });
      const isRest =
        refundable !== undefined &&
        row.amountFen === refundable.items.reduce((sum, item) => sum + leftOf(item), shippingLeft(refundable));
      const event = overdueEvent(factsOf(row), unsent && mayPay && (row.shippingFen === 0n || isRest));
      if (event === 'approve_refund') await refund(tx, order, row, system);
      else if (event) await move(tx, row, event, system);
    },
  };
}
