/** HQ, channels and stores, who works in them, and who sells (rule Z2). */
import type { Clock, Random } from '../../platform/clock.ts';
import type { Db } from '../../platform/db.ts';
import type { Binder } from '../../platform/http.ts';
import { bindAccounts } from './accounts.ts';
import { bindOrgRoutes } from './org.routes.ts';
import { bindTree } from './tree.ts';

export { makeFirstAdmin } from './first-admin.ts';

export function createOrg(deps: {
  bind: Binder;
  db: Db;
  clock: Clock;
  random: Random;
  /** Unique people in the rooms of a unit and of those below it. */
  peopleIn: (orgPath: string) => number;
  hashPassword: (password: string, random: Random) => Promise<string>;
}): void {
  bindOrgRoutes(deps.bind, deps);
  bindTree(deps.bind, deps);
  bindAccounts(deps.bind, deps);
}
