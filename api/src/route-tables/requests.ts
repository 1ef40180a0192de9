/** Requests for tables that walk over all routes of the contracts. */
import { randomUUID } from 'node:crypto';
import type { Access, Permission, Route, StaffRole } from '@walnut-live/contracts';
import { may } from '@walnut-live/contracts';
import type { Principal } from '../platform/principal.ts';
import type { Brand } from '../testing/fixtures.ts';
import type { TestApi } from '../testing/test-api.ts';

/** Params that are no ids. */
const known: Readonly<Record<string, string>> = {
  provider: 'sandbox',
  code: '1234567890',
  couponCode: '1234567890123456',
  kind: 'touches',
  purpose: 'adult_check',
};
/** Params that parse; there is nothing behind them. */
export function anyParams(route: Route): Record<string, string> {
  const names = [...route.path.matchAll(/:(\w+)/g)].map((match) => match[1] ?? '');
  return Object.fromEntries(names.map((name) => [name, known[name] ?? randomUUID()]));
}

export interface RawAnswer {
  status: number;
  contentType: string;
  text: string;
  problem: { code?: string; status?: number; requestId?: string; issues?: { path: string; issue: string }[] };
}

/** Sends what it is told to, valid or not. */
export async function send(
  api: TestApi,
  route: Route,
  request: {
    params?: Record<string, string>;
    query?: string;
    body?: string | undefined;
    as?: Principal | undefined;
    headers?: Record<string, string>;
  },
): Promise<RawAnswer> {
  let path = `${route.base ?? '/api/v1'}${route.path}`;
  for (const [name, value] of Object.entries(request.params ?? anyParams(route)))
    path = path.replace(`:${name}`, value);
  const token = request.as ? await api.token(request.as) : undefined;
  const response = await fetch(`${api.url}${path}${request.query ? `?${request.query}` : ''}`, {
    method: route.method,
    redirect: 'manual',
    headers: {
      'x-walnut-client': 'test',
      ...(token ? { authorization: `Bearer ${token}` } : {}),
      ...(route.idempotent ? { 'idempotency-key': randomUUID() } : {}),
      ...(request.body === undefined ? {} : { 'content-type': 'application/json' }),
      ...request.headers,
    },
    ...(request.body === undefined ? {} : { body: request.body }),
  });
  const text = await response.text();
  const contentType = response.headers.get('content-type') ?? '';
  return { status: response.status, contentType, text, problem: contentType.includes('json') ? JSON.parse(text) : {} };
}

/** One of each: nobody, guest, consumer, every role of staff. */
export function everybody(brand: Brand): Record<'nobody' | 'guest' | 'consumer' | StaffRole, Principal | undefined> {
  const { staff } = brand;
  return {
    nobody: undefined,
    guest: brand.guest,
    consumer: brand.consumers.anna,
    hq_admin: staff.admin,
    hq_operations: staff.operations,
    hq_analyst: staff.analyst,
    hq_finance: staff.finance,
    hq_compliance: staff.compliance,
    channel_manager: staff.channelEast,
    store_manager: staff.a.manager,
    guide: staff.a.guide,
    assistant: staff.a.assistant,
    integrator: staff.integrator,
  };
}

/** What the gate of a route says to somebody, worked out from the contract alone. */
export function gateOf(access: Access, principal: Principal | undefined): 'open' | 401 | 403 {
  if (access === 'public' || (typeof access === 'object' && 'secret' in access)) return 'open';
  if (!principal) return 401;
  if (access === 'person') return 'open';
  const permission: Permission | undefined =
    access === 'consumer' ? undefined : 'staff' in access ? access.staff : access.consumerOrStaff;
  const forConsumers = access === 'consumer' || 'consumerOrStaff' in access;
  if (principal.kind === 'consumer' && forConsumers) return 'open';
  if (principal.kind === 'guest') return 401;
  return permission && principal.staff && may(principal.staff.role, permission) ? 'open' : 403;
}
