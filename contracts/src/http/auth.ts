import { z } from 'zod';
import { PersonId } from '../ids.ts';
import { permissions, StaffRole } from '../staff.ts';
import { OrgUnitRef, text } from './common.ts';
import { defineRoute } from './route.ts';

export const Audience = z.enum(['consumer', 'staff']);
export type Audience = z.infer<typeof Audience>;

export const Me = z
  .object({
    id: PersonId,
    kind: z.enum(['guest', 'consumer', 'staff']),
    name: z.string(),
    /** Masked, `138****0001`; null for guests. */
    phoneMasked: z.string().nullable(),
    staff: z
      .object({ username: z.string(), role: StaffRole, orgUnit: OrgUnitRef, permissions: z.array(z.enum(permissions)) })
      .nullable(),
  })
  .meta({ id: 'Me' });
export type Me = z.infer<typeof Me>;

/** The access token goes into `Authorization: Bearer`; the refresh token travels in an HttpOnly cookie only. */
export const Session = z.object({ accessToken: z.string(), expiresInSeconds: z.int(), me: Me }).meta({ id: 'Session' });
export type Session = z.infer<typeof Session>;

/**
 * `guestToken` goes to pages of other sites alone, which have no cookie (docs/34): by it the same page is the same guest again
 * (rule A7). Never in a URL.
 */
export const GuestSession = Session.extend({ guestToken: z.string().optional() }).meta({ id: 'GuestSession' });
export type GuestSession = z.infer<typeof GuestSession>;

export const guestSignIn = defineRoute({
  id: 'auth.guest',
  method: 'POST',
  path: '/auth/guest',
  tag: 'identity',
  access: 'public',
  summary:
    'Become a guest, or the person this browser already is; a page of another site is the guest of its token, if any',
  body: z.strictObject({
    guestToken: z
      .string()
      .max(1_000)
      .regex(/^[\w-]+\.[\w-]+\.[\w-]+$/)
      .optional(),
  }),
  reply: GuestSession,
  status: 200,
  errors: ['rate_limited'],
});
export const sandboxSignIn = defineRoute({
  id: 'auth.sandbox',
  method: 'POST',
  path: '/auth/sandbox',
  tag: 'identity',
  access: 'public',
  summary:
    'Sign in as a consumer with any phone number (embedded sandbox provider, where it is switched on); a guest keeps what they did',
  body: z.strictObject({ phone: z.string().regex(/^1[3-9]\d{9}$/), name: text(24).optional() }),
  reply: Session,
  status: 200,
  errors: ['rate_limited', 'not_found'],
});
export const staffSignIn = defineRoute({
  id: 'auth.staff',
  method: 'POST',
  path: '/auth/staff',
  tag: 'identity',
  access: 'public',
  summary: 'Sign in as staff',
  body: z.strictObject({ username: text(64), password: z.string().min(1).max(200) }),
  reply: Session,
  status: 200,
  errors: ['wrong_credentials', 'rate_limited'],
});
export const refreshSession = defineRoute({
  id: 'auth.refresh',
  method: 'POST',
  path: '/auth/refresh',
  tag: 'identity',
  access: 'public',
  summary: 'A new access token for the refresh cookie, which is rotated; needs the header X-Walnut-Client',
  body: z.strictObject({ audience: Audience }),
  reply: Session,
  status: 200,
  errors: ['session_expired', 'rate_limited'],
});
export const signOut = defineRoute({
  id: 'auth.logout',
  method: 'POST',
  path: '/auth/logout',
  tag: 'identity',
  access: 'public',
  summary: 'End this session; its refresh family is revoked',
  body: z.strictObject({ audience: Audience }),
  status: 204,
});
export const me = defineRoute({
  id: 'auth.me',
  method: 'GET',
  path: '/me',
  tag: 'identity',
  access: 'person',
  summary: 'Who I am',
  reply: Me,
});
