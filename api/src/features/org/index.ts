/** HQ, channels and stores, who works in them, and who sells (rule Z2). */
import type { Db } from '../../platform/db.ts';
import type { Binder } from '../../platform/http.ts';
import { bindOrgRoutes } from './org.routes.ts';

export function createOrg(deps: { bind: Binder; db: Db }): void {
  bindOrgRoutes(deps.bind, deps);
}
