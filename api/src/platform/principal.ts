import { type Access, isWithin, may, type Permission, type StaffRole } from '@walnut-live/contracts';
import { AppError } from './errors.ts';

/** Who is asking. Made from an access token, never from the body of a request. */
export interface Principal {
  readonly personId: string;
  readonly kind: 'guest' | 'consumer' | 'staff';
  readonly name: string;
  readonly staff?: { readonly role: StaffRole; readonly orgUnitId: string; readonly orgPath: string };
}
export interface StaffPrincipal extends Principal {
  readonly staff: NonNullable<Principal['staff']>;
}

/** The gate of a route; what a person may do *with a given row* is decided by `requireScope` in the service. */
export function checkAccess(access: Access, principal: Principal | undefined): void {
  if (access === 'public' || (typeof access === 'object' && 'secret' in access)) return;
  if (!principal) throw new AppError('unauthenticated');
  if (access === 'person') return;
  if (access === 'consumer') {
    if (principal.kind !== 'consumer') throw new AppError(principal.kind === 'guest' ? 'unauthenticated' : 'forbidden');
    return;
  }
  if ('consumerOrStaff' in access && principal.kind === 'consumer') return;
  const permission = 'staff' in access ? access.staff : access.consumerOrStaff;
  if (!principal.staff) throw new AppError(principal.kind === 'guest' ? 'unauthenticated' : 'forbidden');
  if (!may(principal.staff.role, permission)) throw new AppError('forbidden');
}

/** Staff with `permission` whose org path covers `orgPath`; a row of another store is `not_found`, as if it did not exist. */
export function requireScope(
  principal: Principal | undefined,
  permission: Permission,
  orgPath: string,
): asserts principal is StaffPrincipal {
  if (!principal?.staff) throw new AppError('forbidden');
  if (!isWithin(orgPath, principal.staff.orgPath)) throw new AppError('not_found');
  if (!may(principal.staff.role, permission)) throw new AppError('forbidden');
}

export function mayIn(principal: Principal | undefined, permission: Permission, orgPath: string): boolean {
  return (
    principal?.staff !== undefined &&
    may(principal.staff.role, permission) &&
    isWithin(orgPath, principal.staff.orgPath)
  );
}
