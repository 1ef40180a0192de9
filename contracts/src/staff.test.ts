import { expect, test } from 'vitest';
import { may, permissions, permissionsOf, rolePermissions, type StaffRole, staffRoles } from './staff.ts';

test('a role may what its row says; one that this version does not know may nothing', () => {
  for (const role of staffRoles)
    expect(permissions.filter((permission) => may(role, permission)).sort()).toEqual([...rolePermissions[role]].sort());
  for (const unknown of ['robot', 'toString', '__proto__'] as unknown as StaffRole[]) {
    expect(permissions.filter((permission) => may(unknown, permission))).toEqual([]);
    expect(permissionsOf(unknown)).toEqual([]);
  }
});
