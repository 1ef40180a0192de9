/**
 * Where a parcel is, as its carrier (or a service that asks many carriers) says. The port and its REST implementation; without
 * one, staff say it by hand.
 *
 * REST: `GET {url}/parcels/{carrier}/{trackingNo}` with `Authorization: Bearer {token}` answers
 * `{ "state": "in_transit" | "near" | "delivered" | "returned", "note"?: string }`, or 404 for a number it does not know yet.
 */
import { type Carrier, ParcelState } from '@walnut-live/contracts';
import { z } from 'zod';
import type { Clock } from '../../platform/clock.ts';
import type { Db } from '../../platform/db.ts';
import { AppError } from '../../platform/errors.ts';
import type { Jobs } from '../../platform/jobs.ts';
import type { Logger } from '../../platform/logger.ts';
import type { ParcelsService } from './parcels.service.ts';

export interface CarrierTracking {
  /** Null: it knows nothing of this parcel yet. Rejects when it cannot be asked now. */
  query(parcel: { carrier: Carrier; trackingNo: string }): Promise<{ state: ParcelState; note: string } | null>;
}

const TIMEOUT_MS = 5_000;
const Answer = z.object({ state: ParcelState, note: z.string().max(200).default('') });

export function createCarrierTracking(config: { url: string; token: string }): CarrierTracking {
  return {
    async query({ carrier, trackingNo }) {
      const url = `${config.url.replace(/\/$/, '')}/parcels/${carrier}/${encodeURIComponent(trackingNo)}`;
      const response = await fetch(url, {
        headers: { accept: 'application/json', ...(config.token ? { authorization: `Bearer ${config.token}` } : {}) },
        signal: AbortSignal.timeout(TIMEOUT_MS),
        redirect: 'error',
      });
      if (response.status === 404) return null;
      if (!response.ok) throw new Error(`carrier answered ${response.status}`);
      return Answer.parse(await response.json());
    },
  };
}

export const CARRIER_QUERY_JOB = 'parcels: ask carriers';
const EVERY_MS = 60_000;
/** A parcel is asked after so often. */
const ASK_AGAIN_MS = 3_600_000;
/** Nobody asks for longer about a parcel that never arrives. */
const ASK_FOR_MS = 30 * 86_400_000;
const BATCH = 100;
const AT_ONCE = 4;

const eventOf = { near: 'near', delivered: 'deliver', returned: 'return' } as const;

/** Claims due parcels, asks outside of any transaction, notes what is new; several processes share the work. */
export function followCarriers(deps: {
  db: Db;
  clock: Clock;
  log: Logger;
  jobs: Jobs;
  tracking: CarrierTracking;
  parcels: Pick<ParcelsService, 'note'>;
}): void {
  const { db, clock, log, tracking, parcels } = deps;

  async function askOne(parcel: { id: string; carrier: Carrier; trackingNo: string }): Promise<void> {
    const answer = await tracking.query(parcel);
    if (!answer || answer.state === 'in_transit') return;
    const { state, note } = answer;
    await db.transaction((tx) => parcels.note(tx, parcel.id, eventOf[state], { actorId: null, note }));
  }

  async function turn(): Promise<void> {
    const now = clock.now();
    const due = await db.sql<{ id: string; carrier: Carrier; trackingNo: string }>`
      UPDATE parcels p SET next_query_at = CASE WHEN p.shipped_at > ${new Date(now.getTime() - ASK_FOR_MS)}
          THEN ${new Date(now.getTime() + ASK_AGAIN_MS)}::timestamptz END
      FROM (SELECT id FROM parcels WHERE state IN ('in_transit', 'near') AND next_query_at <= ${now} AND carrier <> 'own'
        ORDER BY next_query_at LIMIT ${BATCH} FOR UPDATE SKIP LOCKED) due
      WHERE p.id = due.id RETURNING p.id, p.carrier, p.tracking_no AS "trackingNo"`;
    while (due.length > 0) {
      const asked = due.splice(0, AT_ONCE);
      for (const [index, outcome] of (await Promise.allSettled(asked.map(askOne))).entries()) {
        // Somebody was faster by hand.
        if (outcome.status === 'fulfilled' || outcome.reason instanceof AppError) continue;
        log.warn({ err: outcome.reason, parcelId: asked[index]?.id }, 'carrier not asked, will be tried again');
      }
    }
  }
  deps.jobs.every(CARRIER_QUERY_JOB, EVERY_MS, turn);
}
