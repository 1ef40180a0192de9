/**
 * Sends what is due.
 *
 * Model: pending → delivered | failed. A turn takes, of every endpoint with something due, its oldest few, and sends them one
 * after the other; endpoints go side by side, so that a slow one holds up itself alone, and after a first failure it is left
 * alone for this turn. Taking a delivery moves its next attempt ahead, so nobody else sends it meanwhile, and one whose sender
 * dies is sent again: at least once, under the same `webhook-id`.
 */
import type { Clock } from '../../platform/clock.ts';
import type { Db } from '../../platform/db.ts';
import type { Logger } from '../../platform/logger.ts';
import { NotPublic, type Outgoing } from './outgoing.ts';
import { GIVE_UP_AFTER_MS, pauseAfter, retryAfterSeconds } from './schedule.policy.ts';
import { ID_HEADER, SIGNATURE_HEADER, secretOf, signaturesOf, TIMESTAMP_HEADER } from './signature.policy.ts';

const ENDPOINTS_PER_TURN = 20;
const PER_ENDPOINT = 10;
/** Longer than an attempt may last. */
const LEASE_SECONDS = 60;
const ERROR_CHARACTERS = 200;

interface Due {
  id: string;
  endpointId: string;
  eventId: string;
  body: string;
  attempts: number;
  url: string;
  secretVersion: number;
  previousUntil: Date | null;
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
  serverSecret: string;
  /** 0 to 1. */
  jitter: () => number;
}) {
  const { db, clock, log, outgoing, serverSecret } = deps;

  async function take(): Promise<Due[]> {
    const now = clock.now();
    return db.sql<Due>`
      WITH due AS (
        SELECT d.id FROM (
          SELECT id, endpoint_id, next_try_at, row_number() OVER (PARTITION BY endpoint_id ORDER BY next_try_at, id) AS place,
            dense_rank() OVER (ORDER BY endpoint_id) AS endpoint
          FROM webhook_deliveries WHERE state = 'pending' AND next_try_at <= ${now}) ranked
        JOIN webhook_deliveries d ON d.id = ranked.id
        WHERE ranked.place <= ${PER_ENDPOINT} AND ranked.endpoint <= ${ENDPOINTS_PER_TURN}
        FOR UPDATE OF d SKIP LOCKED)
      UPDATE webhook_deliveries d SET next_try_at = ${new Date(now.getTime() + LEASE_SECONDS * 1_000)}
      FROM due, webhook_endpoints e
      WHERE d.id = due.id AND d.state = 'pending' AND d.next_try_at <= ${now} AND e.id = d.endpoint_id
        AND e.state = 'active' AND e.deleted_at IS NULL
      RETURNING d.id, d.endpoint_id AS "endpointId", d.event_id AS "eventId", d.body, d.attempts, e.url,
        e.secret_version AS "secretVersion", e.previous_until AS "previousUntil"`;
  }

  async function attempt(due: Due): Promise<Outcome> {
    const now = clock.now();
    const timestampSeconds = Math.floor(now.getTime() / 1_000);
    const versions = [due.secretVersion];
    if (due.previousUntil && due.previousUntil > now) versions.push(due.secretVersion - 1);
    const secrets = versions.map((version) => secretOf(serverSecret, due.endpointId, version));
    const startedAt = performance.now();
    const took = () => Math.round(performance.now() - startedAt);
    try {
      const { status, retryAfter } = await outgoing.post(
        due.url,
        {
          'content-type': 'application/json',
          'user-agent': 'walnut-live-webhooks',
          [ID_HEADER]: due.eventId,
          [TIMESTAMP_HEADER]: String(timestampSeconds),
          [SIGNATURE_HEADER]: signaturesOf(secrets, { id: due.eventId, timestampSeconds, body: due.body }),
        },
        due.body,
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

  async function book(due: Due, outcome: Outcome): Promise<void> {
    const now = clock.now();
    const attempts = due.attempts + 1;
    const pause = outcome.delivered ? null : pauseAfter(attempts, outcome.wishSeconds, deps.jitter());
    const state = outcome.delivered ? 'delivered' : pause === null ? 'failed' : 'pending';
    const nextTryAt = pause === null ? null : new Date(now.getTime() + pause * 1_000);
    await db.transaction(async (tx) => {
      // Switched off or sent anew meanwhile: the endpoint first, as everybody locks.
      await tx`UPDATE webhook_endpoints SET failing_since = ${outcome.delivered ? null : now}
        WHERE id = ${due.endpointId} AND (failing_since IS NULL) <> ${outcome.delivered}`;
      await tx`UPDATE webhook_deliveries SET state = ${state}, attempts = ${attempts}, next_try_at = ${nextTryAt},
          last_status = ${outcome.status}, last_error = ${outcome.error?.slice(0, ERROR_CHARACTERS) ?? null}, last_ms = ${outcome.tookMs},
          ended_at = ${state === 'pending' ? null : now}
        WHERE id = ${due.id} AND state = 'pending' AND attempts = ${due.attempts}`;
      const reason = outcome.status === 410 ? 'gone' : outcome.delivered ? null : 'failing';
      if (reason === null) return;
      const limit = reason === 'gone' ? now : new Date(now.getTime() - GIVE_UP_AFTER_MS);
      const off = await tx`UPDATE webhook_endpoints SET state = 'disabled', disabled_reason = ${reason}
        WHERE id = ${due.endpointId} AND state = 'active' AND failing_since <= ${limit} RETURNING id`;
      if (off.length > 0) log.warn({ endpointId: due.endpointId, reason }, 'webhooks: an endpoint was switched off');
    });
  }

  return {
    /** One turn; answers how many attempts were made. */
    async sendDue(): Promise<number> {
      const byEndpoint = Map.groupBy(await take(), ({ endpointId }) => endpointId);
      let attempts = 0;
      const turns = [...byEndpoint.values()].map(async (queue) => {
        let isDown = false;
        for (const due of queue.sort((a, b) => (a.id < b.id ? -1 : 1))) {
          if (isDown) {
            await putBack(due);
            continue;
          }
          const outcome = await attempt(due);
          attempts += 1;
          await book(due, outcome);
          isDown = !outcome.delivered;
        }
      });
      for (const turn of await Promise.allSettled(turns)) {
        if (turn.status === 'rejected') log.error({ err: turn.reason }, 'webhooks: a turn failed, will be made again');
      }
      return attempts;
    },
  };

  /** Not tried in this turn, and not the worse for it. */
  async function putBack({ id, attempts }: Due): Promise<void> {
    await db.sql`UPDATE webhook_deliveries SET next_try_at = ${new Date(clock.now().getTime() + 5_000)}
      WHERE id = ${id} AND state = 'pending' AND attempts = ${attempts}`;
  }
}

function nameOf(error: unknown): string {
  if (!(error instanceof Error)) return 'failed';
  const { code } = error as Error & { code?: string };
  return error.name === 'TimeoutError' ? 'no answer in time' : typeof code === 'string' ? code : 'connection failed';
}
