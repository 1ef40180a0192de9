import type { StaffRole } from '@walnut-live/contracts';
import type { Db } from '../../platform/db.ts';

type Prisma = Db['prisma'];

export interface UnitRow {
  id: string;
  kind: 'hq' | 'channel' | 'store';
  path: string;
  name: string;
}
const unitFields = { id: true, kind: true, path: true, name: true } as const;
/** A CHECK of the database keeps `kind` to these. */
const toUnit = (unit: { id: string; kind: string; path: string; name: string }): UnitRow => ({
  ...unit,
  kind: unit.kind as UnitRow['kind'],
});

/** By code points, whatever the collation of the database: `hq`, `hq.east`, `hq.east.hangzhou`. */
const byPath = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);

/** The unit at `scope` and everything under it that is not closed, parents first. */
export async function listUnits(prisma: Prisma, scope: string): Promise<UnitRow[]> {
  const units = await prisma.orgUnit.findMany({
    where: { closedAt: null, OR: [{ path: scope }, { path: { startsWith: `${scope}.` } }] },
    select: unitFields,
  });
  return units.map(toUnit).sort((a, b) => byPath(a.path, b.path));
}

export interface StaffRow {
  id: string;
  name: string;
  username: string;
  role: StaffRole;
  active: boolean;
  orgUnit: UnitRow;
}

export async function listStaff(prisma: Prisma, scope: string): Promise<StaffRow[]> {
  const accounts = await prisma.staffAccount.findMany({
    where: { OR: [{ orgPath: scope }, { orgPath: { startsWith: `${scope}.` } }] },
    select: {
      username: true,
      role: true,
      active: true,
      person: { select: { id: true, name: true, active: true } },
      orgUnit: { select: unitFields },
    },
    orderBy: [{ role: 'asc' }, { username: 'asc' }],
  });
  return accounts
    .map(({ person, username, role, active, orgUnit }) => ({
      id: person.id,
      name: person.name,
      username,
      role: role as StaffRole, // written from the contract's list alone
      active: active && person.active,
      orgUnit: toUnit(orgUnit),
    }))
    .sort((a, b) => byPath(a.orgUnit.path, b.orgUnit.path));
}

export interface SellerRow {
  store: UnitRow;
  legalName: string;
  licenceNo: string;
  address: string;
  servicePhone: string;
}

/** The legal person behind a unit: its own, or that of the nearest unit above that has one. */
export async function findSeller(prisma: Prisma, unitId: string): Promise<SellerRow | undefined> {
  const unit = await prisma.orgUnit.findUnique({ where: { id: unitId }, select: unitFields });
  if (!unit) return undefined;
  const labels = unit.path.split('.');
  const legalPersons = await prisma.orgUnit.findMany({
    where: { path: { in: labels.map((_, i) => labels.slice(0, i + 1).join('.')) }, legalName: { not: '' } },
    select: { path: true, legalName: true, licenceNo: true, address: true, servicePhone: true },
  });
  const nearest = legalPersons.sort((a, b) => b.path.length - a.path.length)[0];
  return {
    store: toUnit(unit),
    legalName: nearest?.legalName ?? '',
    licenceNo: nearest?.licenceNo ?? '',
    address: nearest?.address ?? '',
    servicePhone: nearest?.servicePhone ?? '',
  };
}
