/** Whose names staff may read in full (rule Z6): colleagues always, customers from store manager up and within one's own units. */
import { isWithin, type StaffRole } from '@walnut-live/contracts';
import { maskName } from '../../platform/masks.policy.ts';

const readsNames: ReadonlySet<StaffRole> = new Set([
  'hq_admin',
  'hq_operations',
  'hq_analyst',
  'hq_finance',
  'hq_compliance',
  'channel_manager',
  'store_manager',
]);

/** The org path under which this member of staff reads customers' names; null = nowhere. */
export const nameScope = (staff: { role: StaffRole; orgPath: string }): string | null =>
  readsNames.has(staff.role) ? staff.orgPath : null;

export interface NamedPerson {
  readonly id: string;
  readonly name: string;
  readonly kind: string;
  /** Where they belong as a customer; null when nobody's yet (then only HQ reads the name). */
  readonly ownerPath: string | null;
}
/** Name as a member of staff may see it. `alsoAt` are further units they are known to, e.g. that of the order in hand. */
export function nameFor(
  staff: { role: StaffRole; orgPath: string },
  person: NamedPerson,
  alsoAt: readonly string[] = [],
): { id: string; name: string } {
  if (person.kind !== 'consumer') return { id: person.id, name: person.name };
  const scope = nameScope(staff);
  const places = person.ownerPath === null ? alsoAt : [person.ownerPath, ...alsoAt];
  const readable = scope !== null && (!scope.includes('.') || places.some((path) => isWithin(path, scope)));
  return { id: person.id, name: readable ? person.name : maskName(person.name) };
}
