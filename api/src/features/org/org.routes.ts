import { getSeller, listOrgUnits, listStaff } from '@walnut-live/contracts';
import type { Db } from '../../platform/db.ts';
import { AppError } from '../../platform/errors.ts';
import type { Binder } from '../../platform/http.ts';
import * as units from './org.repository.ts';

export function bindOrgRoutes(bind: Binder, { db }: { db: Db }): void {
  bind(listOrgUnits, async ({ principal }) => ({ items: await units.listUnits(db.prisma, principal.staff.orgPath) }));
  bind(listStaff, async ({ principal }) => ({ items: await units.listStaff(db.prisma, principal.staff.orgPath) }));
  bind(getSeller, async ({ params }) => {
    const seller = await units.findSeller(db.prisma, params.id);
    if (!seller) throw new AppError('not_found');
    return seller;
  });
}
