/** Orders as people see them: one statement for any number of orders, keyset pages, masking by role (rule Z6). */
import { type Address, fenToWire, may, type OrderState, type OrderView } from '@walnut-live/contracts';
import type { TimeCursor } from '../../platform/cursor.ts';
import type { Sql } from '../../platform/db.ts';
import { AppError } from '../../platform/errors.ts';
import { maskPhonesIn } from '../../platform/masks.policy.ts';
import { mayIn, type Principal, type StaffPrincipal } from '../../platform/principal.ts';
import { type NamedPerson, nameFor } from '../bindings/index.ts';
import { type DeliveryRow, readDeliveries, toDelivery } from './order-delivery.ts';
import { maskAddress } from './orders.policy.ts';

/** Whose eyes: the buyer sees everything, shipping staff the address, other staff see it masked; names are by role. */
export type Eyes = 'buyer' | (StaffPrincipal['staff'] & { readonly personId?: string });

/** Whose eyes a person has on an order, or undefined when it does not exist for them. */
export function eyesOf(principal: Principal, order: SeenOrder): Eyes | undefined {
  if (order.personId === principal.personId) return 'buyer';
  const { staff, personId } = principal;
  return staff && mayIn(principal, 'orders:read', order.orgPath) ? { ...staff, personId } : undefined;
}

export interface OrderFilter {
  readonly personId?: string;
  readonly orgPath?: string;
  readonly state?: OrderState | undefined;
  readonly roomId?: string | undefined;
  readonly inviterId?: string | undefined;
  readonly search?: string | undefined;
  readonly orgUnitId?: string | undefined;
  readonly from?: Date | undefined;
  readonly to?: Date | undefined;
  readonly partlyShipped?: boolean;
}

type Json<T> = { [K in keyof T]: T[K] extends Date ? string : T[K] extends bigint ? number : T[K] };
interface ViewRow {
  id: string;
  person_id: string;
  org_path: string;
  order_no: string;
  state: OrderState;
  room_id: string | null;
  room_title: string | null;
  store: OrderView['store'];
  buyer_name: string;
  buyer_kind: string;
  /** Whose customer they are now. */
  buyer_guide: string | null;
  items: Json<OrderView['items'][number]>[];
  items_fen: bigint;
  discount_fen: bigint;
  shipping_fen: bigint;
  total_fen: bigint;
  paid_fen: bigint;
  refunded_fen: bigint;
  address: Address;
  remark: string;
  placed_at: Date;
  expires_at: Date;
  paid_at: Date | null;
  shipped_at: Date | null;
  received_at: Date | null;
  closed_at: Date | null;
  tracking_no: string | null;
  payment: NonNullable<OrderView['payment']> | null;
  refunds: OrderView['refunds'] | null;
  coupon: NonNullable<OrderView['coupon']> | null;
  coupons: NonNullable<OrderView['coupons']> | null;
  group_buy: NonNullable<OrderView['groupBuy']> | null;
  pre_sale: NonNullable<OrderView['preSale']> | null;
  credit_reason: OrderView['credit']['reason'] | null;
  inviter: NamedPerson | null;
  credit_unit: OrderView['store'] | null;
  history: OrderView['history'];
}

/** An order with what decides who may see it. */
export interface SeenOrder {
  readonly id: string;
  readonly personId: string;
  readonly orgPath: string;
  readonly placedAt: Date;
  view(eyes: Eyes): OrderView;
}

/** Reads the orders in the order of `ids`; those that do not exist are left out. */
export async function readOrders(sql: Sql, ids: readonly string[]): Promise<SeenOrder[]> {
  if (ids.length === 0) return [];
  const rows = await sql<ViewRow>`
    SELECT o.id, o.person_id, o.org_path, o.order_no, o.state, o.room_id, r.title AS room_title,
      json_build_object('id', u.id, 'kind', u.kind, 'path', u.path, 'name', u.name) AS store, b.name AS buyer_name, b.kind AS buyer_kind,
      (SELECT ob.guide_id FROM owner_bindings ob WHERE ob.customer_id = b.id AND ob.ended_at IS NULL) AS buyer_guide,
      (SELECT json_agg(json_build_object('id', i.id, 'productId', i.product_id, 'skuId', i.sku_id, 'title', i.title,
          'skuName', i.sku_name, 'pictureUrl', i.picture_url, 'quantity', i.quantity, 'unitPriceFen', i.unit_price_fen,
          'discountFen', i.discount_fen, 'amountFen', i.amount_fen, 'refundedFen', i.refunded_fen, 'withdrawn', i.withdrawn, 'offerId', i.offer_id,
          'offerVersion', i.offer_version, 'giftOf', i.gift_of, 'bundleId', i.bundle_id) ORDER BY i.position)
        FROM order_items i WHERE i.order_id = o.id) AS items,
      o.items_fen, o.discount_fen, o.shipping_fen, o.total_fen, o.paid_fen, o.refunded_fen, o.address, o.remark, o.placed_at,
      o.expires_at, o.paid_at, o.shipped_at, o.received_at, o.closed_at, o.tracking_no,
      (SELECT json_build_object('id', p.id, 'provider', p.provider, 'state', p.state, 'amountFen', p.amount_fen)
        FROM payments p WHERE p.order_id = o.id ORDER BY p.state IN ('pending', 'captured') DESC, p.created_at DESC LIMIT 1) AS payment,
      (SELECT json_agg(json_build_object('id', f.id, 'refundNo', f.refund_no, 'amountFen', f.amount_fen, 'state', f.state,
          'reason', f.reason, 'createdAt', f.created_at) ORDER BY f.created_at, f.id)
        FROM refunds f WHERE f.order_id = o.id) AS refunds,
      (SELECT json_build_object('id', k.id, 'title', k.title, 'offFen', k.off_fen, 'minSpendFen', k.min_spend_fen)
        FROM coupons k WHERE k.id = o.coupon_id) AS coupon,
      CASE WHEN o.coupon_id IS NULL THEN NULL ELSE (SELECT json_agg(json_build_object('id', k.id, 'title', k.title, 'offFen', k.off_fen,
          'minSpendFen', k.min_spend_fen, 'tookFen', t.off_fen) ORDER BY t.position)
        FROM order_coupons t JOIN coupons k ON k.id = t.coupon_id WHERE t.order_id = o.id) END AS coupons,
      c.reason AS credit_reason,
      CASE WHEN cp.id IS NULL THEN NULL ELSE json_build_object('id', cp.id, 'name', cp.name, 'kind', cp.kind,
        'ownerPath', (SELECT w.path FROM owner_bindings ob JOIN org_units w ON w.id = ob.store_id
          WHERE ob.customer_id = cp.id AND ob.ended_at IS NULL)) END AS inviter,
      CASE WHEN cu.id IS NULL THEN NULL ELSE json_build_object('id', cu.id, 'kind', cu.kind, 'path', cu.path, 'name', cu.name) END AS credit_unit,
      CASE WHEN o.group_buy_id IS NULL THEN NULL ELSE (SELECT json_build_object('id', g.id, 'state', g.state, 'paid', g.paid, 'size', g.size,
        'deadlineAt', g.deadline_at) FROM group_buys g WHERE g.id = o.group_buy_id) END AS group_buy,
      CASE WHEN o.pre_sale_id IS NULL THEN NULL ELSE (SELECT json_build_object('id', w.id, 'depositFen', d.deposit_fen, 'worthFen', d.worth_fen,
        'balanceFen', d.balance_fen, 'keepsDeposit', w.keeps_deposit, 'balanceFrom', w.balance_from, 'balanceUntil', w.balance_until, 'shipsBy', w.ships_by,
        'depositPaidAt', d.deposit_paid_at)
        FROM pre_sale_orders d JOIN pre_sale_campaigns w ON w.id = d.campaign_id WHERE d.order_id = o.id) END AS pre_sale,
      (SELECT json_agg(json_build_object('from', t.from_state, 'to', t.to_state, 'event', t.event, 'at', t.at) ORDER BY t.id)
        FROM order_transitions t WHERE t.order_id = o.id) AS history
    FROM unnest(${ids}::uuid[]) WITH ORDINALITY AS wanted (id, n)
    JOIN orders o ON o.id = wanted.id
    JOIN org_units u ON u.id = o.org_unit_id
    JOIN people b ON b.id = o.person_id
    LEFT JOIN rooms r ON r.id = o.room_id
    LEFT JOIN order_credits c ON c.order_id = o.id
    LEFT JOIN people cp ON cp.id = c.person_id
    LEFT JOIN org_units cu ON cu.id = c.org_unit_id
    ORDER BY wanted.n`;
  // An order that was just placed has nothing to tell of this, and its reading is on the hot path.
  const deliveries = await readDeliveries(
    sql,
    rows.filter((row) => row.paid_at !== null).map((row) => row.id),
  );
  return rows.map((row) => ({
    id: row.id,
    personId: row.person_id,
    orgPath: row.org_path,
    placedAt: row.placed_at,
    view: (eyes) => toView(row, eyes, deliveries.get(row.id)),
  }));
}

export async function readOrder(sql: Sql, orderId: string, eyes: Eyes): Promise<OrderView> {
  const [order] = await readOrders(sql, [orderId]);
  if (!order) throw new AppError('not_found');
  return order.view(eyes);
}

const instant = (at: string | Date): string => new Date(at).toISOString();
const maybeInstant = (at: Date | null): string | null => at?.toISOString() ?? null;

function toView(row: ViewRow, eyes: Eyes, delivery: DeliveryRow | undefined): OrderView {
  const open = eyes === 'buyer' || may(eyes.role, 'orders:ship');
  return {
    id: row.id,
    orderNo: row.order_no,
    state: row.state,
    roomId: row.room_id,
    roomTitle: row.room_title,
    store: row.store,
    buyer: shownBuyer(row, eyes),
    items: row.items,
    itemsFen: fenToWire(row.items_fen),
    discountFen: fenToWire(row.discount_fen),
    shippingFen: fenToWire(row.shipping_fen),
    totalFen: fenToWire(row.total_fen),
    paidFen: fenToWire(row.paid_fen),
    refundedFen: fenToWire(row.refunded_fen),
    address: open ? row.address : maskAddress(row.address),
    remark: open ? row.remark : maskPhonesIn(row.remark),
    placedAt: instant(row.placed_at),
    expiresAt: instant(row.expires_at),
    paidAt: maybeInstant(row.paid_at),
    shippedAt: maybeInstant(row.shipped_at),
    receivedAt: maybeInstant(row.received_at),
    closedAt: maybeInstant(row.closed_at),
    trackingNo: row.tracking_no,
    payment: row.payment,
    refunds: (row.refunds ?? []).map((refund) => ({ ...refund, createdAt: instant(refund.createdAt) })),
    coupon: row.coupon,
    ...(row.coupons ? { coupons: row.coupons } : {}),
    groupBuy: row.group_buy && { ...row.group_buy, deadlineAt: instant(row.group_buy.deadlineAt) },
    preSale: row.pre_sale && toPreSale(row.pre_sale),
    credit: {
      reason: row.credit_reason ?? 'store',
      inviter: row.inviter && shownInviter(row.inviter, eyes),
      orgUnit: row.credit_unit ?? row.store,
    },
    ...(delivery && {
      delivery: toDelivery(delivery, eyes === 'buyer'),
      ...(eyes === 'buyer' ? {} : { merchantRemark: delivery.merchantRemark }),
    }),
    history: row.history.map((step) => ({ ...step, at: instant(step.at) })),
  };
}

const toPreSale = (of: NonNullable<ViewRow['pre_sale']>): NonNullable<OrderView['preSale']> => ({
  ...of,
  balanceFrom: instant(of.balanceFrom),
  balanceUntil: instant(of.balanceUntil),
  shipsBy: instant(of.shipsBy),
  depositPaidAt: of.depositPaidAt && instant(of.depositPaidAt),
});

function shownBuyer(row: ViewRow, eyes: Eyes): OrderView['buyer'] {
  const { person_id: id, buyer_name: name, buyer_kind: kind, buyer_guide: guideId } = row;
  if (eyes === 'buyer') return { id, name };
  return nameFor(eyes, { id, name, kind, ownerPath: null, guideId }, [row.org_path], eyes.personId ?? null);
}
const shownInviter = (inviter: NamedPerson, eyes: Eyes) =>
  eyes === 'buyer' ? { id: inviter.id, name: inviter.name } : nameFor(eyes, inviter);

const likeText = (text: string) => `%${text.replaceAll(/[\\%_]/g, '\\$&')}%`;

/** Ids of one page, newest first; one more than `limit` when there is a next page. */
export async function findOrderIds(
  sql: Sql,
  filter: OrderFilter,
  page: { after: TimeCursor | undefined; limit: number },
): Promise<string[]> {
  const search = filter.search === undefined ? null : likeText(filter.search);
  const rows = await sql<{ id: string }>`
    SELECT o.id FROM orders o
    WHERE (${filter.personId ?? null}::uuid IS NULL OR o.person_id = ${filter.personId ?? null}::uuid)
      AND (${filter.orgPath ?? null}::text IS NULL OR o.org_path = ${filter.orgPath ?? null}::text
        OR o.org_path LIKE ${filter.orgPath === undefined ? null : `${filter.orgPath}.%`}::text)
      AND (${filter.state ?? null}::text IS NULL OR o.state = ${filter.state ?? null}::text)
      AND (${filter.roomId ?? null}::uuid IS NULL OR o.room_id = ${filter.roomId ?? null}::uuid)
      AND (${filter.inviterId ?? null}::uuid IS NULL OR EXISTS (
        SELECT 1 FROM order_credits c JOIN people p ON p.id = c.person_id
        WHERE c.order_id = o.id AND ${filter.inviterId ?? null}::uuid IN (p.id, p.merged_into)))
      AND (${filter.orgUnitId ?? null}::uuid IS NULL OR EXISTS (
        SELECT 1 FROM org_units u WHERE u.id = ${filter.orgUnitId ?? null}::uuid AND (o.org_path = u.path OR o.org_path LIKE u.path || '.%')))
      AND (${filter.from ?? null}::timestamptz IS NULL OR o.placed_at >= ${filter.from ?? null}::timestamptz)
      AND (${filter.to ?? null}::timestamptz IS NULL OR o.placed_at < ${filter.to ?? null}::timestamptz)
      AND (NOT ${filter.partlyShipped ?? false}::boolean OR o.state = 'paid' AND EXISTS (SELECT 1 FROM parcels x WHERE x.order_id = o.id))
      AND (${search}::text IS NULL OR o.order_no ILIKE ${search}::text
        OR EXISTS (SELECT 1 FROM order_items i WHERE i.order_id = o.id AND i.title ILIKE ${search}::text))
      AND (${page.after?.at ?? null}::timestamptz IS NULL
        OR (o.placed_at, o.id) < (${page.after?.at ?? null}::timestamptz, ${page.after?.id ?? null}::uuid))
    ORDER BY o.placed_at DESC, o.id DESC LIMIT ${page.limit + 1}`;
  return rows.map((row) => row.id);
}
