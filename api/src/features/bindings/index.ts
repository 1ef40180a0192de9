import { getBinding } from '@walnut-live/contracts';
import type { Clock, Random } from '../../platform/clock.ts';
import type { Db } from '../../platform/db.ts';
import type { Binder } from '../../platform/http.ts';
import { createBindingsService } from './bindings.service.ts';
import { bindAttributionPolicies } from './policies.ts';
import { bindBindingRulings } from './rulings.ts';

export { isValid, shareRewardsRun } from './bindings.policy.ts';
export { type NamedPerson, nameFor, nameScope, nameTo } from './names.policy.ts';
export { CUSTOMER_TRANSFERS_JOB, createTransfers } from './transfers.ts';

/** Owner bindings and invite edges (rules A1, A2, A5), and the policy they are made by. */
export function createBindings(deps: { db: Db; clock: Clock; random: Random; bind: Binder }) {
  const service = createBindingsService(deps);
  deps.bind(getBinding, async ({ principal, params }) => service.read(principal, params.id));
  bindAttributionPolicies(deps.bind, deps);
  bindBindingRulings(deps.bind, { ...deps, service });
  return service;
}
