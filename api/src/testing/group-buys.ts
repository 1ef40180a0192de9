/** Group buys for tests: campaigns, and orders that open a group or join one. */
import {
  type BodyInputOf,
  createGroupCampaign,
  type GroupCampaign,
  type OrderView,
  placeOrder,
} from '@walnut-live/contracts';
import type { Principal } from '../platform/principal.ts';
import type { Brand, FixtureProduct, FixtureRoom, Unit } from './fixtures.ts';
import { TEST_ADDRESS } from './shop.ts';
import type { Answer, Caller, TestApi } from './test-api.ts';

export const GROUP_PRICE_FEN = 9_900;

/** Three people buy the family pack for 99 yuan each, within a day; the unit's store or everything below it. */
export const makeGroupCampaign = (
  api: Caller,
  { staff, products }: Brand,
  unit: Unit,
  terms: Partial<Omit<BodyInputOf<typeof createGroupCampaign>, 'orgUnitId'>> = {},
): Promise<GroupCampaign> =>
  api.ok(createGroupCampaign, {
    as: staff.operations,
    body: {
      ...{ skuId: products.family.sku.id, title: '三人团', priceFen: GROUP_PRICE_FEN, size: 3, days: 7 },
      ...terms,
      orgUnitId: unit.id,
    },
  });

export const placeInGroup = (
  api: TestApi,
  who: Principal,
  room: Pick<FixtureRoom, 'id'>,
  groupBuy: { campaignId: string } | { groupId: string },
  line: { product: FixtureProduct; quantity?: number; seenPriceFen?: number },
): Promise<Answer<OrderView>> =>
  api.call(placeOrder, {
    as: who,
    body: {
      roomId: room.id,
      lines: [
        {
          skuId: line.product.sku.id,
          quantity: line.quantity ?? 1,
          seenPriceFen: line.seenPriceFen ?? GROUP_PRICE_FEN,
        },
      ],
      address: TEST_ADDRESS,
      groupBuy,
    },
  });

/** A group of the room that somebody has opened and not paid for yet. */
export async function openGroupBuy(api: TestApi, brand: Brand, room: FixtureRoom, opener: Principal): Promise<string> {
  const campaign = await makeGroupCampaign(api, brand, room.orgUnit);
  const { body, problem } = await placeInGroup(
    api,
    opener,
    room,
    { campaignId: campaign.id },
    { product: brand.products.family },
  );
  if (!body.groupBuy) throw new Error(`no group: ${JSON.stringify(problem)}`);
  return body.groupBuy.id;
}
