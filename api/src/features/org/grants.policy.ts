/** Who may give which account to whom: below one's own role, within one's own units. Headquarters' own accounts are the admin's. */
import { isWithin, may, type StaffRole, staffRoles } from '@walnut-live/contracts';

export interface Place {
  readonly role: StaffRole;
  readonly orgPath: string;
}
type UnitKind = 'hq' | 'channel' | 'store';

const rank: Readonly<Record<StaffRole, number>> = {
  hq_admin: 5,
  hq_operations: 4,
  hq_analyst: 4,
  hq_finance: 4,
  hq_compliance: 4,
  channel_manager: 3,
  store_manager: 2,
  guide: 1,
  assistant: 1,
  // What it reads and is sent leaves the house: given by the admin alone.
  integrator: 4,
};
/** Where an account of this role belongs: lives of headquarters and of channels have hosts too. */
const kindsOf: Readonly<Record<StaffRole, readonly UnitKind[]>> = {
  hq_admin: ['hq'],
  hq_operations: ['hq'],
  hq_analyst: ['hq'],
  hq_finance: ['hq'],
  hq_compliance: ['hq'],
  channel_manager: ['channel'],
  store_manager: ['store'],
  guide: ['hq', 'channel', 'store'],
  assistant: ['hq', 'channel', 'store'],
  integrator: ['hq', 'channel', 'store'],
};

/** Whether `by` may give, change or end an account in this place. */
export const mayManage = (by: Place, target: Place): boolean =>
  may(by.role, 'staff:write') &&
  isWithin(target.orgPath, by.orgPath) &&
  (by.role === 'hq_admin' || rank[target.role] < rank[by.role]);

export const fitsUnit = (role: StaffRole, kind: UnitKind): boolean => kindsOf[role].includes(kind);

export const rolesToGive = (by: Place): { role: StaffRole; unitKinds: UnitKind[] }[] =>
  staffRoles
    .filter((role) => mayManage(by, { role, orgPath: by.orgPath }))
    .map((role) => ({ role, unitKinds: [...kindsOf[role]] }));
