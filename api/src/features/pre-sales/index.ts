/** Pre-sales (预售): a deposit now, the balance in a window of its own. Orders in them: holdings.ts, and deposits.ts of the orders. */
import { createPreSale, listPreSales, preSalesOfRoom, stopPreSale } from '@walnut-live/contracts';
import { sendCsv } from '../../platform/csv.ts';
import { AppError } from '../../platform/errors.ts';
import { type Binder, written } from '../../platform/http.ts';
import type { Jobs } from '../../platform/jobs.ts';
import { type CampaignsDeps, campaignColumns, createCampaigns } from './campaigns.service.ts';
import { createDue, type DueDeps } from './due.ts';
import { campaignsInRoom, toRoomPreSale } from './pre-sales.repository.ts';

export { createPreSaleHoldings, type PreSaleHoldings } from './holdings.ts';
export { auditPreSales } from './pre-sales-audit.ts';
export { createPreSaleReminders, PRE_SALE_REMINDERS_JOB } from './reminders.ts';

export const PRE_SALES_JOB = 'pre-sales-due';
const DUE_EVERY_MS = 5_000;
const PRE_SALES_IN_ROOM = 20;

export type PreSalesDeps = CampaignsDeps & DueDeps & { readonly bind: Binder; readonly jobs: Jobs };

export function createPreSales(deps: PreSalesDeps) {
  const { bind, db, clock } = deps;
  const campaigns = createCampaigns(deps);
  const due = createDue(deps);

  bind(createPreSale, ({ tx, principal, body }) => campaigns.create(tx, principal, body));
  bind(listPreSales, async ({ principal, query, res }) => {
    if (query.format !== 'csv') return campaigns.page(principal, query);
    const day = clock.now().toISOString().slice(0, 10);
    await sendCsv(res, `pre-sales-${day}.csv`, campaignColumns, campaigns.all(principal));
    return written;
  });
  bind(stopPreSale, ({ principal, params, body }) => campaigns.stop(principal, params.id, body));
  bind(preSalesOfRoom, async ({ query }) => {
    const now = clock.now();
    const [room] = await db.sql<{ id: string; orgPath: string }>`
      SELECT id, org_path AS "orgPath" FROM rooms WHERE id = ${query.roomId}`;
    if (!room) throw new AppError('not_found');
    const items = await campaignsInRoom(db.sql, room, now, PRE_SALES_IN_ROOM);
    return { items: items.map(toRoomPreSale), now: now.toISOString() };
  });

  deps.jobs.every(PRE_SALES_JOB, DUE_EVERY_MS, async () => void (await due.endDue()));
  return {
    /** Ends what is due now; answers how many orders ended. */
    endDue: due.endDue,
  };
}
