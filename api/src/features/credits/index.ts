import type { Clock, Random } from '../../platform/clock.ts';
import type { Db } from '../../platform/db.ts';
import type { Binder } from '../../platform/http.ts';
import { createAppeals } from './appeals.ts';
import { createCreditsService } from './credits.service.ts';
import { createExplanations } from './explain.ts';
import { bindMyCredits } from './my-credits.ts';
import { createRulings, type RulingsDeps } from './rulings.ts';

export type { Considered, CreditView, OrderToCredit } from './credits.service.ts';
export { requireNoInterest } from './interest.ts';

/** The decision itself, in the order's own transaction. */
export const createCredits = createCreditsService;
export type Credits = ReturnType<typeof createCredits>;

/** Who brought an order: explained to everybody concerned; appeals and what headquarters rules on them (rules A3–A5). */
export type CreditDeskDeps = { bind: Binder; db: Db; clock: Clock; random: Random } & Pick<
  RulingsDeps,
  'onCreditRuled' | 'tell'
>;
export function createCreditDesk(deps: CreditDeskDeps): void {
  const { explain } = createExplanations(deps);
  bindMyCredits(deps.bind, deps);
  createAppeals(deps);
  createRulings({ ...deps, explain });
}
