/**
 * Facts for other systems, from the moment they are numbered.
 *
 * Model: triggers (migration 0190) write a fact in its own transaction. One process at a time gives numbers to what is committed
 * and, in the same transaction, a delivery to every endpoint that wants it. Whoever reads on from a number misses nothing,
 * because a number is never given behind one that was read.
 */
import type { DomainEvent } from '@walnut-live/contracts';
import type { Clock, Random } from '../../platform/clock.ts';
import type { Db } from '../../platform/db.ts';

const NUMBERING_LOCK = 5_150_002;
const BATCH = 500;

interface EventRow {
  id: string;
  no: bigint;
  type: DomainEvent['type'];
  data: Record<string, unknown>;
  at: Date;
}
export const toDomainEvent = ({ id, type, at, data }: Omit<EventRow, 'no'>): DomainEvent => ({
  id,
  type,
  timestamp: at.toISOString(),
  data,
});

export function createEvents(deps: { db: Db; clock: Clock; random: Random }) {
  const { db, clock, random } = deps;

  async function numberBatch(): Promise<number> {
    return db.transaction(async (tx) => {
      const [lock] = await tx<{ got: boolean }>`SELECT pg_try_advisory_xact_lock(${NUMBERING_LOCK}) AS got`;
      if (!lock?.got) return 0;
      const numbered = await tx<Omit<EventRow, 'no'> & { seq: bigint; orgPath: string }>`
        WITH next AS (SELECT seq FROM domain_events WHERE no IS NULL ORDER BY seq LIMIT ${BATCH}),
          counted AS (SELECT seq, row_number() OVER (ORDER BY seq) + (SELECT coalesce(max(no), 0) FROM domain_events) AS no FROM next)
        UPDATE domain_events e SET no = counted.no FROM counted WHERE e.seq = counted.seq
        RETURNING e.seq, e.id, e.type, e.org_path AS "orgPath", e.data, e.at`;
      if (numbered.length === 0) return 0;
      const rows = numbered.sort((a, b) => (a.seq < b.seq ? -1 : 1));
      const endpoints = await tx<{ id: string; orgPath: string; types: string[] }>`
        SELECT id, org_path AS "orgPath", types FROM webhook_endpoints WHERE state = 'active' AND deleted_at IS NULL FOR SHARE`;
      const deliveries = rows.flatMap((row) =>
        endpoints
          .filter(({ types }) => types.length === 0 || types.includes(row.type))
          .filter(({ orgPath }) => row.orgPath === orgPath || row.orgPath.startsWith(`${orgPath}.`))
          .map((endpoint) => ({
            id: random.id(),
            endpointId: endpoint.id,
            eventId: row.id,
            type: row.type,
            body: JSON.stringify(toDomainEvent(row)),
          })),
      );
      const now = clock.now();
      if (deliveries.length > 0) {
        await tx`INSERT INTO webhook_deliveries (id, endpoint_id, event_id, type, body, state, next_try_at, created_at)
          SELECT d.id, d."endpointId", d."eventId", d.type, d.body, 'pending', ${now}, ${now}
          FROM jsonb_to_recordset(${JSON.stringify(deliveries)}::jsonb) AS d (id uuid, "endpointId" uuid, "eventId" uuid, type text, body text)`;
      }
      return rows.length;
    });
  }

  return {
    /** Numbers what is there; answers how many there were. */
    async number(): Promise<number> {
      let sum = 0;
      for (let count = BATCH; count === BATCH; ) {
        count = await numberBatch();
        sum += count;
      }
      return sum;
    },
    after: (scope: string, filter: { after: bigint; type: string | undefined; limit: number }) =>
      db.sql<EventRow>`
        SELECT id, no, type, data, at FROM domain_events
        WHERE no > ${filter.after} AND (org_path = ${scope} OR org_path LIKE ${`${scope}.%`})
          AND (${filter.type ?? null}::text IS NULL OR type = ${filter.type ?? null})
        ORDER BY no LIMIT ${filter.limit}`,
  };
}
