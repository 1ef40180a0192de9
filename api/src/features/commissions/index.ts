import type { Binder } from '../../platform/http.ts';
import { bindCommissions } from './commissions.routes.ts';
import { type CommissionsDeps, createCommissionsService } from './commissions.service.ts';

/** What credited people earn (rules K1–K5). */
export function createCommissions(deps: CommissionsDeps & { bind: Binder }) {
  const service = createCommissionsService(deps);
  bindCommissions(deps.bind, service);
  return { onOrderPaid: service.onOrderPaid, onOrderRefunded: service.onOrderRefunded };
}
