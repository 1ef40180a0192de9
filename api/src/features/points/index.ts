/** Points: see points.service.ts for the model. */
import {
  createPointsExchange,
  exchangePoints,
  getCustomerPoints,
  listPointsExchanges,
  myPoints,
  myPointsEntries,
  stopPointsExchange,
} from '@walnut-live/contracts';
import type { Clock, Random } from '../../platform/clock.ts';
import { cutPage, decodeTimeCursor, encodeTimeCursor } from '../../platform/cursor.ts';
import type { Db } from '../../platform/db.ts';
import type { Binder } from '../../platform/http.ts';
import type { Jobs } from '../../platform/jobs.ts';
import { createLimit } from '../../platform/limits.ts';
import type { GrantCoupon } from '../coupons/index.ts';
import { knownCustomer } from '../members/index.ts';
import { createExchanges } from './exchanges.ts';
import * as rows from './points.repository.ts';
import { createPointsService } from './points.service.ts';

export { auditPoints } from './points-audit.ts';

export const POINTS_JOB = 'points-expiry';
const EXPIRY_EVERY_MS = 60_000;
/** Taps of one person: the first counts, the others are impatience. */
const TAPS_PER_PERSON = 20;
const PERSON_WINDOW_SECONDS = 10;
const LAST_ENTRIES = 50;

export function createPoints(deps: {
  bind: Binder;
  db: Db;
  clock: Clock;
  random: Random;
  jobs: Jobs;
  grant: GrantCoupon;
}) {
  const { bind, db, clock } = deps;
  const points = createPointsService(deps);
  const exchanges = createExchanges(deps);
  const people = createLimit({ points: TAPS_PER_PERSON, seconds: PERSON_WINDOW_SECONDS });

  bind(myPoints, ({ principal }) => rows.readBalance(db.sql, principal.personId, clock.now()));
  bind(myPointsEntries, async ({ principal, query }) => {
    const after = decodeTimeCursor(query.cursor);
    const found = await rows.readEntries(db.sql, principal.personId, after, query.limit + 1);
    const { rows: items, nextCursor } = cutPage(found, query.limit, (last) =>
      encodeTimeCursor({ at: last.at, id: last.id }),
    );
    return { items: items.map(rows.toEntry), nextCursor };
  });
  bind(listPointsExchanges, async ({ principal }) => ({
    items: await (principal.staff ? exchanges.all() : exchanges.ofPerson(principal.personId)),
  }));
  bind(
    exchangePoints,
    ({ tx, principal, params }) => points.exchange(tx, principal.personId, params.id),
    async ({ principal }) => {
      if (principal) await people.take(principal.personId);
    },
  );
  bind(createPointsExchange, ({ tx, principal, body }) => exchanges.create(tx, principal, body));
  bind(stopPointsExchange, ({ principal, params, body }) => exchanges.stop(principal, params.id, body));
  bind(getCustomerPoints, async ({ principal, params }) => {
    const person = await knownCustomer(db.sql, principal, params.id);
    const [balance, entries] = await Promise.all([
      rows.readBalance(db.sql, params.id, clock.now()),
      rows.readEntries(db.sql, params.id, undefined, LAST_ENTRIES),
    ]);
    return { person, ...balance, entries: entries.map(rows.toEntry) };
  });
  deps.jobs.every(POINTS_JOB, EXPIRY_EVERY_MS, async () => void (await points.expireDue()));

  return { onOrderReceived: points.onOrderReceived, onOrderRefunded: points.onOrderRefunded };
}
export type PointsFeature = ReturnType<typeof createPoints>;
