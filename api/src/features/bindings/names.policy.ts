/**
 * Whose names staff may read in full (rule Z6): colleagues always, customers from store manager up and within one's own units,
 * and guides those of their own customers. Every page asks here, so that nobody is masked on one and named on the next; what is on
 * a parcel (recipient, phone, street) is for those who send it (`orders:ship`).
 */
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
  /** Whose customer they are now: a guide knows their own by name. */
  readonly guideId?: string | null;
}
/**
 * Name as a member of staff may see it. `alsoAt` are further units they are known to, e.g. that of the order in hand; that
 * they came to a unit's room makes nobody known to it. `readerId` is who reads, where guides read of their own customers.
 */
export function nameFor(
  staff: { role: StaffRole; orgPath: string },
  person: NamedPerson,
  alsoAt: readonly string[] = [],
  readerId: string | null = null,
): { id: string; name: string } {
  if (person.kind !== 'consumer') return { id: person.id, name: person.name };
  const scope = nameScope(staff);
  const places = person.ownerPath === null ? alsoAt : [person.ownerPath, ...alsoAt];
  const isOwn = readerId !== null && person.guideId === readerId;
  const readable = isOwn || (scope !== null && (!scope.includes('.') || places.some((path) => isWithin(path, scope))));
  return { id: person.id, name: readable ? person.name : maskName(person.name) };
}

/** Of whom something at a unit is: themselves in full, staff by `nameFor`, anybody else masked. */
export function nameTo(
  reader: { readonly personId: string; readonly staff?: { role: StaffRole; orgPath: string } | undefined },
  person: NamedPerson,
  at: string,
): { id: string; name: string } {
  if (reader.personId === person.id) return { id: person.id, name: person.name };
  if (!reader.staff) return { id: person.id, name: maskName(person.name) };
  return nameFor(reader.staff, person, [at], reader.personId);
}
