/** True for an error that says by `permanent: true` that asking again is useless (banned, room ended). */
export function isPermanent(error: unknown): boolean {
  return typeof error === 'object' && error !== null && 'permanent' in error && error.permanent === true;
}
