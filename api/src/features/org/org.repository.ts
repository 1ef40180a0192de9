import type { StaffRole } from '@walnut-live/contracts';
import type { Sql } from '../../platform/db.ts';

export interface UnitRow {
  id: string;
  kind: 'hq' | 'channel' | 'store';
  path: string;
  name: string;
}

/** The unit at `scope` and everything under it, parents first. */
export function listUnits(sql: Sql, scope: string): Promise<UnitRow[]> {
  return sql<UnitRow>`SELECT id, kind, path, name FROM org_units
    WHERE path = ${scope} OR path LIKE ${`${scope}.%`} ORDER BY path COLLATE "C"`;
}

export interface StaffRow {
  id: string;
  name: string;
  username: string;
  role: StaffRole;
  active: boolean;
  orgUnit: UnitRow;
}

export function listStaff(sql: Sql, scope: string): Promise<StaffRow[]> {
  return sql<StaffRow>`
    SELECT s.person_id AS id, p.name, s.username, s.role, s.active AND p.active AS active,
      json_build_object('id', u.id, 'kind', u.kind, 'path', u.path, 'name', u.name) AS "orgUnit"
    FROM staff_accounts s JOIN people p ON p.id = s.person_id JOIN org_units u ON u.id = s.org_unit_id
    WHERE s.org_path = ${scope} OR s.org_path LIKE ${`${scope}.%`}
    ORDER BY s.org_path COLLATE "C", s.role, s.username`;
}

export interface SellerRow {
  store: UnitRow;
  legalName: string;
  licenceNo: string;
  address: string;
  servicePhone: string;
}

/** The legal person behind a unit: its own, or that of the nearest unit above that has one. */
export async function findSeller(sql: Sql, unitId: string): Promise<SellerRow | undefined> {
  const [row] = await sql<SellerRow>`
    SELECT json_build_object('id', u.id, 'kind', u.kind, 'path', u.path, 'name', u.name) AS store,
      coalesce(legal.legal_name, '') AS "legalName", coalesce(legal.licence_no, '') AS "licenceNo",
      coalesce(legal.address, '') AS address, coalesce(legal.service_phone, '') AS "servicePhone"
    FROM org_units u LEFT JOIN LATERAL (
      SELECT legal_name, licence_no, address, service_phone FROM org_units above
      WHERE above.legal_name <> '' AND (above.path = u.path OR starts_with(u.path, above.path || '.'))
      ORDER BY length(above.path) DESC LIMIT 1) legal ON true
    WHERE u.id = ${unitId}`;
  return row;
}
