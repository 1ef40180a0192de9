/**
 * Sends what is due.
 *
 * Model: a delivery is pending → delivered | failed. An endpoint has one sender at a time, on whatever node: it takes the
 * endpoint for LEASE_SECONDS, sends what is due one after the other, the oldest first, renewing the lease before each, and
 * lets go when nothing is left, or after a failure, when everything that is due there waits a little. Senders of different
 * endpoints wait for nothing of one another. One that dies lets the lease run out: at least once, under the same `webhook-id`.
 */
import type { Clock } from '../../platform/clock.ts';
import type { Db } from '../../platform/db.ts';
import type { Logger } from '../../platform/logger.ts';
import { NotPublic, type Outgoing } from './outgoing.ts';
import { GIVE_UP_AFTER_MS, pauseAfter, retryAfterSeconds } from './schedule.policy.ts';
import { ID_HEADER, SIGNATURE_HEADER, secretOf, signaturesOf, TIMESTAMP_HEADER } from './signature.policy.ts';

/** Senders of one process. */
const MOST_SENDERS = 32;
/** Longer than an attempt and its booking last. */
const LEASE_SECONDS = 60;
/** What else is due where an attempt has failed waits so long. */
const BREATHER_SECONDS = 5;
const ERROR_CHARACTERS = 200;

interface Endpoint {
  id: string;
  url: string;
  /** Made by a program: it leads to the public internet, whatever the brand allows its administrators. */
  publicOnly: boolean;
  secretVersion: number;
  previousUntil: Date | null;
}
interface Due {
  id: string;
  eventId: string;
  body: string;
  attempts: number;
}
interface Outcome {
  readonly delivered: boolean;
  readonly status: number | null;
  readonly error: string | null;
  readonly wishSeconds: number | null;
  readonly tookMs: number;
}

export function createDeliveries(deps: {
  db: Db;
  clock: Clock;
  log: Logger;
  outgoing: Outgoing;
  /** For what programs named. */
  outgoingPublic: Outgoing;
  serverSecret: string;
  /** 0 to 1. */
  jitter: () => number;
}) {
  const { db, clock, log, serverSecret } = deps;

  const senders = new Set<Promise<void>>();
  const stopped = new AbortController();
  const leaseEnd = (): Date => new Date(clock.now().getTime() + LEASE_SECONDS * 1_000);

  /** Endpoints with something due and without a sender, whose oldest has waited longest first. */
  const takeEndpoints = (count: number): Promise<Endpoint[]> => {
    const now = clock.now();
    return db.sql<Endpoint>`
      UPDATE webhook_endpoints SET busy_until = ${leaseEnd()}
      WHERE id IN (
        SELECT e.id FROM webhook_endpoints e CROSS JOIN LATERAL (
          SELECT min(d.next_try_at) AS at FROM webhook_deliveries d WHERE d.endpoint_id = e.id AND d.state = 'pending') due
        WHERE e.state = 'active' AND e.deleted_at IS NULL AND (e.busy_until IS NULL OR e.busy_until <= ${now}) AND due.at <= ${now}
        ORDER BY due.at LIMIT ${count} FOR UPDATE OF e SKIP LOCKED)
      RETURNING id, url, (SELECT role = 'integrator' FROM staff_accounts WHERE person_id = created_by) AS "publicOnly", secret_version AS "secretVersion", previous_until AS "previousUntil"`;
  };

  /** The next message of an endpoint that is ours, or undefined: nothing is due, or it is ours no longer. */
  async function next({ id }: Endpoint): Promise<Due | undefined> {
    const now = clock.now();
    const [due] = await db.sql<Due>`
      WITH kept AS (
        UPDATE webhook_endpoints SET busy_until = ${leaseEnd()}
        WHERE id = ${id} AND state = 'active' AND deleted_at IS NULL AND busy_until > ${now} RETURNING id)
      SELECT d.id, d.event_id AS "eventId", d.body, d.attempts FROM webhook_deliveries d JOIN kept ON kept.id = d.endpoint_id
      WHERE d.state = 'pending' AND d.next_try_at <= ${now} ORDER BY d.next_try_at, d.id LIMIT 1`;
    return due;
  }

  async function attempt(endpoint: Endpoint, due: Due): Promise<Outcome> {
    const now = clock.now();
    const timestampSeconds = Math.floor(now.getTime() / 1_000);
    const versions = [endpoint.secretVersion];
    if (endpoint.previousUntil && endpoint.previousUntil > now) versions.push(endpoint.secretVersion - 1);
    const secrets = versions.map((version) => secretOf(serverSecret, endpoint.id, version));
    const startedAt = performance.now();
    const took = () => Math.round(performance.now() - startedAt);
    try {
      const outgoing = endpoint.publicOnly ? deps.outgoingPublic : deps.outgoing;
      const { status, retryAfter } = await outgoing.post(
        endpoint.url,
        {
          'content-type': 'application/json',
          'user-agent': 'walnut-live-webhooks',
          [ID_HEADER]: due.eventId,
          [TIMESTAMP_HEADER]: String(timestampSeconds),
          [SIGNATURE_HEADER]: signaturesOf(secrets, { id: due.eventId, timestampSeconds, body: due.body }),
        },
        due.body,
        stopped.signal,
      );
      const delivered = status >= 200 && status < 300;
      const wishSeconds = retryAfterSeconds(retryAfter, now);
      return { delivered, status, error: delivered ? null : `answered ${status}`, wishSeconds, tookMs: took() };
    } catch (error) {
      // What our own network looks like is nobody's business.
      const told = error instanceof NotPublic ? error.message : nameOf(error);
      return { delivered: false, status: null, error: told, wishSeconds: null, tookMs: took() };
    }
  }

  async function book(endpoint: Endpoint, due: Due, outcome: Outcome): Promise<void> {
    const now = clock.now();
    const attempts = due.attempts + 1;
    const pause = outcome.delivered ? null : pauseAfter(attempts, outcome.wishSeconds, deps.jitter());
    const state = outcome.delivered ? 'delivered' : pause === null ? 'failed' : 'pending';
    const nextTryAt = pause === null ? null : new Date(now.getTime() + pause * 1_000);
    await db.transaction(async (tx) => {
      // The endpoint first, as everybody locks.
      await tx`UPDATE webhook_endpoints SET failing_since = ${outcome.delivered ? null : now}
        WHERE id = ${endpoint.id} AND (failing_since IS NULL) <> ${outcome.delivered}`;
      await tx`UPDATE webhook_deliveries SET state = ${state}, attempts = ${attempts}, next_try_at = ${nextTryAt},
          last_status = ${outcome.status}, last_error = ${outcome.error?.slice(0, ERROR_CHARACTERS) ?? null}, last_ms = ${outcome.tookMs},
          ended_at = ${state === 'pending' ? null : now}
        WHERE id = ${due.id} AND state = 'pending' AND attempts = ${due.attempts}`;
      if (!outcome.delivered) {
        await tx`UPDATE webhook_deliveries SET next_try_at = ${new Date(now.getTime() + BREATHER_SECONDS * 1_000)}
          WHERE endpoint_id = ${endpoint.id} AND state = 'pending' AND next_try_at <= ${now}`;
      }
      const reason = outcome.status === 410 ? 'gone' : outcome.delivered ? null : 'failing';
      if (reason === null) return;
      const limit = reason === 'gone' ? now : new Date(now.getTime() - GIVE_UP_AFTER_MS);
      const off = await tx`UPDATE webhook_endpoints SET state = 'disabled', disabled_reason = ${reason}
        WHERE id = ${endpoint.id} AND state = 'active' AND failing_since <= ${limit} RETURNING id`;
      if (off.length > 0) log.warn({ endpointId: endpoint.id, reason }, 'webhooks: an endpoint was switched off');
    });
  }

  async function serve(endpoint: Endpoint): Promise<void> {
    try {
      for (let due = await next(endpoint); due; due = await next(endpoint)) {
        const outcome = await attempt(endpoint, due);
        if (stopped.signal.aborted) return; // what came of it nobody knows: it is sent again
        await book(endpoint, due, outcome);
        if (!outcome.delivered) break;
      }
      await db.sql`UPDATE webhook_endpoints SET busy_until = NULL WHERE id = ${endpoint.id}`;
    } catch (error) {
      if (!stopped.signal.aborted) log.error({ err: error, endpointId: endpoint.id }, 'webhooks: a sender failed');
    }
  }

  return {
    /** Gives endpoints with something due a sender; waits for none of them. */
    async startDue(): Promise<void> {
      const free = MOST_SENDERS - senders.size;
      if (free <= 0 || stopped.signal.aborted) return;
      for (const endpoint of await takeEndpoints(free)) {
        const sender = serve(endpoint).finally(() => senders.delete(sender));
        senders.add(sender);
      }
    },
    /** Resolves when no sender is at work here. */
    async idle(): Promise<void> {
      while (senders.size > 0) await Promise.all(senders);
    },
    async close(): Promise<void> {
      stopped.abort();
      await Promise.all(senders);
    },
  };
}

function nameOf(error: unknown): string {
  if (!(error instanceof Error)) return 'failed';
  const { code } = error as Error & { code?: string };
  return error.name === 'TimeoutError' ? 'no answer in time' : typeof code === 'string' ? code : 'connection failed';
}
