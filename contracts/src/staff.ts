import { z } from 'zod';

/** Roles of staff. A role acts within the org path of its account. */
export const staffRoles = [
  'hq_admin',
  'hq_operations',
  'hq_analyst',
  'hq_finance',
  'channel_manager',
  'store_manager',
  'guide',
  'assistant',
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
  'customers:read',
  'staff:read',
  'audit:read',
  'gifts:write', // price and sale of gifts, their caps and shares
  'wallets:refund',
  'payments:read', // payments of the whole brand, and the bills of providers
  'payments:reconcile', // end differences between bills and books
  'words:read', // word lists and the correction log
  'words:write',
  'campaigns:read', // messages to customers, waves
  'campaigns:write',
  'budgets:write', // what units may spend on red packets
  'coupons:write', // terms of coupons, and giving one to a customer
  'coupons:redeem', // take a coupon at a counter
  'members:write', // levels, points and tags of the whole brand
  'customers:mark', // vouch for members and KOCs
  'staff:verify', // record what a guide was trained in
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
    'staff:verify',
  ],
  hq_analyst: [
    'rooms:read',
    'catalogue:read',
    'orders:read',
    'reports:read',
    'commission:read',
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
    'audit:read',
    'budgets:write',
    'wallets:refund',
    'payments:read',
    'payments:reconcile',
  ],
  channel_manager: [
    'rooms:read',
    'catalogue:read',
    'orders:read',
    'reports:read',
    'commission:read',
    'customers:read',
    'staff:read',
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
    'commission:read',
    'customers:read',
    'staff:read',
    'campaigns:read',
    'campaigns:write',
    'words:read',
    'coupons:write',
    'coupons:redeem',
    'customers:mark',
    'staff:verify',
  ],
  guide: [
    'rooms:read',
    'rooms:write',
    'rooms:operate',
    'offers:write',
    'catalogue:read',
    'orders:read',
    'coupons:redeem',
  ],
  assistant: ['rooms:read', 'rooms:operate', 'catalogue:read', 'coupons:redeem'],
};

export function may(role: StaffRole, permission: Permission): boolean {
  return rolePermissions[role].includes(permission);
}
