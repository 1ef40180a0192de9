/** Gifts: see gifts.service.ts for the model. */
import { type GiftReceipt, type GiftUsage, type GiveGift, sendGift } from '@walnut-live/contracts';
import type { z } from 'zod';
import type { Ledger } from '../../ledger/index.ts';
import type { Clock } from '../../platform/clock.ts';
import type { Sql } from '../../platform/db.ts';
import type { Binder } from '../../platform/http.ts';
import { withIdempotencyKey } from '../../platform/idempotency.ts';
import type { Jobs } from '../../platform/jobs.ts';
import { createLimit } from '../../platform/limits.ts';
import { checkAccess, type Principal } from '../../platform/principal.ts';
import { periodsOf } from './gifts.policy.ts';
import { forgetUsage, readUsage, termsAt } from './gifts.repository.ts';
import { bindGifts } from './gifts.routes.ts';
import { createGiftsService, type GiftsDeps, toUsage } from './gifts.service.ts';
import { createSharing } from './sharing.ts';

export { auditGifts } from './gifts-audit.ts';

export const GIFT_SHARING_JOB = 'gifts-sharing';
export const GIFT_USAGE_JOB = 'gifts-usage';
const SHARING_EVERY_MS = 2_000;
const USAGE_EVERY_MS = 6 * 3_600_000;
/** Counts of caps are kept this long after their day, for whoever asks why they were refused. */
const USAGE_KEPT_MS = 62 * 86_400_000;
/** Ten taps a second; the caps end a burst long before. */
const GIVES_PER_MINUTE = 600;

/** What a real person may give and has given now; nobody has given anything before they showed who they are. */
export async function readGiftTerms(
  deps: { sql: Sql; clock: Clock },
  subject: string | null,
): Promise<{ usage: GiftUsage; coolingSeconds: number }> {
  const at = deps.clock.now();
  const terms = await termsAt(deps.sql, at);
  const used = subject === null ? { day: 0n, month: 0n } : await readUsage(deps.sql, subject, periodsOf(at));
  return { usage: toUsage(terms, used), coolingSeconds: terms.coolingSeconds };
}

export function createGifts(
  deps: GiftsDeps & {
    bind: Binder;
    jobs: Jobs;
    ledger: Pick<Ledger, 'postTransfer'>;
    findRoom: (roomId: string) => Promise<{ orgPath: string }>;
  },
) {
  const { db, clock, jobs } = deps;
  const gifts = createGiftsService(deps);
  const gives = createLimit({ points: GIVES_PER_MINUTE, seconds: 60 });
  bindGifts(deps.bind, { ...deps, gifts, gives });
  const { shareDue } = createSharing(deps);
  jobs.every(GIFT_SHARING_JOB, SHARING_EVERY_MS, async () => void (await shareDue()));
  jobs.every(GIFT_USAGE_JOB, USAGE_EVERY_MS, () =>
    forgetUsage(db.sql, periodsOf(new Date(clock.now().getTime() - USAGE_KEPT_MS))),
  );
  return {
    shareDue,
    /** The same gift as over HTTP: one key is one gift, whichever way it comes (rule M3). */
    async sendFromRoom(
      principal: Principal,
      roomId: string,
      { idempotencyKey, ...body }: z.output<typeof GiveGift> & { idempotencyKey: string },
    ): Promise<GiftReceipt> {
      checkAccess(sendGift.access, principal);
      await gives.take(principal.personId);
      const { personId } = principal;
      const request = { key: idempotencyKey, personId, route: sendGift.id, request: { params: { id: roomId }, body } };
      const { reply } = await withIdempotencyKey({ db, clock }, request, async (tx) => ({
        status: sendGift.status,
        reply: await gifts.send(tx, principal, roomId, body),
      }));
      return reply as GiftReceipt;
    },
  };
}
export type Gifts = ReturnType<typeof createGifts>;
