/**
 * One seeded schedule in a shop of its own (products, room, offer, bundle, coupons, group buy): people buy, pay, change their
 * minds and get money back, all at once, while the world dies and comes back around them. Whoever gets no answer asks again
 * under the same key until they have one: what was answered is a promise, and is held against the shop's books afterwards.
 */
import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import {
  cancelOrder,
  decideAfterSale,
  getOrder,
  type OrderView,
  openOffer,
  payOrder,
  placeOrder,
  type ReplyOf,
  type Route,
  refundOrder,
  requestAfterSale,
  settleSandbox,
  shipOrder,
} from '@walnut-live/contracts';
import { EXPIRY_JOB } from '../../api/src/features/orders/index.ts';
import { ASKING_JOB } from '../../api/src/features/payments/index.ts';
import { REFUND_JOB } from '../../api/src/features/refunds/index.ts';
import type { Principal } from '../../api/src/platform/principal.ts';
import { giveCouponTo, makeCouponKind } from '../../api/src/testing/coupons.ts';
import {
  type Brand,
  makeBundle,
  makeConsumer,
  makeProduct,
  makeRoom,
  makeStock,
} from '../../api/src/testing/fixtures.ts';
import { makeGroupCampaign } from '../../api/src/testing/group-buys.ts';
import { shelfLine, TEST_ADDRESS } from '../../api/src/testing/shop.ts';
import type { CallOptions } from '../../api/src/testing/test-api.ts';
import type { FaultWorld } from './fault-world.ts';
import { seeded } from './seeded.ts';

/** How large a shop is, and how busy. */
export interface LifeSize {
  readonly people: number;
  readonly pieces: { readonly walnuts: number; readonly milk: number; readonly box: number; readonly gift: number };
  /** Each of them wants something at most so often. */
  readonly wishes: number;
  /** At most so long before each. */
  readonly pauseMs: number;
  /** Whether the schedule kills and jumps by itself. */
  readonly faults: boolean;
}
const SMALL: LifeSize = {
  people: 5,
  pieces: { walnuts: 6, milk: 9, box: 4, gift: 1 },
  ...{ wishes: 3, pauseMs: 120, faults: true },
};
/** After that an answer is not coming any more, and the schedule has found something. */
const ANSWER_TIMEOUT_MS = 90_000;
const PAUSE_MS = 30;
const LOST_AFTER_MS = 60;

export interface Promised {
  readonly person: Principal;
  readonly orderId: string;
}
export interface Life {
  readonly roomId: string;
  /** Pieces that were there at the start, by SKU. */
  readonly pieces: ReadonlyMap<string, number>;
  readonly storeId: string;
  readonly promised: readonly Promised[];
  /** What happened, for whoever reads of a failure. */
  readonly story: readonly string[];
}

export type Shop = Awaited<ReturnType<typeof openShop>>;

/** A live room of the brand's store `a` with everything that can be bought in it. */
export async function openShop(world: FaultWorld, brand: Brand, size = SMALL) {
  const [walnuts, milk, box, gift] = await Promise.all([
    makeProduct(world, '核桃', { priceFen: 3_000 }),
    makeProduct(world, '核桃乳', { priceFen: 1_299 }),
    makeProduct(world, '礼盒', { priceFen: 11_900 }),
    makeProduct(world, '核桃夹', { priceFen: 1_900, role: 'gift' }),
  ]);
  const store = brand.stores.a;
  const pieces = new Map([
    [walnuts.sku.id, size.pieces.walnuts],
    [milk.sku.id, size.pieces.milk],
    [box.sku.id, size.pieces.box],
    [gift.sku.id, size.pieces.gift],
  ]);
  for (const [skuId, count] of pieces) await makeStock(world, skuId, store, count);
  const people = await Promise.all(Array.from({ length: size.people }, (_, n) => makeConsumer(world, `买家${n}`)));
  const room = await makeRoom(world, {
    orgUnit: store,
    host: brand.staff.a.guide,
    products: [walnuts, milk, box, gift],
  });
  const offer = await world.ok(openOffer, {
    as: brand.staff.a.guide,
    params: { id: room.id },
    body: {
      ...{
        skuId: walnuts.sku.id,
        priceFen: 2_001,
        durationSeconds: 3_600,
        cap: size.pieces.walnuts,
        perPersonLimit: 2,
      },
      gift: { skuId: gift.sku.id, per: 2, cap: 2 },
    },
  });
  const kind = await makeCouponKind(world, brand, store, { offFen: 701, minSpendFen: 2_500 });
  const coupons = new Map<string, string>();
  for (const person of people.slice(0, 3))
    coupons.set(person.personId, (await giveCouponTo(world, brand, kind, person)).id);
  const campaign = await makeGroupCampaign(world, brand, store, {
    ...{ skuId: box.sku.id, priceFen: 9_999, size: 2, hours: 1, perPerson: 2 },
  });
  const bundleId = await makeBundle(world, room, [walnuts, milk]);
  return { store, pieces, people, room, offer, coupons, campaign, bundleId, walnuts, milk, box };
}

export const liveThrough = async (world: FaultWorld, brand: Brand, seed: number): Promise<Life> =>
  trade(world, brand, await openShop(world, brand), seed);

/** Everybody in the shop does what people do, until they have had enough. */
export async function trade(world: FaultWorld, brand: Brand, shop: Shop, seed: number, size = SMALL): Promise<Life> {
  const chance = seeded(seed);
  const upTo = (most: number): number => Math.floor(chance() * most);
  const pick = <const T>(choices: readonly [T, ...T[]]): T => choices[upTo(choices.length)] ?? choices[0];
  const promised: Promised[] = [];
  const story: string[] = [];
  const groups: string[] = [];
  const { manager } = brand.staff.a;

  /** Asks until there is an answer: the same request under the same key. Undefined: it was refused. */
  async function until<const R extends Route>(route: R, options: CallOptions<R>): Promise<ReplyOf<R> | undefined> {
    const key = randomUUID();
    const deadline = Date.now() + ANSWER_TIMEOUT_MS;
    for (;;) {
      const asking = world.call(route, { ...options, key }).catch(() => undefined);
      // Some do not wait for their answer: it is lost on the way, and they ask again.
      const answer = await (chance() < 0.2 ? Promise.race([asking, sleep(upTo(LOST_AFTER_MS))]) : asking);
      if (answer && answer.status < 400) {
        story.push(`${route.id}: done`);
        return answer.body;
      }
      const code = answer?.problem.code;
      // 401: the clock jumped over the end of a token; its owner signs in again and asks again.
      const isAgain = answer && ([401, 429].includes(answer.status) || code === 'request_in_flight');
      const isOver = answer && answer.status < 500 && !isAgain;
      if (isOver) return void story.push(`${route.id}: ${code}`);
      if (Date.now() > deadline) throw new Error(`${route.id}: no answer, at last ${answer?.status} ${code}`);
      await sleep(PAUSE_MS);
    }
  }

  const wishes = {
    shelf: () => ({ lines: [shelfLine(shop.walnuts, 1 + upTo(2))] }),
    milk: () => ({ lines: [shelfLine(shop.milk, 1 + upTo(3))] }),
    both: () => ({ lines: [shelfLine(shop.walnuts), shelfLine(shop.milk, 2)] }),
    offer: () => {
      const { id: offerId, version: offerVersion, priceFen: seenPriceFen } = shop.offer;
      const of = { offerId, offerVersion, seenPriceFen };
      return { lines: [{ skuId: shop.walnuts.sku.id, quantity: 1 + upTo(2), ...of }] };
    },
    bundle: () => {
      const seenPriceFen = shop.walnuts.sku.priceFen + shop.milk.sku.priceFen - 1;
      return { bundles: [{ bundleId: shop.bundleId, quantity: 1, seenPriceFen }] };
    },
    group: () => ({
      lines: [{ skuId: shop.box.sku.id, quantity: 1, seenPriceFen: shop.campaign.priceFen }],
      groupBuy: groups[0] === undefined ? { campaignId: shop.campaign.id } : { groupId: pick([groups[0], ...groups]) },
    }),
  };
  const pickWish = (person: Principal) => {
    const wish = wishes[pick(['shelf', 'milk', 'both', 'offer', 'offer', 'bundle', 'group', 'group'])]();
    const couponId = shop.coupons.get(person.personId);
    return couponId && !('groupBuy' in wish) && chance() < 0.4 ? { ...wish, couponId } : wish;
  };

  async function pay(person: Principal, order: OrderView): Promise<void> {
    const params = { id: order.id };
    if (chance() < 0.55) {
      const started = await until(payOrder, { as: person, params, body: { provider: 'sandbox' } });
      if (!started) return;
      const outcome = chance() < 0.9 ? 'captured' : 'failed';
      const callback = pick(['prompt', 'prompt', 'delayed', 'twice', 'lost', 'never']);
      await until(settleSandbox, { as: person, params: { paymentId: started.paymentId }, body: { outcome, callback } });
      return;
    }
    if (chance() < 0.3) world.wechat.fates.push(pick(['lose', 'break']));
    const started = await until(payOrder, { as: person, params, body: { provider: 'wechat', way: 'native' } });
    const tradeNo = started?.paymentId.replaceAll('-', '') ?? '';
    if (world.wechat.trades.get(tradeNo)?.state !== 'NOTPAY') return;
    world.wechat.pay(tradeNo);
    const times = pick([0, 1, 1, 2]);
    for (let n = 0; n < times; n++) {
      await sleep(upTo(150));
      const id = `evt${tradeNo}`.slice(0, 32);
      await world.deliver(world.wechat.news('TRANSACTION.SUCCESS', world.wechat.paidNews(tradeNo), 'answer', id));
    }
  }

  /** The shop may not have heard of the payment yet; who is impatient goes on without. */
  async function heardOf(person: Principal, order: OrderView): Promise<void> {
    for (let tries = 0; tries < 1 + upTo(20); tries++) {
      const known = await world.call(getOrder, { as: person, params: { id: order.id } }).catch(() => undefined);
      if (known?.status === 200 && known.body.state !== 'pending_payment') return;
      await sleep(PAUSE_MS);
    }
  }

  async function afterwards(person: Principal, order: OrderView): Promise<void> {
    const params = { id: order.id };
    const [item] = order.items;
    await heardOf(person, order);
    switch (pick(['nothing', 'cancel', 'refund', 'part', 'part', 'ship', 'case', 'shipped case'])) {
      case 'cancel':
        return void (await until(cancelOrder, { as: person, params, body: { reason: '' } }));
      case 'refund':
        return void (await until(refundOrder, { as: pick([person, manager]), params, body: { reason: '不要了' } }));
      case 'part': {
        if (!item) return;
        const body = { reason: '少了一件', items: [{ itemId: item.id, quantity: 1 }] };
        await Promise.all([
          until(refundOrder, { as: manager, params, body }),
          chance() < 0.3 ? until(refundOrder, { as: manager, params, body }) : undefined,
        ]);
        return;
      }
      case 'ship':
        return void (await until(shipOrder, { as: manager, params, body: { trackingNo: 'SF1234567890' } }));
      case 'shipped case':
        await until(shipOrder, { as: manager, params, body: { trackingNo: 'SF1234567890' } });
        return askBack(person, order);
      case 'case':
        return askBack(person, order);
    }
  }
  async function askBack(person: Principal, order: OrderView): Promise<void> {
    const [item] = order.items;
    if (!item) return;
    const asked = await until(requestAfterSale, {
      ...{ as: person, params: { id: order.id } },
      body: { kind: 'refund_only', reason: 'other', note: '', items: [{ itemId: item.id, quantity: 1 }] },
    });
    if (!asked) return;
    const approve = chance() < 0.7;
    await until(decideAfterSale, { as: manager, params: { id: asked.id }, body: { approve, note: '看过了' } });
  }

  async function person(who: Principal): Promise<void> {
    for (let tries = 1 + upTo(size.wishes); tries > 0; tries--) {
      await sleep(upTo(size.pauseMs));
      const body = { roomId: shop.room.id, address: TEST_ADDRESS, ...pickWish(who) };
      const order = await until(placeOrder, { as: who, body });
      if (!order) continue;
      promised.push({ person: who, orderId: order.id });
      if (order.groupBuy) groups.push(order.groupBuy.id);
      await sleep(upTo(80));
      if (chance() < 0.1) await until(cancelOrder, { as: who, params: { id: order.id }, body: { reason: '' } });
      else if (chance() < 0.85) await pay(who, order);
      if (chance() < 0.7) await afterwards(who, order);
    }
  }

  async function fate(): Promise<void> {
    const faults = Array.from({ length: 1 + upTo(3) }, () =>
      pick(['kill api', 'kill api', 'kill database', 'jump', 'jump', 'jobs', 'jobs']),
    );
    if (!faults.some((fault) => fault.startsWith('kill'))) faults.push(pick(['kill api', 'kill database']));
    for (const fault of faults) {
      await sleep(upTo(250));
      story.push(fault);
      if (fault === 'kill api') await world.kill('api');
      else if (fault === 'kill database') await world.kill('database');
      else if (fault === 'jump') world.jump(pick([-90, -5, 20, 61, 400, 901, 1_300]));
      else await world.run(ASKING_JOB, EXPIRY_JOB, REFUND_JOB);
    }
  }

  world.wechat.setRefundStatus(pick(['SUCCESS', 'SUCCESS', 'PROCESSING']));
  await Promise.all([...shop.people.map(person), ...(size.faults ? [fate()] : [])]);
  world.wechat.fates.length = 0;
  world.wechat.setRefundStatus('SUCCESS');
  return { roomId: shop.room.id, pieces: shop.pieces, storeId: shop.store.id, promised, story };
}
