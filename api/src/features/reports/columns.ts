/** Columns of the CSV files. */
import type { AcquisitionRow, BreakdownRow, CohortRow, FunnelRow, GuideRow, RoomSegment } from '@walnut-live/contracts';
import type { CsvColumn } from '../../platform/csv.ts';
import type { InviterView, StoreView } from './reports.service.ts';

/** Figures of many reports, each under one title. */
const brought = [
  { title: 'visitors', value: (row: { visitors: number }) => row.visitors },
  { title: 'new_customers', value: (row: { newCustomers: number }) => row.newCustomers },
] as const;
const orders = { title: 'orders', value: (row: { orders: number }) => row.orders };
const sales = [
  { title: 'gmv_fen', value: (row: { gmvFen: number }) => row.gmvFen },
  { title: 'refunded_fen', value: (row: { refundedFen: number }) => row.refundedFen },
] as const;
const commission = { title: 'commission_fen', value: (row: { commissionFen: number }) => row.commissionFen };
const conversion = { title: 'conversion_bps', value: (row: { conversionBps: number | null }) => row.conversionBps };

export const inviterColumns: readonly CsvColumn<InviterView>[] = [
  { title: 'inviter_id', value: (row) => row.inviter.id },
  { title: 'inviter', value: (row) => row.inviter.name },
  { title: 'role', value: (row) => row.role },
  { title: 'org_unit', value: (row) => row.orgUnit?.name },
  { title: 'org_path', value: (row) => row.orgUnit?.path },
  ...brought,
  orders,
  ...sales,
  commission,
  conversion,
];
export const storeColumns: readonly CsvColumn<StoreView>[] = [
  { title: 'org_path', value: (row) => row.orgUnit.path },
  { title: 'store', value: (row) => row.orgUnit.name },
  { title: 'rooms', value: (row) => row.rooms },
  { title: 'live_now', value: (row) => row.liveNow },
  ...brought,
  orders,
  ...sales,
];
export const guideColumns: readonly CsvColumn<GuideRow>[] = [
  { title: 'guide_id', value: (row) => row.guide.id },
  { title: 'guide', value: (row) => row.guide.name },
  { title: 'org_path', value: (row) => row.orgUnit.path },
  { title: 'lives', value: (row) => row.lives },
  { title: 'live_seconds', value: (row) => row.liveSeconds },
  { title: 'customers', value: (row) => row.customers },
  ...brought,
  orders,
  ...sales,
  commission,
  { title: 'room_orders', value: (row) => row.roomOrders },
  { title: 'room_gmv_fen', value: (row) => row.roomGmvFen },
  conversion,
];
export const breakdownColumns: readonly CsvColumn<BreakdownRow>[] = [
  { title: 'key', value: (row) => row.key },
  { title: 'label', value: (row) => row.label },
  { title: 'org_path', value: (row) => row.orgUnit?.path },
  ...brought,
  orders,
  { title: 'buyers', value: (row) => row.buyers },
  { title: 'pieces', value: (row) => row.pieces },
  ...sales,
  conversion,
];
export const funnelColumns: readonly CsvColumn<FunnelRow>[] = [
  { title: 'org_path', value: (row) => row.orgUnit.path },
  { title: 'store', value: (row) => row.orgUnit.name },
  { title: 'visitors', value: (row) => row.steps.visitors },
  { title: 'new_customers', value: (row) => row.steps.newCustomers },
  { title: 'first_orders', value: (row) => row.steps.firstOrders },
  { title: 'first_gmv_fen', value: (row) => row.steps.firstGmvFen },
  { title: 'bind_bps', value: (row) => row.steps.bindBps },
  { title: 'first_order_bps', value: (row) => row.steps.firstOrderBps },
  { title: 'per_order_fen', value: (row) => row.steps.perOrderFen },
  { title: 'gap_fen', value: (row) => row.gapFen },
  ...(['visitors', 'bind_rate', 'first_order_rate', 'order_value'] as const).map((factor) => ({
    title: `gap_by_${factor}_fen`,
    value: (row: FunnelRow) => row.factors?.find((one) => one.factor === factor)?.gapFen,
  })),
];
export const segmentColumns: readonly CsvColumn<RoomSegment>[] = [
  { title: 'product_id', value: (row) => row.product.id },
  { title: 'product', value: (row) => row.product.title },
  { title: 'from', value: (row) => row.from },
  { title: 'to', value: (row) => row.to },
  { title: 'seconds', value: (row) => row.seconds },
  { title: 'chats', value: (row) => row.chats },
  { title: 'chatters', value: (row) => row.chatters },
  orders,
  { title: 'product_orders', value: (row) => row.productOrders },
  ...sales,
];
export const cohortColumns = (months: number): readonly CsvColumn<CohortRow>[] => [
  { title: 'month', value: (row) => row.month },
  { title: 'people', value: (row) => row.people },
  { title: 'again', value: (row) => row.again },
  ...Array.from({ length: months }, (_, n) => ({ title: `month_${n}`, value: (row: CohortRow) => row.counts[n] })),
];
export const acquisitionColumns: readonly CsvColumn<AcquisitionRow>[] = [
  { title: 'org_path', value: (row) => row.orgUnit.path },
  { title: 'unit', value: (row) => row.orgUnit.name },
  { title: 'new_customers', value: (row) => row.newCustomers },
  { title: 'red_packet_fen', value: (row) => row.redPacketFen },
  { title: 'coupon_fen', value: (row) => row.couponFen },
  commission,
  { title: 'total_fen', value: (row) => row.totalFen },
  { title: 'per_new_fen', value: (row) => row.perNewFen },
];
