/**
 * Facts for other systems: sent to the addresses that a unit names (Standard Webhooks), and to be read from a cursor.
 * events.ts numbers the facts, deliveries.ts sends them, this file is what staff do.
 */
import {
  changeWebhook,
  createWebhook,
  deleteWebhook,
  isWithin,
  listEvents,
  listWebhookDeliveries,
  listWebhooks,
  replayWebhookDelivery,
  rotateWebhookSecret,
  type StaffRole,
  testWebhook,
  type Webhook,
  type WebhookDelivery,
} from '@walnut-live/contracts';
import { writeAudit } from '../../platform/audit.ts';
import type { Clock, Random } from '../../platform/clock.ts';
import { decodeTimeCursor, encodeTimeCursor } from '../../platform/cursor.ts';
import type { Db, Sql, Tx } from '../../platform/db.ts';
import { AppError } from '../../platform/errors.ts';
import type { Binder } from '../../platform/http.ts';
import type { Jobs } from '../../platform/jobs.ts';
import { createLimit } from '../../platform/limits.ts';
import type { Logger } from '../../platform/logger.ts';
import type { StaffPrincipal } from '../../platform/principal.ts';
import { createDeliveries } from './deliveries.ts';
import { createEvents, toDomainEvent } from './events.ts';
import { createOutgoing } from './outgoing.ts';
import { secretOf } from './signature.policy.ts';

export { addressGuard, NotPublic } from './outgoing.ts';
export { retryAfterSeconds } from './schedule.policy.ts';

export const NUMBERING_JOB = 'domain events: numbers';
export const WEBHOOKS_JOB = 'webhooks';
const EVERY_MS = 1_000;
const ENDPOINTS_PER_UNIT = 10;
const PREVIOUS_SECRET_MS = 86_400_000;
const TESTS_PER_MINUTE = 10;
/** Deliveries and facts are kept so long. */
const KEPT_MS = 30 * 86_400_000;
const RETENTION_EVERY_MS = 3_600_000;
const RETENTION_BATCH = 1_000;
const JITTER_STEPS = 256;

interface EndpointRow {
  id: string;
  orgUnit: Webhook['orgUnit'];
  orgPath: string;
  url: string;
  description: string;
  types: string[];
  state: Webhook['state'];
  disabledReason: Webhook['disabledReason'];
  failingSince: Date | null;
  secretVersion: number;
  previousUntil: Date | null;
  createdBy: string;
  byProgram: boolean;
  createdAt: Date;
}
type DeliveryRow = Omit<WebhookDelivery, 'nextTryAt' | 'createdAt' | 'endedAt'> & {
  nextTryAt: Date | null;
  createdAt: Date;
  endedAt: Date | null;
};

const toDelivery = (row: DeliveryRow): WebhookDelivery => ({
  ...row,
  nextTryAt: row.nextTryAt?.toISOString() ?? null,
  createdAt: row.createdAt.toISOString(),
  endedAt: row.endedAt?.toISOString() ?? null,
});

export function createWebhooks(deps: {
  bind: Binder;
  db: Db;
  clock: Clock;
  random: Random;
  log: Logger;
  jobs: Jobs;
  serverSecret: string;
  allowPrivate: boolean;
}) {
  const { bind, db, clock, random, jobs, serverSecret } = deps;
  const outgoing = createOutgoing(deps);
  const outgoingPublic = createOutgoing({ allowPrivate: false });
  const events = createEvents(deps);
  const jitter = () => (random.bytes(1)[0] ?? 0) / JITTER_STEPS;
  const deliveries = createDeliveries({ ...deps, outgoing, outgoingPublic, jitter });
  const tests = createLimit({ points: TESTS_PER_MINUTE, seconds: 60 });

  const toWebhook = (row: EndpointRow): Webhook => ({
    id: row.id,
    orgUnit: row.orgUnit,
    url: row.url,
    description: row.description,
    types: row.types,
    state: row.state,
    disabledReason: row.disabledReason,
    failingSince: row.failingSince?.toISOString() ?? null,
    previousSecretUntil: row.previousUntil && row.previousUntil > clock.now() ? row.previousUntil.toISOString() : null,
    createdAt: row.createdAt.toISOString(),
  });
  const withSecret = (row: EndpointRow) => ({
    ...toWebhook(row),
    secret: secretOf(serverSecret, row.id, row.secretVersion),
  });

  const read = (sql: Sql, scope: string, id: string | null, { deleted = false } = {}) =>
    sql<EndpointRow>`
      SELECT e.id, jsonb_build_object('id', u.id, 'kind', u.kind, 'path', u.path, 'name', u.name) AS "orgUnit", e.org_path AS "orgPath",
        e.url, e.description, e.types, e.state, e.disabled_reason AS "disabledReason", e.failing_since AS "failingSince",
        e.secret_version AS "secretVersion", e.previous_until AS "previousUntil", e.created_at AS "createdAt",
        e.created_by AS "createdBy",
        EXISTS (SELECT 1 FROM staff_accounts s WHERE s.person_id = e.created_by AND s.role = 'integrator') AS "byProgram"
      FROM webhook_endpoints e JOIN org_units u ON u.id = e.org_unit_id
      WHERE (e.org_path = ${scope} OR e.org_path LIKE ${`${scope}.%`}) AND (${id}::uuid IS NULL OR e.id = ${id}::uuid)
        AND (e.deleted_at IS NULL OR ${deleted}::boolean)
      ORDER BY e.created_at DESC, e.id`;
  async function own(sql: Sql, principal: StaffPrincipal, id: string, also = {}): Promise<EndpointRow> {
    const [row] = await read(sql, principal.staff.orgPath, id, also);
    if (!row) throw new AppError('not_found');
    return row;
  }
  /** As `own`, to be changed: a program changes what it made itself; people's and other programs' endpoints it only sees. */
  async function ownToChange(sql: Sql, principal: StaffPrincipal, id: string, also = {}): Promise<EndpointRow> {
    const row = await own(sql, principal, id, also);
    if (principal.staff.role !== 'hq_admin' && row.createdBy !== principal.personId)
      throw new AppError('forbidden', { facts: { reason: 'made_by_somebody_else' } });
    return row;
  }
  /** Into the brand's own network only an administrator leads, and only by an endpoint that no program holds. */
  function requireGoodUrl(url: string, { role, byProgram = false }: { role: StaffRole; byProgram?: boolean }): void {
    const issue = (role === 'hq_admin' && !byProgram ? outgoing : outgoingPublic).fault(url);
    if (issue) throw new AppError('invalid_request', { issues: [{ path: '/url', issue }] });
  }
  const audit = (tx: Tx, principal: StaffPrincipal, row: EndpointRow, action: string, detail: object = {}) =>
    writeAudit(tx, deps, {
      actorId: principal.personId,
      action: `webhook:${action}`,
      target: `webhook:${row.id}`,
      orgPath: row.orgPath,
      // The address may carry a token of its receiver in its path.
      detail: { host: new URL(row.url).host, ...detail },
    });

  bind(listWebhooks, async ({ principal }) => ({
    items: (await read(db.sql, principal.staff.orgPath, null)).map(toWebhook),
  }));
  bind(createWebhook, async ({ principal, body }) => {
    requireGoodUrl(body.url, principal.staff);
    return db.transaction(async (tx) => {
      const [unit] = await tx<{ path: string }>`SELECT path FROM org_units WHERE id = ${body.orgUnitId} FOR UPDATE`;
      if (!unit || !isWithin(unit.path, principal.staff.orgPath)) throw new AppError('not_found');
      const [known] = await tx<{ count: number }>`SELECT count(*)::int AS count FROM webhook_endpoints
        WHERE org_unit_id = ${body.orgUnitId} AND deleted_at IS NULL`;
      if ((known?.count ?? 0) >= ENDPOINTS_PER_UNIT)
        throw new AppError('limit_exceeded', { facts: { limit: ENDPOINTS_PER_UNIT } });
      const id = random.id();
      await tx`INSERT INTO webhook_endpoints (id, org_unit_id, org_path, url, description, types, state, created_by, created_at)
        VALUES (${id}, ${body.orgUnitId}, ${unit.path}, ${body.url}, ${body.description}, ${body.types}::text[], 'active',
          ${principal.personId}, ${clock.now()})`;
      const row = await own(tx, principal, id);
      await audit(tx, principal, row, 'created', { types: body.types });
      return withSecret(row);
    });
  });
  bind(changeWebhook, async ({ principal, params, body }) => {
    return db.transaction(async (tx) => {
      await tx`SELECT 1 FROM webhook_endpoints WHERE id = ${params.id} FOR UPDATE`;
      const before = await ownToChange(tx, principal, params.id);
      if (body.url !== undefined) requireGoodUrl(body.url, { role: principal.staff.role, byProgram: before.byProgram });
      const state = body.state ?? before.state;
      const reason = state === 'active' ? null : (before.disabledReason ?? 'by_hand');
      // Switched on again, it begins with a clean slate.
      const isBack = state === 'active' && before.state === 'disabled';
      await tx`UPDATE webhook_endpoints SET url = ${body.url ?? before.url}, description = ${body.description ?? before.description},
          types = ${body.types ?? before.types}::text[], state = ${state}, disabled_reason = ${reason},
          failing_since = CASE WHEN ${isBack}::boolean THEN NULL ELSE failing_since END
        WHERE id = ${params.id}`;
      const row = await own(tx, principal, params.id);
      await audit(tx, principal, row, 'changed', { changed: Object.keys(body), state });
      return toWebhook(row);
    });
  });
  bind(deleteWebhook, async ({ principal, params }) => {
    await db.transaction(async (tx) => {
      const row = await ownToChange(tx, principal, params.id, { deleted: true });
      const at = clock.now();
      const ended =
        await tx`UPDATE webhook_endpoints SET deleted_at = ${at} WHERE id = ${params.id} AND deleted_at IS NULL RETURNING id`;
      if (ended.length === 0) return;
      await tx`UPDATE webhook_deliveries SET state = 'failed', next_try_at = NULL, ended_at = ${at}, last_error = 'endpoint deleted'
        WHERE endpoint_id = ${params.id} AND state = 'pending'`;
      await audit(tx, principal, row, 'deleted');
    });
    return undefined;
  });
  bind(rotateWebhookSecret, ({ principal, params }) =>
    db.transaction(async (tx) => {
      await tx`SELECT 1 FROM webhook_endpoints WHERE id = ${params.id} FOR UPDATE`;
      const before = toWebhook(await ownToChange(tx, principal, params.id));
      // A third secret would end the first one's day.
      const { previousSecretUntil: until } = before;
      if (until) throw new AppError('state_conflict', { facts: { previousSecretUntil: until } });
      await tx`UPDATE webhook_endpoints SET secret_version = secret_version + 1,
        previous_until = ${new Date(clock.now().getTime() + PREVIOUS_SECRET_MS)} WHERE id = ${params.id}`;
      const row = await own(tx, principal, params.id);
      await audit(tx, principal, row, 'secret-rotated');
      return withSecret(row);
    }),
  );
  bind(testWebhook, async ({ principal, params }) => {
    const row = await ownToChange(db.sql, principal, params.id);
    if (row.state !== 'active') throw new AppError('state_conflict', { facts: { state: row.state } });
    await tests.take(principal.personId);
    const [id, eventId, at] = [random.id(), random.id(), clock.now()];
    const body = JSON.stringify(toDomainEvent({ id: eventId, type: 'webhook.test', at, data: { webhookId: row.id } }));
    await db.sql`INSERT INTO webhook_deliveries (id, endpoint_id, event_id, type, body, state, next_try_at, created_at)
      VALUES (${id}, ${row.id}, ${eventId}, 'webhook.test', ${body}, 'pending', ${at}, ${at})`;
    return { deliveryId: id };
  });

  const readDeliveries = (
    sql: Sql,
    filter: {
      id?: string;
      endpointId?: string;
      state?: string | undefined;
      after?: { at: Date; id: string } | undefined;
      limit: number;
    },
  ) => sql<DeliveryRow & { endpointId: string }>`
    SELECT id, endpoint_id AS "endpointId", event_id AS "eventId", type, state, attempts, next_try_at AS "nextTryAt", last_status AS "lastStatus",
      last_error AS "lastError", last_ms AS "lastMs", created_at AS "createdAt", ended_at AS "endedAt", body
    FROM webhook_deliveries
    WHERE (${filter.id ?? null}::uuid IS NULL OR id = ${filter.id ?? null}::uuid)
      AND (${filter.endpointId ?? null}::uuid IS NULL OR endpoint_id = ${filter.endpointId ?? null}::uuid)
      AND (${filter.state ?? null}::text IS NULL OR state = ${filter.state ?? null})
      AND (${filter.after?.id ?? null}::uuid IS NULL
        OR (created_at, id) < (${filter.after?.at ?? null}::timestamptz, ${filter.after?.id ?? null}::uuid))
    ORDER BY created_at DESC, id DESC LIMIT ${filter.limit}`;
  const shown = ({ endpointId: _endpoint, ...row }: DeliveryRow & { endpointId: string }) => toDelivery(row);

  bind(listWebhookDeliveries, async ({ principal, params, query: { cursor, limit, state } }) => {
    const after = decodeTimeCursor(cursor);
    await own(db.sql, principal, params.id, { deleted: true });
    const found = await readDeliveries(db.sql, { endpointId: params.id, state, after, limit: limit + 1 });
    const items = found.slice(0, limit);
    const last = items.at(-1);
    const more = found.length > limit && last;
    return { items: items.map(shown), nextCursor: more ? encodeTimeCursor({ at: last.createdAt, id: last.id }) : null };
  });
  bind(replayWebhookDelivery, ({ principal, params }) =>
    db.transaction(async (tx) => {
      const [delivery] = await readDeliveries(tx, { id: params.id, limit: 1 });
      if (!delivery) throw new AppError('not_found');
      const row = await ownToChange(tx, principal, delivery.endpointId);
      if (row.state !== 'active') throw new AppError('state_conflict', { facts: { state: row.state } });
      await tx`UPDATE webhook_deliveries SET state = 'pending', attempts = 0, next_try_at = ${clock.now()}, ended_at = NULL
        WHERE id = ${params.id} AND state <> 'pending'`;
      const [after] = await readDeliveries(tx, { id: params.id, limit: 1 });
      if (!after) throw new AppError('not_found');
      return shown(after);
    }),
  );

  bind(listEvents, async ({ principal, query }) => {
    const after = decodeNo(query.cursor);
    const found = await events.after(principal.staff.orgPath, { after, type: query.type, limit: query.limit + 1 });
    const items = found.slice(0, query.limit);
    const last = items.at(-1)?.no ?? after;
    return { items: items.map(toDomainEvent), nextCursor: encodeNo(last), hasMore: found.length > query.limit };
  });

  jobs.every(NUMBERING_JOB, EVERY_MS, async () => void (await events.number()));
  jobs.every(WEBHOOKS_JOB, EVERY_MS, deliveries.startDue);
  jobs.every('webhooks: what is old goes', RETENTION_EVERY_MS, async () => {
    const before = new Date(clock.now().getTime() - KEPT_MS);
    const sweeps = [
      () => db.sql`DELETE FROM webhook_deliveries WHERE id IN (SELECT id FROM webhook_deliveries
        WHERE coalesce(ended_at, created_at) < ${before} LIMIT ${RETENTION_BATCH} FOR UPDATE SKIP LOCKED) RETURNING 1 AS gone`,
      // By number, and never the last: the next number follows from it.
      () => db.sql`DELETE FROM domain_events WHERE at < ${before} AND no < (SELECT max(no) FROM domain_events)
        AND seq IN (SELECT seq FROM domain_events ORDER BY no LIMIT ${RETENTION_BATCH} FOR UPDATE SKIP LOCKED) RETURNING 1 AS gone`,
    ];
    for (const sweep of sweeps) while ((await sweep()).length === RETENTION_BATCH);
  });
  return { idle: deliveries.idle, close: deliveries.close };
}
export type Webhooks = ReturnType<typeof createWebhooks>;

const encodeNo = (no: bigint): string => Buffer.from(`e${no}`).toString('base64url');
function decodeNo(cursor: string | undefined): bigint {
  if (cursor === undefined) return 0n;
  const no = /^e(\d{1,18})$/.exec(Buffer.from(cursor, 'base64url').toString('utf8'))?.[1];
  if (no === undefined)
    throw new AppError('invalid_request', { issues: [{ path: '/cursor', issue: 'unknown_cursor' }] });
  return BigInt(no);
}
