import {
  getCommissionRules,
  listCommissionRules,
  myCommissionTerms,
  publishCommissionRules,
  saveCommissionDraft,
  simulateCommission,
} from '@walnut-live/contracts';
import type { Clock, Random } from '../../platform/clock.ts';
import type { Db } from '../../platform/db.ts';
import type { Binder } from '../../platform/http.ts';
import { myTerms } from './my-terms.ts';
import type { PostingDeps } from './posting.ts';
import { createRulesService } from './rules.service.ts';
import { createSimulation } from './simulation.ts';

export function bindRules(
  bind: Binder,
  deps: Pick<PostingDeps, 'policyAt' | 'isAgent'> & { db: Db; clock: Clock; random: Random },
): void {
  const rules = createRulesService(deps);
  const { simulate } = createSimulation(deps);
  bind(getCommissionRules, ({ principal }) => rules.read(principal));
  bind(saveCommissionDraft, ({ principal, body }) => rules.save(principal, body));
  bind(publishCommissionRules, ({ tx, principal, body }) => rules.publish(tx, principal, body));
  bind(listCommissionRules, ({ query }) => rules.versions(query.before, query.limit));
  bind(simulateCommission, ({ principal, body }) => simulate(principal, body));
  bind(myCommissionTerms, ({ principal }) => myTerms(deps, principal));
}
