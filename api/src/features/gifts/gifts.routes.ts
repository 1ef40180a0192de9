import {
  type BodyOf,
  getGiftPolicy,
  giftCatalogue,
  listGifts,
  patchGift,
  putGiftPolicy,
  type ReplyOf,
  reportGifts,
  roomGifts,
  sendGift,
  takeGiftBack,
} from '@walnut-live/contracts';
import { writeAudit } from '../../platform/audit.ts';
import { sendCsv } from '../../platform/csv.ts';
import { decodeTimeCursor, encodeTimeCursor } from '../../platform/cursor.ts';
import { AppError } from '../../platform/errors.ts';
import { type Binder, written } from '../../platform/http.ts';
import type { Limit } from '../../platform/limits.ts';
import { requireScope, type StaffPrincipal } from '../../platform/principal.ts';
import { giftReportColumns, readGiftReport } from './gift-report.ts';
import { faultsOf } from './gifts.policy.ts';
import * as rows from './gifts.repository.ts';
import type { GiftsDeps, GiftsService } from './gifts.service.ts';

export function bindGifts(
  bind: Binder,
  deps: GiftsDeps & {
    gifts: GiftsService;
    gives: Limit;
    findRoom: (roomId: string) => Promise<{ orgPath: string }>;
  },
): void {
  const { db, clock, gifts } = deps;

  bind(listGifts, async () => ({ items: await rows.readGifts(db.sql, 'active') }));
  bind(
    sendGift,
    ({ tx, principal, params, body }) => gifts.send(tx, principal, params.id, body),
    async ({ principal }) => void (principal && (await deps.gives.take(principal.personId))),
  );
  bind(takeGiftBack, ({ tx, principal, params }) => gifts.takeBack(tx, principal, params.id));

  bind(roomGifts, async ({ principal, params, query }) => {
    const after = decodeTimeCursor(query.cursor);
    const room = await deps.findRoom(params.id);
    requireScope(principal, 'rooms:operate', room.orgPath);
    const [found, totals] = await Promise.all([
      rows.readGiven(db.sql, { roomId: params.id, after, limit: query.limit + 1 }),
      rows.readTotals(db.sql, params.id),
    ]);
    const items = found.slice(0, query.limit);
    const last = items.at(-1);
    const more = found.length > query.limit && last;
    return { items, totals, nextCursor: more ? encodeTimeCursor({ at: new Date(last.at), id: last.id }) : null };
  });

  // ── headquarters ──────────────────────────────────────────────────────────────────────────────────────────────────

  bind(giftCatalogue, async () => ({ items: await rows.readGifts(db.sql, 'all') }));

  bind(patchGift, ({ principal, params, body }) =>
    db.transaction(async (tx) => {
      const gift = await rows.updateGift(tx, params.id, body);
      if (!gift) throw new AppError('not_found');
      await audit(tx, principal, 'gift:changed', `gift:${gift.id}`, { ...body });
      return gift;
    }),
  );

  const policy = async (): Promise<ReplyOf<typeof getGiftPolicy>> => {
    const { effectiveFrom, ...terms } = await rows.termsAt(db.sql, clock.now());
    return { ...terms, effectiveFrom: effectiveFrom.toISOString() };
  };
  bind(getGiftPolicy, policy);
  bind(putGiftPolicy, async ({ principal, body }) => {
    const issues = faultsOf(body).map((issue) => ({ path: '/', issue }));
    if (issues.length > 0) throw new AppError('invalid_request', { issues });
    await db.transaction(async (tx) => {
      await rows.insertTerms(tx, body, { at: clock.now(), personId: principal.personId });
      await audit(tx, principal, 'gift-policy:changed', 'gift-policy', {
        ...(body satisfies BodyOf<typeof putGiftPolicy>),
      });
    });
    return policy();
  });

  bind(reportGifts, async ({ principal, query, res }) => {
    const report = await readGiftReport(db.sql, principal, query);
    if (query.format !== 'csv') return report;
    await sendCsv(res, 'gifts.csv', giftReportColumns, report.items);
    return written;
  });

  const audit = (
    tx: Parameters<typeof writeAudit>[0],
    by: StaffPrincipal,
    action: string,
    target: string,
    detail: Record<string, unknown>,
  ) => writeAudit(tx, deps, { actorId: by.personId, action, target, orgPath: by.staff.orgPath, detail });
}
