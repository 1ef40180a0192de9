import { may, staffRoles } from '@walnut-live/contracts';
import { expect, test } from 'vitest';
import { fitsUnit, mayManage, rolesToGive } from './grants.policy.ts';

test('H4 nobody gives a role as high as their own, nor outside their units; headquarters’ roles are the admin’s alone', () => {
  for (const by of staffRoles)
    for (const role of staffRoles) {
      const inside = mayManage({ role: by, orgPath: 'hq.east' }, { role, orgPath: 'hq.east.hangzhou' });
      expect(mayManage({ role: by, orgPath: 'hq.east' }, { role, orgPath: 'hq.north' })).toBe(false);
      // A path that only begins alike is another unit.
      expect(mayManage({ role: by, orgPath: 'hq.east' }, { role, orgPath: 'hq.eastern' })).toBe(false);
      if (!may(by, 'staff:write')) expect(inside).toBe(false);
      if (by === role) expect(inside).toBe(by === 'hq_admin');
      if ((role.startsWith('hq_') || role === 'integrator') && inside) expect(by).toBe('hq_admin');
    }
  expect(rolesToGive({ role: 'store_manager', orgPath: 'hq.a.b' }).map(({ role }) => role)).toEqual([
    'guide',
    'assistant',
  ]);
  expect(rolesToGive({ role: 'guide', orgPath: 'hq.a.b' })).toEqual([]);
  expect(fitsUnit('store_manager', 'hq')).toBe(false);
});
