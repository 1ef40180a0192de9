import type { z } from 'zod';
import type { ErrorCode } from '../errors.ts';
import type { Permission } from '../staff.ts';

/**
 * One HTTP route as data. The api mounts it, OpenAPI is generated from it, browsers call it typed, and the table tests
 * (role × route, wrong bodies, missing keys) walk over all of them, so a route that is not here does not exist.
 *
 * `access`:
 * - `public`            nobody needs to be known
 * - `person`            any signed-in identity: guest, consumer or staff
 * - `consumer`          a consumer who signed in (not a guest)
 * - `{ staff: p }`      staff whose role has permission `p`; the service narrows by org path
 * - `consumer-or-staff` a consumer (their own things) or staff with permission `p`
 * - `{ secret: name }`  another system that proves itself by a signature
 */
export type Access =
  | 'public'
  | 'person'
  | 'consumer'
  | { readonly staff: Permission }
  | { readonly consumerOrStaff: Permission }
  | { readonly secret: string };

export interface Route {
  readonly id: string;
  readonly method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  /** Express path below the base, `/orders/:id`. */
  readonly path: string;
  /** `/api/v1` unless said otherwise; `/s/:token` lives at the root. */
  readonly base?: '';
  readonly tag: string;
  readonly summary: string;
  readonly access: Access;
  readonly params?: z.ZodType;
  readonly query?: z.ZodType;
  readonly body?: z.ZodType;
  readonly reply?: z.ZodType;
  readonly status?: 200 | 201 | 202 | 204 | 302;
  /** Rule M3: `Idempotency-Key` is required and its answer is stored. */
  readonly idempotent?: true;
  /** The body is one of these types, as bytes, instead of JSON. */
  readonly consumes?: readonly string[];
  /** Besides JSON: a CSV of the same rows by `?format=csv`, a picture … */
  readonly produces?: readonly string[];
  readonly errors?: readonly ErrorCode[];
}

/** Keeps the exact types of the schemas, so that handlers and callers are typed by the route. */
export function defineRoute<const R extends Route>(route: R): R {
  return route;
}

export type ParamsOf<R extends Route> = R extends { params: infer S extends z.ZodType } ? z.output<S> : undefined;
export type QueryOf<R extends Route> = R extends { query: infer S extends z.ZodType } ? z.output<S> : undefined;
export type QueryInputOf<R extends Route> = R extends { query: infer S extends z.ZodType } ? z.input<S> : undefined;
export type BodyOf<R extends Route> = R extends { body: infer S extends z.ZodType } ? z.output<S> : undefined;
export type BodyInputOf<R extends Route> = R extends { body: infer S extends z.ZodType } ? z.input<S> : undefined;
export type ReplyOf<R extends Route> = R extends { reply: infer S extends z.ZodType } ? z.output<S> : undefined;
