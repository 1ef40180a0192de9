import { orderCredit } from '@walnut-live/contracts';
import type { Binder } from '../../platform/http.ts';
import { type CreditsDeps, createCreditsService } from './credits.service.ts';

export type { Considered, CreditView, OrderToCredit } from './credits.service.ts';

/** Who brought an order, decided once and explained on request (rules A1, A3–A5). */
export function createCredits(deps: CreditsDeps & { bind: Binder }) {
  const service = createCreditsService(deps);
  deps.bind(orderCredit, async ({ principal, params }) => service.explain(principal, params.id));
  return { decide: service.decide, considerAll: service.considerAll, freeze: service.freeze };
}
export type Credits = ReturnType<typeof createCredits>;
