/**
 * How a deployment gets its headquarters and the first administrator, who then makes everything else in the console; and how an
 * administrator who lost their password comes in again when no other one is left to give a code. For whoever runs the machine.
 */
import { writeAudit } from '../../platform/audit.ts';
import type { Clock, Random } from '../../platform/clock.ts';
import type { Db } from '../../platform/db.ts';
import { giveCodeTo } from './codes.ts';

export interface FirstAdmin {
  /** Name of headquarters; needed as long as there is none. */
  readonly brand?: string | undefined;
  readonly username: string;
  /** Name of the administrator; needed for a new account. */
  readonly name?: string | undefined;
}
/** `refused` says why in words for the one at the terminal. */
export type FirstAdminDone =
  | { readonly done: 'made' | 'again'; readonly username: string; readonly brand: string; readonly code: string }
  | { readonly refused: string };

const HQ_PATH = 'hq';

/** Refuses, and changes nothing, where there is an administrator already who is somebody else. */
export function makeFirstAdmin(
  deps: { db: Db; clock: Clock; random: Random },
  wanted: FirstAdmin,
): Promise<FirstAdminDone> {
  const { db, clock, random } = deps;
  const username = wanted.username.trim().toLowerCase();
  return db.transaction(async (tx) => {
    // Two at once: the second one sees what the first one made.
    await tx`SELECT pg_advisory_xact_lock(hashtextextended('admins of headquarters', 0))`;
    const at = clock.now();
    const admins = await tx<{ id: string; username: string; brand: string; path: string }>`
      SELECT s.person_id AS id, s.username, u.name AS brand, u.path FROM staff_accounts s
      JOIN people p ON p.id = s.person_id JOIN org_units u ON u.id = s.org_unit_id
      WHERE s.role = 'hq_admin' AND s.active AND p.active ORDER BY s.created_at`;
    const known = admins.find((one) => one.username === username);
    if (known) {
      await tx`UPDATE staff_accounts SET password_hash = '-' WHERE person_id = ${known.id}`;
      await tx`UPDATE refresh_tokens SET revoked_at = ${at} WHERE person_id = ${known.id} AND revoked_at IS NULL`;
      const code = await giveCodeTo(tx, deps, { personId: known.id, madeBy: known.id });
      await writeAudit(tx, deps, {
        ...{ actorId: null, action: 'staff:code-made', target: `staff:${known.id}`, orgPath: known.path },
        reason: 'first-admin',
      });
      return { done: 'again', username, brand: known.brand, code };
    }
    if (admins[0])
      return {
        refused: `There is an administrator already (${admins.map((one) => one.username).join(', ')}): accounts are made in the console under Settings, Staff.`,
      };

    const [taken] = await tx`SELECT 1 AS taken FROM staff_accounts WHERE username = ${username}`;
    if (taken) return { refused: `${username} is somebody else's account.` };
    if (!wanted.name) return { refused: 'The administrator needs a name: --name' };
    const [found] = await tx<{ id: string; path: string; name: string }>`
      SELECT id, path, name FROM org_units WHERE kind = 'hq' AND closed_at IS NULL ORDER BY path LIMIT 1`;
    if (!found && !wanted.brand) return { refused: 'Headquarters needs a name: --brand' };
    const unit = found ?? { id: random.id(), path: HQ_PATH, name: wanted.brand ?? '' };
    if (!found) {
      await tx`INSERT INTO org_units (id, parent_id, kind, path, name, legal_name, licence_no, address, service_phone, created_at)
        VALUES (${unit.id}, NULL, 'hq', ${unit.path}, ${unit.name}, '', '', '', '', ${at})`;
      await writeAudit(tx, deps, {
        ...{ actorId: null, action: 'org-unit:created', target: `org-unit:${unit.id}`, orgPath: unit.path },
        ...{ reason: 'first-admin', detail: { kind: 'hq', name: unit.name } },
      });
    }
    const id = random.id();
    await tx`INSERT INTO people (id, kind, name, created_at) VALUES (${id}, 'staff', ${wanted.name}, ${at})`;
    await tx`INSERT INTO staff_accounts (person_id, username, password_hash, role, org_unit_id, org_path, created_at)
      VALUES (${id}, ${username}, '-', 'hq_admin', ${unit.id}, ${unit.path}, ${at})`;
    const code = await giveCodeTo(tx, deps, { personId: id, madeBy: id });
    await writeAudit(tx, deps, {
      ...{ actorId: null, action: 'staff:created', target: `staff:${id}`, orgPath: unit.path },
      ...{ reason: 'first-admin', detail: { username, role: 'hq_admin' } },
    });
    return { done: 'made', username, brand: unit.name, code };
  });
}
