/** HQ, channels and stores, who works in them, and who sells (rule Z2). */
import type { Clock } from '../../platform/clock.ts';
import type { Db } from '../../platform/db.ts';
import type { Binder } from '../../platform/http.ts';
import { bindOrgRoutes } from './org.routes.ts';

export function createOrg(deps: {
  bind: Binder;
  db: Db;
  clock: Clock;
  /** Unique people in the rooms of a unit and of those below it. */
  peopleIn: (orgPath: string) => number;
}): void {
  bindOrgRoutes(deps.bind, deps);
}
