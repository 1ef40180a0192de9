/**
 * Accounts of staff. Nobody gives one at or above their own role or outside their units, nor changes their own; headquarters keeps
 * one admin at least. An account has no password that anybody else knows: a code, shown once, good once and for a day, lets its
 * owner set one. A phone is who somebody is (whose consumer account is theirs), so nobody gives it to themselves. Whoever is changed, switched off or given a code is signed out everywhere; access tokens run out within minutes.
 */
import {
  changeStaffAccount,
  createStaffAccount,
  getStaffAccount,
  grantableRoles,
  isWithin,
  limitKeyOf,
  makeStaffCode,
  type StaffAccount,
  type StaffRole,
  setStaffActive,
  signStaffOut,
  useStaffCode,
} from '@walnut-live/contracts';
import { writeAudit } from '../../platform/audit.ts';
import type { Clock, Random } from '../../platform/clock.ts';
import type { Db, Sql, Tx } from '../../platform/db.ts';
import { AppError } from '../../platform/errors.ts';
import type { Binder } from '../../platform/http.ts';
import { createLimit } from '../../platform/limits.ts';
import { maskPhone } from '../../platform/masks.policy.ts';
import type { StaffPrincipal } from '../../platform/principal.ts';
import { CODE_TRIES, codeHashOf, giveCodeTo } from './codes.ts';
import { fitsUnit, mayManage, rolesToGive } from './grants.policy.ts';

const TRIES_PER_MINUTE = 10;
const CONFLICT_UNIQUE = '23505';

interface Row {
  id: string;
  name: string;
  phone: string | null;
  username: string;
  role: StaffRole;
  orgPath: string;
  orgUnit: { id: string; kind: 'hq' | 'channel' | 'store'; path: string; name: string };
  active: boolean;
  createdAt: Date;
  sessions: number;
  customers: number;
  codeUntil: Date | null;
}
interface Unit {
  id: string;
  kind: 'hq' | 'channel' | 'store';
  path: string;
  closed: boolean;
}

export function bindAccounts(
  bind: Binder,
  deps: { db: Db; clock: Clock; random: Random; hashPassword: (password: string, random: Random) => Promise<string> },
): void {
  const { db, clock, random } = deps;
  const limit = createLimit({ points: TRIES_PER_MINUTE, seconds: 60 });

  async function account(sql: Sql, principal: StaffPrincipal, id: string): Promise<Row> {
    const [row] = await sql<Row>`
      SELECT p.id, p.name, p.phone, s.username, s.role, s.org_path AS "orgPath", s.active AND p.active AS active, s.created_at AS "createdAt",
        json_build_object('id', u.id, 'kind', u.kind, 'path', u.path, 'name', u.name) AS "orgUnit",
        (SELECT count(DISTINCT family_id)::int FROM refresh_tokens t WHERE t.person_id = p.id AND t.audience = 'staff'
          AND t.used_at IS NULL AND t.revoked_at IS NULL AND t.expires_at > ${clock.now()}) AS sessions,
        (SELECT count(*)::int FROM owner_bindings b WHERE b.guide_id = p.id AND b.ended_at IS NULL) AS customers,
        (SELECT c.expires_at FROM staff_codes c WHERE c.person_id = p.id AND c.expires_at > ${clock.now()}
          AND c.tries < ${CODE_TRIES}) AS "codeUntil"
      FROM staff_accounts s JOIN people p ON p.id = s.person_id JOIN org_units u ON u.id = s.org_unit_id WHERE s.person_id = ${id}`;
    // Of another store as if it did not exist.
    if (!row || !isWithin(row.orgPath, principal.staff.orgPath)) throw new AppError('not_found');
    return row;
  }
  const view = (row: Row, principal: StaffPrincipal): StaffAccount => ({
    ...{ id: row.id, name: row.name, username: row.username, role: row.role, orgUnit: row.orgUnit, active: row.active },
    ...{ createdAt: row.createdAt.toISOString(), sessions: row.sessions, customers: row.customers },
    codeUntil: row.codeUntil?.toISOString() ?? null,
    phoneMasked: row.phone === null ? null : maskPhone(row.phone),
    manageable: row.id !== principal.personId && mayManage(principal.staff, row),
  });
  /** Mine to change, its row held until the end of the transaction. */
  async function managed(tx: Tx, principal: StaffPrincipal, id: string): Promise<Row> {
    await tx`SELECT 1 AS held FROM staff_accounts WHERE person_id = ${id} FOR UPDATE`;
    const row = await account(tx, principal, id);
    if (id === principal.personId) throw new AppError('self_action');
    if (!mayManage(principal.staff, row)) throw new AppError('forbidden');
    return row;
  }
  async function place(tx: Tx, principal: StaffPrincipal, role: StaffRole, orgUnitId: string): Promise<Unit> {
    const [unit] =
      await tx<Unit>`SELECT id, kind, path, closed_at IS NOT NULL AS closed FROM org_units WHERE id = ${orgUnitId} FOR SHARE`;
    if (!unit || !isWithin(unit.path, principal.staff.orgPath)) throw new AppError('not_found');
    if (!mayManage(principal.staff, { role, orgPath: unit.path })) throw new AppError('forbidden');
    if (unit.closed) throw new AppError('state_conflict', { facts: { state: 'closed' } });
    if (!fitsUnit(role, unit.kind))
      throw new AppError('invalid_request', { issues: [{ path: '/role', issue: 'not_of_this_unit' }] });
    return unit;
  }
  const signOut = (tx: Tx, personId: string) =>
    tx`UPDATE refresh_tokens SET revoked_at = ${clock.now()} WHERE person_id = ${personId} AND revoked_at IS NULL`;
  const audit = (
    tx: Tx,
    principal: StaffPrincipal,
    action: string,
    row: { id: string; orgPath: string },
    reason: string,
    detail = {},
  ) =>
    writeAudit(tx, deps, {
      ...{ actorId: principal.personId, action, target: `staff:${row.id}`, orgPath: row.orgPath, reason, detail },
    });
  /** Two admins who take away one another's role at the same moment stand in line. */
  async function keepAnAdmin(tx: Tx, row: Row): Promise<void> {
    if (row.role !== 'hq_admin' || !row.active) return;
    await tx`SELECT pg_advisory_xact_lock(hashtextextended('admins of headquarters', 0))`;
    const [others] = await tx<{
      n: number;
    }>`SELECT count(*)::int AS n FROM staff_accounts s JOIN people p ON p.id = s.person_id
      WHERE s.role = 'hq_admin' AND s.active AND p.active AND s.person_id <> ${row.id}`;
    if (!others?.n) throw new AppError('state_conflict', { facts: { state: 'last_admin' } });
  }
  const giveCode = (tx: Tx, principal: StaffPrincipal, personId: string): Promise<string> =>
    giveCodeTo(tx, deps, { personId, madeBy: principal.personId });

  bind(grantableRoles, async ({ principal }) => ({ items: rolesToGive(principal.staff) }));
  bind(getStaffAccount, async ({ principal, params }) => view(await account(db.sql, principal, params.id), principal));

  bind(createStaffAccount, ({ principal, body, res }) => {
    res.set('Cache-Control', 'no-store');
    return db
      .transaction(async (tx) => {
        const unit = await place(tx, principal, body.role, body.orgUnitId);
        const id = random.id();
        const at = clock.now();
        await tx`INSERT INTO people (id, kind, name, phone, created_at) VALUES (${id}, 'staff', ${body.name}, ${body.phone ?? null}, ${at})`;
        await tx`INSERT INTO staff_accounts (person_id, username, password_hash, role, org_unit_id, org_path, created_at)
          VALUES (${id}, ${body.username}, '-', ${body.role}, ${unit.id}, ${unit.path}, ${at})`;
        const code = await giveCode(tx, principal, id);
        const { username, role, phone } = body;
        await audit(tx, principal, 'staff:created', { id, orgPath: unit.path }, '', {
          ...{ username, role },
          ...(phone === undefined ? {} : { phone: 'given' }),
        });
        return { account: view(await account(tx, principal, id), principal), code };
      })
      .catch((error: unknown) => {
        const isTaken =
          typeof error === 'object' && error !== null && 'code' in error && error.code === CONFLICT_UNIQUE;
        throw isTaken ? new AppError('conflict', { facts: { field: 'username' } }, error) : error;
      });
  });

  bind(changeStaffAccount, ({ principal, params, body }) =>
    db.transaction(async (tx) => {
      const row = await managed(tx, principal, params.id);
      const role = body.role ?? row.role;
      const unit = await place(tx, principal, role, body.orgUnitId ?? row.orgUnit.id);
      if (role !== row.role) await keepAnAdmin(tx, row);
      const phone = body.phone === undefined ? row.phone : body.phone;
      await tx`UPDATE people SET name = ${body.name ?? row.name}, phone = ${phone} WHERE id = ${row.id} AND active`;
      await tx`UPDATE staff_accounts SET role = ${role}, org_unit_id = ${unit.id}, org_path = ${unit.path} WHERE person_id = ${row.id}`;
      if (role !== row.role || unit.id !== row.orgUnit.id) await signOut(tx, row.id);
      const detail = {
        ...{ from: { role: row.role, unit: row.orgPath }, to: { role, unit: unit.path } },
        ...(phone === row.phone ? {} : { phone: phone === null ? 'taken away' : 'given' }),
      };
      await audit(tx, principal, 'staff:changed', { id: row.id, orgPath: unit.path }, body.reason, detail);
      return view(await account(tx, principal, row.id), principal);
    }),
  );

  bind(setStaffActive, ({ principal, params, body }) =>
    db.transaction(async (tx) => {
      const row = await managed(tx, principal, params.id);
      if (row.active === body.active) return view(row, principal);
      if (!body.active) await keepAnAdmin(tx, row);
      // Who was forgotten has no account to come back to (rule Z6).
      const done = await tx`UPDATE staff_accounts s SET active = ${body.active} FROM people p
        WHERE s.person_id = ${row.id} AND p.id = s.person_id AND p.active RETURNING 1 AS done`;
      if (done.length === 0) throw new AppError('state_conflict', { facts: { state: 'forgotten' } });
      await signOut(tx, row.id);
      if (!body.active) await tx`DELETE FROM staff_codes WHERE person_id = ${row.id}`;
      await audit(tx, principal, body.active ? 'staff:activated' : 'staff:deactivated', row, body.reason, {
        customers: row.customers,
      });
      return view(await account(tx, principal, row.id), principal);
    }),
  );

  bind(makeStaffCode, ({ principal, params, body, res }) => {
    res.set('Cache-Control', 'no-store');
    return db.transaction(async (tx) => {
      const row = await managed(tx, principal, params.id);
      if (!row.active) throw new AppError('state_conflict', { facts: { state: 'inactive' } });
      await tx`UPDATE staff_accounts SET password_hash = '-' WHERE person_id = ${row.id}`;
      await signOut(tx, row.id);
      const code = await giveCode(tx, principal, row.id);
      await audit(tx, principal, 'staff:code-made', row, body.reason);
      return { account: view(await account(tx, principal, row.id), principal), code };
    });
  });

  bind(signStaffOut, ({ principal, params, body }) =>
    db.transaction(async (tx) => {
      const row = await account(tx, principal, params.id);
      // One's own other browsers too.
      if (row.id !== principal.personId && !mayManage(principal.staff, row)) throw new AppError('forbidden');
      await signOut(tx, row.id);
      await audit(tx, principal, 'staff:signed-out', row, body.reason);
      return view(await account(tx, principal, row.id), principal);
    }),
  );

  bind(useStaffCode, async ({ body, ip }) => {
    await limit.take(limitKeyOf(ip));
    const username = body.username.trim().toLowerCase();
    await limit.take(`code ${username}`);
    // Made whether there is such a code or not: time does not tell.
    const hash = await deps.hashPassword(body.password, random);
    const isDone = await db.transaction(async (tx) => {
      const [found] = await tx<{ personId: string; orgPath: string; codeHash: string }>`
        SELECT c.person_id AS "personId", s.org_path AS "orgPath", c.code_hash AS "codeHash"
        FROM staff_codes c JOIN staff_accounts s ON s.person_id = c.person_id JOIN people p ON p.id = c.person_id
        WHERE s.username = ${username} AND s.active AND p.active AND c.expires_at > ${clock.now()} AND c.tries < ${CODE_TRIES}
        FOR UPDATE OF c`;
      if (!found) return false;
      const { personId, orgPath } = found;
      if (found.codeHash !== codeHashOf(personId, body.code)) {
        await tx`UPDATE staff_codes SET tries = tries + 1 WHERE person_id = ${personId}`;
        return false;
      }
      await tx`DELETE FROM staff_codes WHERE person_id = ${personId}`;
      await tx`UPDATE staff_accounts SET password_hash = ${hash} WHERE person_id = ${personId}`;
      await signOut(tx, personId);
      await writeAudit(tx, deps, {
        actorId: personId,
        action: 'staff:password-set',
        target: `staff:${personId}`,
        orgPath,
      });
      return true;
    });
    if (!isDone) throw new AppError('wrong_credentials');
    return {};
  });
}
