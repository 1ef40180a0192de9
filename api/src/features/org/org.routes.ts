import { getSeller, listOrgUnits, listStaff, peopleNow } from '@walnut-live/contracts';
import type { Clock } from '../../platform/clock.ts';
import type { Db } from '../../platform/db.ts';
import { AppError } from '../../platform/errors.ts';
import type { Binder } from '../../platform/http.ts';
import * as units from './org.repository.ts';

export function bindOrgRoutes(
  bind: Binder,
  { db, clock, peopleIn }: { db: Db; clock: Clock; peopleIn: (orgPath: string) => number },
): void {
  bind(listOrgUnits, async ({ principal }) => ({ items: await units.listUnits(db.prisma, principal.staff.orgPath) }));
  bind(listStaff, async ({ principal }) => ({ items: await units.listStaff(db.prisma, principal.staff.orgPath) }));
  bind(peopleNow, async ({ principal }) => {
    const scope = principal.staff.orgPath;
    const found = await units.listUnits(db.prisma, scope);
    return {
      at: clock.now().toISOString(),
      peopleNow: peopleIn(scope),
      items: found.map((unit) => ({ unit, peopleNow: peopleIn(unit.path) })),
    };
  });
  bind(getSeller, async ({ params }) => {
    const seller = await units.findSeller(db.prisma, params.id);
    if (!seller) throw new AppError('not_found');
    return seller;
  });
}
