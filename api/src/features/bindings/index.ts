import { getBinding } from '@walnut-live/contracts';
import type { Clock, Random } from '../../platform/clock.ts';
import type { Db } from '../../platform/db.ts';
import type { Binder } from '../../platform/http.ts';
import { createBindingsService } from './bindings.service.ts';

export { isValid } from './bindings.policy.ts';
export { maskName, type NamedPerson, nameFor, nameScope } from './names.policy.ts';

/** Owner bindings and invite edges (rules A1, A2, A5). */
export function createBindings(deps: { db: Db; clock: Clock; random: Random; bind: Binder }) {
  const service = createBindingsService(deps);
  deps.bind(getBinding, async ({ principal, params }) => service.read(principal, params.id));
  return service;
}
