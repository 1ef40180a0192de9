import { z } from 'zod';

/** Roles of staff. A role acts within the org path of its account. */
export const staffRoles = [
  'hq_admin',
  'hq_operations',
  'hq_analyst',
  'hq_finance',
  'hq_compliance',
  'channel_manager',
  'store_manager',
  'guide',
  'assistant',
  'integrator',
] as const;
export const StaffRole = z.enum(staffRoles).meta({ id: 'StaffRole' });
export type StaffRole = z.infer<typeof StaffRole>;

export const permissions = [
  'rooms:read', // see rooms, bags and live figures of the scope
  'rooms:write', // create, schedule, start, end
  'rooms:operate', // pin, moderate, notices
  'offers:write',
  'catalogue:read',
  'catalogue:write',
  'floors:write', // the price below which nothing may sell a SKU (rule S6)
  'stock:write',
  'orders:read',
  'orders:ship',
  'orders:refund',
  'reports:read',
  'commission:read',
  'commission:write', // rates, tiers and terms of the whole brand
  'commission:holds', // decide what looks like fraud
  'customers:read',
  'staff:read',
  'audit:read',
  'gifts:write', // price and sale of gifts, their caps and shares
  'wallets:refund',
  'payments:read', // payments of the whole brand, and the bills of providers
  'payments:reconcile', // end differences between bills and books
  'payouts:read', // transfers to people of the whole brand, and what was withheld
  'settlements:read', // runs and statements of the scope
  'settlements:prepare',
  'settlements:approve', // by somebody else than who prepared
  'settlements:pay',
  'words:read', // word lists and the correction log
  'words:write',
  'campaigns:read', // messages to customers, waves
  'campaigns:write',
  'budgets:write', // what units may spend on red packets
  'coupons:write', // terms of coupons, and giving one to a customer
  'coupons:redeem', // take a coupon at a counter
  'members:write', // levels, points and tags of the whole brand
  'customers:mark', // vouch for members and KOCs
  'customers:contact', // whom to speak with next, and notes of it; guides with their own customers
  'customers:transfer', // hand the customers of a guide to others
  'attribution:write', // by which rules customers are bound and orders credited
  'attribution:rule', // rule on appeals: whose an order or a customer is
  'staff:verify', // record what a guide was trained in
  'content:write', // publish what others share
  'rewards:write', // tasks with prizes, and gifts for newcomers from the budget
  'agents:write', // take on agents, set targets
  'alerts:write', // look after alerts, and say what opens one
  'personal-data:write', // give out or forget what is stored about one person (rule Z6)
  'retention:write', // how long things are kept (rule Z1)
  'org:write', // units: made, renamed, closed
  'staff:write', // accounts below one's own role, within one's own units
  'templates:copy', // set up stores like another one
  'webhooks:write', // where facts of a unit are sent to
] as const;
export type Permission = (typeof permissions)[number];

const everything: readonly Permission[] = permissions;
/** The one table of who may do what; the org path narrows it to where. */
export const rolePermissions: Record<StaffRole, readonly Permission[]> = {
  hq_admin: everything,
  hq_operations: [
    'rooms:read',
    'rooms:write',
    'rooms:operate',
    'offers:write',
    'catalogue:read',
    'catalogue:write',
    'floors:write',
    'stock:write',
    'orders:read',
    'orders:ship',
    'reports:read',
    'alerts:write',
    'customers:read',
    'staff:read',
    'gifts:write',
    'campaigns:read',
    'campaigns:write',
    'words:read',
    'words:write',
    'coupons:write',
    'members:write',
    'customers:mark',
    'customers:contact',
    'customers:transfer',
    'attribution:rule',
    'staff:verify',
    'content:write',
    'rewards:write',
    'agents:write',
    'staff:write',
    'org:write',
    'templates:copy',
  ],
  hq_analyst: [
    'rooms:read',
    'catalogue:read',
    'orders:read',
    'reports:read',
    'commission:read',
    'settlements:read',
    'customers:read',
    'campaigns:read',
  ],
  hq_finance: [
    'rooms:read',
    'catalogue:read',
    'orders:read',
    'orders:refund',
    'reports:read',
    'commission:read',
    'commission:write',
    'commission:holds',
    'audit:read',
    'budgets:write',
    'wallets:refund',
    'payments:read',
    'payments:reconcile',
    'payouts:read',
    'settlements:read',
    'settlements:prepare',
    'settlements:approve',
    'settlements:pay',
  ],
  hq_compliance: [
    'rooms:read',
    'catalogue:read',
    'orders:read',
    'customers:read',
    'staff:read',
    'staff:verify',
    'words:read',
    'words:write',
    'audit:read',
    'personal-data:write',
    'retention:write',
  ],
  channel_manager: [
    'rooms:read',
    'catalogue:read',
    'orders:read',
    'reports:read',
    'alerts:write',
    'commission:read',
    'settlements:read',
    'customers:read',
    'staff:read',
    'staff:write',
    'campaigns:read',
    'words:read',
  ],
  store_manager: [
    'rooms:read',
    'rooms:write',
    'rooms:operate',
    'offers:write',
    'catalogue:read',
    'stock:write',
    'orders:read',
    'orders:ship',
    'orders:refund',
    'reports:read',
    'alerts:write',
    'commission:read',
    'settlements:read',
    'customers:read',
    'staff:read',
    'campaigns:read',
    'campaigns:write',
    'words:read',
    'coupons:write',
    'coupons:redeem',
    'customers:mark',
    'customers:contact',
    'customers:transfer',
    'staff:verify',
    'content:write',
    'rewards:write',
    'agents:write',
    'staff:write',
  ],
  guide: [
    'rooms:read',
    'rooms:write',
    'rooms:operate',
    'offers:write',
    'catalogue:read',
    'orders:read',
    'coupons:redeem',
    'customers:contact',
  ],
  assistant: ['rooms:read', 'rooms:operate', 'catalogue:read', 'coupons:redeem'],
  // A program of the brand: it reads, and says where facts are sent to. It changes nothing that people live by.
  integrator: [
    'rooms:read',
    'catalogue:read',
    'orders:read',
    'reports:read',
    'commission:read',
    'settlements:read',
    'webhooks:write',
  ],
};

/** Nothing for a role this version does not know: while versions change over, a newer process may have given it. */
export const permissionsOf = (role: StaffRole): readonly Permission[] =>
  Object.hasOwn(rolePermissions, role) ? rolePermissions[role] : [];

export function may(role: StaffRole, permission: Permission): boolean {
  return permissionsOf(role).includes(permission);
}
