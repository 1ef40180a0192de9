import { z } from 'zod';
import { PersonId } from '../ids.ts';
import { StaffRole } from '../staff.ts';
import { OrgUnitRef } from './common.ts';
import { defineRoute } from './route.ts';

export const listOrgUnits = defineRoute({
  id: 'org.list',
  method: 'GET',
  path: '/org-units',
  tag: 'staff',
  access: { staff: 'rooms:read' },
  summary: 'Org units of my scope, parents first',
  reply: z.object({ items: z.array(OrgUnitRef) }),
});
export const listStaff = defineRoute({
  id: 'staff.list',
  method: 'GET',
  path: '/staff',
  tag: 'staff',
  access: { staff: 'staff:read' },
  summary: 'Staff of my scope',
  reply: z.object({
    items: z.array(
      z.object({
        id: PersonId,
        name: z.string(),
        username: z.string(),
        role: StaffRole,
        orgUnit: OrgUnitRef,
        active: z.boolean(),
      }),
    ),
  }),
});
/** Rule Z2: the seller's identity, one tap away throughout the live. */
export const SellerView = z
  .object({
    store: OrgUnitRef,
    legalName: z.string(),
    licenceNo: z.string(),
    address: z.string(),
    servicePhone: z.string(),
  })
  .meta({ id: 'Seller' });
export const getSeller = defineRoute({
  id: 'org.seller',
  method: 'GET',
  path: '/org-units/:id/seller',
  tag: 'staff',
  access: 'public',
  summary: 'Who sells: the identity behind a store (rule Z2)',
  params: z.strictObject({ id: z.uuid() }),
  reply: SellerView,
});
