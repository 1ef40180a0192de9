/**
 * Rule N2: three days before a coupon ends, its holder is told once, with the reason, through the messages of the product
 * (which ask about quiet hours and opting out).
 *
 * Invariants: a coupon is marked in the transaction that enqueues its message, so several processes tell it once; a coupon
 * that was used meanwhile, or that never was valid for more than three days, is told of by nobody.
 */
import type { Clock } from '../../platform/clock.ts';
import type { Db } from '../../platform/db.ts';
import type { Jobs } from '../../platform/jobs.ts';
import type { MessageDraft, Messages } from '../messages/index.ts';

export const COUPON_REMINDERS_JOB = 'coupon-reminders';
const EVERY_MS = 60_000;
/** Before the end. */
const REMIND_MS = 3 * 86_400_000;
const BATCH = 200;

export function createCouponReminders(deps: {
  db: Db;
  clock: Clock;
  jobs: Jobs;
  messages: Pick<Messages, 'enqueue'>;
}): void {
  const { db, clock, messages } = deps;

  /** Answers how many were told. */
  function remindSome(): Promise<number> {
    return db.transaction(async (tx) => {
      const now = clock.now();
      const soon = new Date(now.getTime() + REMIND_MS);
      const ending = await tx<{
        id: string;
        personId: string;
        orgUnitId: string;
        orgPath: string;
        unitName: string;
        title: string;
        expiresAt: Date;
      }>`
        WITH due AS (
          SELECT id FROM coupons WHERE state = 'held' AND reminded_at IS NULL AND expires_at > ${now} AND expires_at <= ${soon}
            AND NOT (newcomers_only AND (EXISTS (SELECT 1 FROM orders o WHERE o.person_id = coupons.person_id AND o.paid_at IS NOT NULL)
              OR (SELECT w.came_back FROM people w WHERE w.id = coupons.person_id)))
            AND expires_at - claimed_at > make_interval(secs => ${REMIND_MS / 1_000})
          ORDER BY expires_at LIMIT ${BATCH} FOR UPDATE SKIP LOCKED
        )
        UPDATE coupons c SET reminded_at = ${now} FROM due, org_units u WHERE c.id = due.id AND u.id = c.org_unit_id
        RETURNING c.id, c.person_id AS "personId", c.org_unit_id AS "orgUnitId", c.org_path AS "orgPath", u.name AS "unitName", c.title,
          c.expires_at AS "expiresAt"`;
      await messages.enqueue(
        tx,
        ending.map(
          ({ id, personId, orgUnitId, orgPath, unitName, title, expiresAt }): MessageDraft => ({
            key: `coupon-ends:${id}`,
            personId,
            kind: 'coupon_ends',
            why: 'coupon',
            unit: { id: orgUnitId, path: orgPath },
            roomId: null,
            content: { roomTitle: '', unitName, coverUrl: '', scheduledAt: expiresAt.toISOString(), text: title },
            expiresAt,
          }),
        ),
      );
      return ending.length;
    });
  }
  deps.jobs.every(COUPON_REMINDERS_JOB, EVERY_MS, async () => {
    while ((await remindSome()) === BATCH);
  });
}
