/** Group buys (拼团): campaigns, groups and their pages, and what happens at a deadline. Seats of orders: seats.ts. */
import {
  createGroupCampaign,
  GROUPS_TO_JOIN,
  getGroupBuy,
  groupBuysOfRoom,
  listGroupCampaigns,
  listGroupsOfCampaign,
  stopGroupCampaign,
} from '@walnut-live/contracts';
import { sendCsv } from '../../platform/csv.ts';
import { cutPage, decodeTimeCursor, encodeTimeCursor } from '../../platform/cursor.ts';
import { AppError } from '../../platform/errors.ts';
import { type Binder, written } from '../../platform/http.ts';
import type { Jobs } from '../../platform/jobs.ts';
import { type CampaignsDeps, campaignColumns, createCampaigns } from './campaigns.service.ts';
import { createDeadlines, type DeadlinesDeps } from './deadlines.ts';
import * as rows from './group-buys.repository.ts';

export { auditGroupBuys } from './group-buys-audit.ts';
export { createGroupSeats, type GroupSeats, type GroupTerms } from './seats.ts';

export const GROUP_BUYS_JOB = 'group-buys-due';
const DUE_EVERY_MS = 2_000;
const CAMPAIGNS_IN_ROOM = 20;

export type GroupBuysDeps = CampaignsDeps & DeadlinesDeps & { readonly bind: Binder; readonly jobs: Jobs };

export function createGroupBuys(deps: GroupBuysDeps) {
  const { bind, db, clock } = deps;
  const campaigns = createCampaigns(deps);
  const deadlines = createDeadlines(deps);

  bind(createGroupCampaign, ({ tx, principal, body }) => campaigns.create(tx, principal, body));
  bind(listGroupCampaigns, async ({ principal, query, res }) => {
    if (query.format !== 'csv') return campaigns.page(principal, query);
    const day = clock.now().toISOString().slice(0, 10);
    await sendCsv(res, `group-buys-${day}.csv`, campaignColumns, campaigns.all(principal));
    return written;
  });
  bind(stopGroupCampaign, ({ principal, params, body }) => campaigns.stop(principal, params.id, body));
  bind(listGroupsOfCampaign, async ({ principal, params, query }) => {
    const { state, limit } = query;
    const after = decodeTimeCursor(query.cursor);
    await campaigns.inScope(principal, params.id, 'rooms:read');
    const found = await rows.groupsOfCampaign(db.sql, params.id, { state, after, limit: limit + 1 });
    const { rows: items, nextCursor } = cutPage(found, limit, (last) =>
      encodeTimeCursor({ at: last.openedAt, id: last.id }),
    );
    return { items: items.map(rows.toGroup), nextCursor };
  });

  bind(groupBuysOfRoom, async ({ query }) => {
    const now = clock.now();
    const [room] = await db.sql<{ id: string; orgPath: string }>`
      SELECT id, org_path AS "orgPath" FROM rooms WHERE id = ${query.roomId}`;
    if (!room) throw new AppError('not_found');
    const [inForce, groups] = await Promise.all([
      rows.campaignsInRoom(db.sql, room, now, CAMPAIGNS_IN_ROOM),
      rows.groupsToJoin(db.sql, room.id, now, GROUPS_TO_JOIN),
    ]);
    return { campaigns: inForce.map(rows.toRoomCampaign), groups: groups.map(rows.toGroup), now: now.toISOString() };
  });
  bind(getGroupBuy, async ({ principal, params }) => {
    const group = await rows.findGroup(db.sql, params.id);
    if (!group) throw new AppError('not_found');
    const mine = await rows.seatOf(db.sql, params.id, principal.personId);
    return { groupBuy: rows.toGroup(group), mine: mine ?? null, now: clock.now().toISOString() };
  });

  deps.jobs.every(GROUP_BUYS_JOB, DUE_EVERY_MS, async () => void (await deadlines.settle()));
  return {
    /** Ends what is due now and refunds what is owed; answers how many groups expired. */
    settle: deadlines.settle,
  };
}
