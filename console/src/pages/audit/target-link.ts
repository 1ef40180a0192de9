import type { Permission } from '@walnut-live/contracts';

type Place = { readonly needs: Permission; readonly to: (id: string) => string };
const place = (needs: Permission, to: (id: string) => string): Place => ({ needs, to });
const units = place('staff:read', () => '/organisation?closed=1');
const rules = place('customers:read', () => '/customers');

/** The page of the console that shows what a row of the audit log is about, and who may open it. */
const pages: Readonly<Record<string, Place>> = {
  order: place('orders:read', (id) => `/orders/${id}`),
  room: place('rooms:read', (id) => `/rooms/${id}`),
  staff: place('staff:read', (id) => `/staff?account=${id}`),
  person: place('customers:read', () => '/customers'),
  'org-unit': units,
  org_unit: units,
  retention: place('audit:read', () => '/retention'),
  'host-rules': place('staff:read', () => '/staff?tab=hosts'),
  settlement: place('settlements:read', (id) => `/settlements/${id}`),
  'settlement-terms': place('payouts:read', () => '/settlement-terms'),
  'store-statement': place('settlements:read', () => '/store-statements'),
  payout: place('settlements:read', () => '/settlements'),
  'data-request': place('personal-data:write', () => '/personal-data'),
  'after-sale': place('orders:read', (id) => `/after-sales/${id}`),
  product: place('catalogue:read', () => '/catalogue'),
  sku: place('catalogue:read', () => '/catalogue'),
  'coupon-kind': place('reports:read', () => '/coupons'),
  coupon: place('reports:read', () => '/coupons'),
  'coupon-drop': place('reports:read', () => '/coupons'),
  'group-campaign': place('rooms:read', () => '/group-buys'),
  'pre-sale': place('rooms:read', () => '/pre-sales'),
  review: place('campaigns:read', () => '/reviews'),
  'review-campaign': place('campaigns:read', () => '/reviews'),
  wave: place('campaigns:read', (id) => `/campaigns?wave=${id}`),
  message: place('campaigns:read', () => '/campaigns'),
  room_slot: place('campaigns:read', () => '/campaigns'),
  card: place('rooms:operate', () => '/cards'),
  prize: place('orders:read', () => '/prizes'),
  payment: place('payments:read', (id) => `/payments?payment=${id}`),
  difference: place('payments:read', () => '/payments?tab=differences'),
  webhook: place('webhooks:write', () => '/webhooks'),
  alert: place('reports:read', () => '/alerts'),
  'alert-rule': place('reports:read', () => '/alerts'),
  content: place('reports:read', () => '/sharing'),
  'invite-task': place('reports:read', () => '/sharing'),
  'newcomer-gift': place('reports:read', () => '/sharing'),
  'commission-rules': place('commission:read', () => '/commission-rules'),
  'commission-hold': place('commission:holds', () => '/commission-holds'),
  'customer-transfer': place('orders:read', () => '/attribution'),
  'attribution-policy': place('orders:read', () => '/attribution'),
  'tag-rule': rules,
  'member-rules': rules,
};

/** Undefined where there is no such page, or it is not for this reader. */
export function targetLink(target: string, may: (permission: Permission) => boolean): string | undefined {
  const [kind = '', id = ''] = target.split(':');
  const page = Object.hasOwn(pages, kind) ? pages[kind] : undefined;
  return page && may(page.needs) ? page.to(id) : undefined;
}
