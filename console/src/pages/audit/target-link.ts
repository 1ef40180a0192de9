/** The page of the console that shows what a row of the audit log is about; undefined where there is none. */
const pages: Readonly<Record<string, (id: string) => string>> = {
  order: (id) => `/orders/${id}`,
  room: (id) => `/rooms/${id}`,
  staff: (id) => `/staff?account=${id}`,
  person: () => '/customers',
  'org-unit': () => '/organisation?closed=1',
  retention: () => '/retention',
  'host-rules': () => '/staff?tab=hosts',
  settlement: (id) => `/settlements/${id}`,
  'settlement-terms': () => '/settlement-terms',
  'data-request': () => '/personal-data',
  'after-sale': (id) => `/after-sales/${id}`,
  product: () => '/catalogue',
  sku: () => '/catalogue',
  'coupon-kind': () => '/coupons',
  coupon: () => '/coupons',
  'group-campaign': () => '/group-buys',
  'pre-sale': () => '/pre-sales',
  review: () => '/reviews',
  'review-campaign': () => '/reviews',
  wave: () => '/campaigns',
  message: () => '/campaigns',
  card: () => '/cards',
  prize: () => '/prizes',
  payment: () => '/payments',
  webhook: () => '/webhooks',
  'tag-rule': () => '/customers',
  'member-rules': () => '/customers',
};

export function targetLink(target: string): string | undefined {
  const [kind = '', id = ''] = target.split(':');
  return pages[kind]?.(id);
}
