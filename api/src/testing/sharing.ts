/** What people share, written with plain SQL. */
import { randomUUID } from 'node:crypto';
import {
  applyAsAgent,
  createInviteTask,
  grantBudget,
  startNewcomerGift,
  writeAgentAgreement,
} from '@walnut-live/contracts';
import type { Principal } from '../platform/principal.ts';
import { makeCouponKind } from './coupons.ts';
import { type Brand, type FixtureProduct, type FixtureRoom, makeConsumer, type Seeded, type Unit } from './fixtures.ts';
import type { TestApi } from './test-api.ts';

/** A published text of the room's unit (or of one above it) that leads to the room. */
export async function makeContent(
  api: Seeded,
  room: FixtureRoom,
  by: Principal,
  more: { title?: string; unit?: Unit; product?: FixtureProduct; couponKindId?: string } = {},
): Promise<{ id: string }> {
  const id = randomUUID();
  const unit = more.unit ?? room.orgUnit;
  await api.api.platform.db
    .sql`INSERT INTO content_items (id, org_unit_id, org_path, kind, title, body, room_id, product_id, coupon_kind_id, created_by, published_at)
    VALUES (${id}, ${unit.id}, ${unit.path}, 'text', ${more.title ?? '新核桃下树'}, '今晚八点，一起看新核桃下树', ${room.id},
      ${more.product?.id ?? null}, ${more.couponKindId ?? null}, ${by.personId}, ${api.clock.now()})`;
  return { id };
}

/** What belongs to a room's store around sharing. */
export interface Sharings {
  readonly contentId: string;
  readonly taskId: string;
  readonly tierId: string;
  readonly newcomerGiftId: string;
  /** An application of somebody. */
  readonly agentId: string;
}
export async function makeSharings(api: TestApi, brand: Brand, room: FixtureRoom): Promise<Sharings> {
  const { staff } = brand;
  const unit = room.orgUnit;
  const kind = await makeCouponKind(api, brand, unit);
  const task = await api.ok(createInviteTask, {
    as: staff.admin,
    body: {
      ...{ orgUnitId: unit.id, title: '邀新有礼', days: 7 },
      tiers: [{ threshold: 1, couponKindId: kind.id, stock: 5 }],
    },
  });
  await giveBudget(api, staff.admin, unit, 10_000);
  const gift = await api.ok(startNewcomerGift, {
    as: staff.admin,
    body: { orgUnitId: unit.id, title: '新人红包', amountFen: 100, count: 10, days: 7 },
  });
  await api.ok(writeAgentAgreement, { as: staff.admin, body: { text: AGREEMENT, reason: '首版' } });
  const applicant = await makeConsumer(api, '申请人');
  const agent = await api.ok(applyAsAgent, { as: applicant, body: { orgUnitId: unit.id } });
  return {
    agentId: agent.id,
    contentId: (await makeContent(api, room, room.host)).id,
    taskId: task.id,
    tierId: task.tiers[0]?.id ?? '',
    newcomerGiftId: gift.id,
  };
}
export const AGREEMENT = '代理只凭真实成交取得佣金，不收取任何费用，也不因发展人数取得报酬。';
export const giveBudget = (api: TestApi, as: Principal, unit: Unit, amountFen: number) =>
  api.ok(grantBudget, { as, params: { orgUnitId: unit.id }, body: { amountFen, reason: '拉新' } });

type Asked = (b: Sharings & { brand: Brand; couponKindId: string }) => {
  params?: Record<string, string>;
  query?: string;
  body?: object;
};
/** For the scope table: the same requests about things of another store. */
export const sharingTargets: Record<string, Asked> = {
  'contents.publish': ({ brand }) => ({
    body: { orgUnitId: brand.stores.b.id, kind: 'text', title: '新核桃到了', roomId: brand.rooms.b.id },
  }),
  'contents.withdraw': ({ contentId }) => ({ params: { id: contentId }, body: { reason: '过期' } }),
  'reports.invite-ranking': ({ brand }) => ({ query: `orgUnitId=${brand.stores.b.id}` }),
  'invite-tasks.create': ({ brand, couponKindId }) => ({
    body: {
      ...{ orgUnitId: brand.stores.b.id, title: '邀新有礼', days: 7 },
      tiers: [{ threshold: 3, couponKindId, stock: 5 }],
    },
  }),
  'invite-tasks.stop': ({ taskId }) => ({ params: { id: taskId }, body: { reason: '写错了' } }),
  'newcomer-gifts.start': ({ brand }) => ({
    body: { orgUnitId: brand.stores.b.id, title: '新人红包', amountFen: 100, count: 10, days: 7 },
  }),
  'agents.decide': ({ agentId }) => ({ params: { id: agentId }, body: { approve: true, reason: '老顾客' } }),
  'agents.end': ({ agentId }) => ({ params: { id: agentId }, body: { reason: '不再合作' } }),
  'sales-targets.set': ({ brand }) => ({
    body: {
      personId: brand.staff.b.guide.personId,
      month: '2026-11',
      kind: 'gmv',
      amount: 100_000,
      reason: '月度目标',
    },
  }),
  'reports.brought': ({ brand }) => ({ query: `orgUnitId=${brand.stores.b.id}` }),
  'newcomer-gifts.end': ({ newcomerGiftId }) => ({ params: { id: newcomerGiftId }, body: { reason: '写错了' } }),
};
export const sharingOfNobody = [
  'share-links.chain', // the sharer's own; see the share links' own tests
  'share-links.poster',
  'contents.get', // whoever comes by its link
  'contents.file',
  'invite-tasks.claim', // whoever has brought so many; see the tasks' own tests
  'newcomer-gifts.take', // whoever is new
] as const;
