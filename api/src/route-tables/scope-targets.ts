/** What belongs to store B for the scope table (scope.test.ts), and what belongs to nobody. */
import { randomUUID } from 'node:crypto';
import { type Deliveries, deliveryTargets } from '../testing/delivery.ts';
import type { Brand } from '../testing/fixtures.ts';
import type { ThingsAroundRooms } from '../testing/for-whom.ts';
import { drawTerms } from '../testing/plays.ts';
import { type Settled, settlementTargets } from '../testing/settled.ts';
import { type Sharings, sharingTargets } from '../testing/sharing.ts';
import { type Tellings, tellingTargets } from '../testing/tellings.ts';
import { reportTargets } from './report-targets.ts';

export interface ThingsOfB extends Settled, Tellings, Deliveries, Sharings {
  brand: Brand;
  offerId: string;
  alertId: string;
  bundleId: string;
  /** An order in store B's room by `anna`, paid for by nobody yet. */
  orderId: string;
  orderItemId: string;
  paymentId: string;
  /** A guide of headquarters whom store B has asked to join. */
  seatId: string;
  /** Given by `anna` in store B's room. */
  givenGiftId: string;
  clipId: string;
  drawId: string;
  /** Won by `anna` in the draw. */
  prizeId: string;
  redPacketId: string;
  couponKindId: string;
  /** Held by `anna`. */
  couponId: string;
  couponDropId: string;
  /** Of a gift that `anna` can fetch in store B. */
  counterCode: string;
  /** Of `anna`, as KOC of store B. */
  proposalId: string;
  groupCampaignId: string;
  preSaleId: string;
  checkInId: string;
  /** A survey. */
  pollId: string;
  countdownId: string;
  /** With one line, number 1. */
  chainId: string;
  /** A conference of store B and what belongs to it, and to its staff and customers. */
  around: ThingsAroundRooms;
  /** Of a message in store B's room. */
  reportId: string;
  /** Asked for by `anna`, with a picture. */
  afterSaleId: string;
  evidenceId: string;
  /** Of `anna`’s order, with a picture; and a prize of store B. */
  reviews: { reviewId: string; reviewedAt: string; pictureId: string; reviewCampaignId: string };
  webhookId: string;
  /** Of a guide of store B. */
  commissionEntryId: string;
  deliveryId: string;
  /** Of customers of a guide of store B. */
  transferId: string;
}
export interface Target {
  params?: Record<string, string>;
  query?: string;
  body?: object;
}

/** What a route is asked to do with things of store B; the bodies are right, so that only the scope can refuse. */
export const targets: Record<string, (b: ThingsOfB) => Target> = {
  ...tellingTargets,
  ...settlementTargets,
  ...sharingTargets,
  ...deliveryTargets,
  'rooms.create': ({ brand }) => ({ body: { title: '别家的直播', orgUnitId: brand.stores.b.id } }),
  'rooms.patch': ({ brand }) => ({ params: { id: brand.rooms.b.id }, body: { title: '改名' } }),
  'rooms.stream': ({ brand }) => ({ params: { id: brand.rooms.b.id } }),
  'rooms.start': ({ brand }) => ({ params: { id: brand.rooms.b.id }, body: {} }),
  'programmes.open': ({ brand }) => ({ params: { id: brand.rooms.b.id }, body: { openTo: null } }),
  'programmes.push': ({ brand }) => ({ params: { id: brand.rooms.b.id }, body: { orgUnitIds: [brand.stores.b.id] } }),
  'programmes.relays': ({ brand }) => ({ params: { id: brand.rooms.b.id } }),
  'stage.relay.drop': ({ brand }) => ({ params: { id: brand.rooms.b.id } }),
  'stage.relay': ({ brand }) => ({ params: { id: brand.rooms.b.id }, body: { programmeId: brand.rooms.hq.id } }),
  'stage.cut-in': ({ brand }) => ({ params: { id: brand.rooms.b.id }, body: {} }),
  'stage.cut-in.end': ({ brand }) => ({ params: { id: brand.rooms.b.id } }),
  'cohosts.list': ({ brand }) => ({ params: { id: brand.rooms.b.id } }),
  'cohosts.candidates': ({ brand }) => ({ params: { id: brand.rooms.b.id } }),
  'cohosts.invite': ({ brand }) => ({
    params: { id: brand.rooms.b.id },
    body: { personId: brand.staff.b.secondGuide.personId },
  }),
  'cohosts.mute': ({ seatId }) => ({ params: { id: seatId }, body: { muted: true } }),
  'cohosts.end': ({ seatId }) => ({ params: { id: seatId } }),
  'rooms.moderation': ({ brand }) => ({ params: { id: brand.rooms.b.id } }),
  'rooms.moderation.lift': ({ brand }) => ({ params: { id: brand.rooms.b.id, personId: brand.guest.personId } }),
  'chat-reports.resolve': ({ reportId }) => ({ params: { id: reportId }, body: { outcome: 'dismissed' } }),
  'bundles.close': ({ bundleId }) => ({ params: { id: bundleId }, body: {} }),
  'bundles.open': ({ brand }) => ({
    params: { id: brand.rooms.b.id },
    body: {
      title: '别家的组合',
      priceFen: 10_000,
      parts: [{ skuId: brand.products.milk.sku.id }, { skuId: brand.products.family.sku.id }],
      durationSeconds: 60,
    },
  }),
  'bag.put': ({ brand }) => ({ params: { id: brand.rooms.b.id }, body: { productIds: [brand.products.milk.id] } }),
  'bag.pin': ({ brand }) => ({ params: { id: brand.rooms.b.id }, body: { productId: brand.products.milk.id } }),
  'offers.open': ({ brand }) => ({
    params: { id: brand.rooms.b.id },
    body: { skuId: brand.products.milk.sku.id, priceFen: 490, durationSeconds: 60 },
  }),
  'offers.patch': ({ offerId }) => ({ params: { id: offerId }, body: { priceFen: 480 } }),
  'stock.movements': ({ brand }) => ({
    params: { id: brand.products.milk.sku.id, orgUnitId: brand.stores.b.id },
  }),
  'stock.count': ({ brand }) => ({
    params: { id: brand.products.milk.sku.id },
    body: { orgUnitId: brand.stores.b.id, counted: 5, reason: '盘点' },
  }),
  'stock.adjust': ({ brand }) => ({
    params: { id: brand.products.milk.sku.id },
    body: { orgUnitId: brand.stores.b.id, delta: 1, reason: '盘点' },
  }),
  'orders.get': ({ orderId }) => ({ params: { id: orderId } }),
  'orders.credit': ({ orderId }) => ({ params: { id: orderId } }),
  'orders.credit.rule': ({ orderId }) => ({
    params: { id: orderId },
    body: { seenVersion: 1, outcome: 'upheld', reason: '触点齐全' },
  }),
  'bindings.rule': ({ brand }) => ({
    params: { id: brand.consumers.anna.personId },
    body: { seenBindingId: null, orgUnitId: brand.stores.b.id, guideId: null, reason: '登记错了' },
  }),
  'bindings.history': ({ brand }) => ({ params: { id: brand.consumers.anna.personId } }),
  'customer-transfers.preview': ({ brand }) => ({
    query: `guideId=${brand.staff.b.guide.personId}&orgUnitId=${brand.stores.b.id}`,
  }),
  'customer-transfers.start': ({ brand }) => ({
    body: {
      ...{ guideId: brand.staff.b.guide.personId, orgUnitId: brand.stores.b.id, expected: 1, reason: '离职' },
      to: [brand.staff.b.secondGuide.personId],
    },
  }),
  'commissions.get': ({ commissionEntryId }) => ({ params: { id: commissionEntryId } }),
  'customer-transfers.get': ({ transferId }) => ({ params: { id: transferId } }),
  'customer-transfers.customers': ({ transferId }) => ({ params: { id: transferId } }),
  'credit-appeals.list': ({ brand }) => ({ query: `orgUnitId=${brand.stores.b.id}` }),
  'staff.get': ({ brand }) => ({ params: { id: brand.staff.b.assistant.personId } }),
  'staff.create': ({ brand }) => ({
    body: { name: '新导购', username: `new-${randomUUID().slice(0, 8)}`, role: 'guide', orgUnitId: brand.stores.b.id },
  }),
  'staff.change': ({ brand }) => ({
    params: { id: brand.staff.b.assistant.personId },
    body: { name: '小助', reason: '改名' },
  }),
  'staff.activate': ({ brand }) => ({
    params: { id: brand.staff.b.assistant.personId },
    body: { active: true, reason: '复职' },
  }),
  'staff.code': ({ brand }) => ({ params: { id: brand.staff.b.assistant.personId }, body: { reason: '忘了密码' } }),
  'staff.sign-out': ({ brand }) => ({ params: { id: brand.staff.b.assistant.personId }, body: { reason: '丢了手机' } }),
  'hosts.get': ({ brand }) => ({ params: { id: brand.staff.b.assistant.personId } }),
  'hosts.verify': ({ brand }) => ({
    params: { id: brand.staff.b.assistant.personId },
    body: { document: 'id_card', bornOn: '1990-01-01' },
  }),
  'hosts.revoke': ({ brand }) => ({ params: { id: brand.staff.b.assistant.personId }, body: { reason: '认错人了' } }),
  'orders.item-snapshot': ({ orderId, orderItemId }) => ({ params: { id: orderId, itemId: orderItemId } }),
  'orders.pay': ({ orderId }) => ({ params: { id: orderId }, body: { provider: 'sandbox' } }),
  'orders.ship': ({ orderId }) => ({ params: { id: orderId }, body: { trackingNo: 'SF0001' } }),
  'orders.receive': ({ orderId }) => ({ params: { id: orderId }, body: {} }),
  'orders.refund': ({ orderId }) => ({ params: { id: orderId }, body: { reason: '不想要了' } }),
  'orders.cancel': ({ orderId }) => ({ params: { id: orderId }, body: { reason: '' } }),
  'after-sales.of-order': ({ orderId }) => ({ params: { id: orderId } }),
  'after-sales.request': ({ orderId }) => ({
    params: { id: orderId },
    body: { kind: 'refund_only', reason: 'other', items: [{ itemId: randomUUID(), quantity: 1 }] },
  }),
  'after-sales.get': ({ afterSaleId }) => ({ params: { id: afterSaleId } }),
  'reviews.of-order': ({ orderId }) => ({ params: { id: orderId } }),
  'reviews.write': ({ orderId }) => ({ params: { id: orderId }, body: { stars: 5, text: '很香' } }),
  'reviews.claim': ({ orderId, reviews }) => ({
    params: { id: orderId },
    body: { campaignId: reviews.reviewCampaignId, address: home },
  }),
  'reviews.decide': ({ reviews }) => ({
    params: { id: reviews.reviewId },
    body: { decision: 'approve', seenAt: reviews.reviewedAt },
  }),
  'reviews.picture': ({ reviews }) => ({ params: { id: reviews.reviewId, fileId: reviews.pictureId } }),
  'review-campaigns.create': ({ brand }) => ({
    body: { orgUnitId: brand.stores.b.id, skuId: brand.products.milk.sku.id, title: '晒单有礼', total: 10, days: 30 },
  }),
  'review-campaigns.stop': ({ reviews }) => ({ params: { id: reviews.reviewCampaignId }, body: { reason: '写错了' } }),
  'after-sales.evidence.get': ({ afterSaleId, evidenceId }) => ({ params: { id: afterSaleId, fileId: evidenceId } }),
  'after-sales.escalate': ({ afterSaleId }) => ({ params: { id: afterSaleId }, body: { note: '请总部看' } }),
  'after-sales.decide': ({ afterSaleId }) => ({ params: { id: afterSaleId }, body: { approve: false, note: '不符' } }),
  'after-sales.inspect': ({ afterSaleId }) => ({ params: { id: afterSaleId }, body: { accepted: true, note: '完好' } }),
  'after-sales.replace': ({ afterSaleId }) => ({ params: { id: afterSaleId }, body: { trackingNo: 'SF0003' } }),
  'after-sales.send-back': ({ afterSaleId }) => ({
    params: { id: afterSaleId },
    body: { carrier: '顺丰', trackingNo: 'SF0004' },
  }),
  'after-sales.withdraw': ({ afterSaleId }) => ({ params: { id: afterSaleId }, body: {} }),
  'payments.get': ({ paymentId }) => ({ params: { paymentId } }),
  'payments.methods': ({ paymentId }) => ({ params: { paymentId } }),
  'payments.start': ({ paymentId }) => ({ params: { paymentId }, body: { provider: 'sandbox' } }),
  'payments.sandbox.settle': ({ paymentId }) => ({ params: { paymentId }, body: { outcome: 'captured' } }),
  'bindings.get': ({ brand }) => ({ params: { id: brand.consumers.anna.personId } }),
  'contacts.list': ({ brand }) => ({ params: { id: brand.consumers.anna.personId } }),
  'contacts.write': ({ brand }) => ({
    params: { id: brand.consumers.anna.personId },
    body: { way: 'phone', note: '约好下周再聊' },
  }),
  'stream-keys.read': ({ brand }) => ({ params: { id: brand.rooms.b.id } }),
  'stream-keys.create': ({ brand }) => ({ params: { id: brand.rooms.b.id }, body: {} }),
  'stream-keys.revoke': ({ brand }) => ({ params: { id: brand.rooms.b.id } }),
  'clips.create': ({ brand }) => ({
    params: { id: brand.rooms.b.id },
    body: { productId: brand.products.milk.id, fromSeconds: 1, toSeconds: 9 },
  }),
  'clips.patch': ({ clipId }) => ({ params: { id: clipId }, body: { fromSeconds: 1, toSeconds: 9 } }),
  'clips.delete': ({ clipId }) => ({ params: { id: clipId } }),
  'replays.file': ({ brand }) => ({ params: { id: brand.rooms.b.id }, body: { clipId: null } }),
  'replays.visible': ({ brand }) => ({ params: { id: brand.rooms.b.id }, body: { visible: false } }),
  'replays.delete': ({ brand }) => ({ params: { id: brand.rooms.b.id }, body: { reason: '到期' } }),
  'gifts.of-room': ({ brand }) => ({ params: { id: brand.rooms.b.id } }),
  'gifts.take-back': ({ givenGiftId }) => ({ params: { id: givenGiftId }, body: {} }),
  ...reportTargets,
  'draws.prepare': ({ brand }) => ({ body: { ...drawTerms, roomId: brand.rooms.b.id } }),
  'draws.prizes': ({ drawId }) => ({ params: { id: drawId } }),
  'draws.cancel': ({ drawId }) => ({ params: { id: drawId }, body: { reason: '写错了' } }),
  'prizes.claim': ({ prizeId }) => ({ params: { id: prizeId }, body: { address: home } }),
  'prizes.ship': ({ prizeId }) => ({ params: { id: prizeId }, body: { trackingNo: 'SF0002' } }),
  'red-packets.start': ({ brand }) => ({
    body: { roomId: brand.rooms.b.id, title: '红包雨', totalFen: 100, count: 10 },
  }),
  'red-packets.end': ({ redPacketId }) => ({ params: { id: redPacketId }, body: {} }),
  'coupon-kinds.create': ({ brand }) => ({
    body: { orgUnitId: brand.stores.b.id, title: '满 50 减 20', offFen: 2_000, minSpendFen: 5_000, total: 10 },
  }),
  'coupon-kinds.list': ({ brand }) => ({ query: `roomId=${brand.rooms.b.id}` }),
  'coupons.give': ({ brand, couponKindId }) => ({
    params: { id: couponKindId },
    body: { personId: brand.consumers.anna.personId, reason: '补偿' },
  }),
  'coupon-kinds.stop': ({ couponKindId }) => ({ params: { id: couponKindId }, body: { reason: '写错了' } }),
  'coupon-drops.start': ({ brand, couponKindId }) => ({
    body: { roomId: brand.rooms.b.id, kindId: couponKindId, count: 1 },
  }),
  'coupon-drops.end': ({ couponDropId }) => ({ params: { id: couponDropId }, body: {} }),
  'coupons.give-to-many': ({ couponKindId }) => ({
    params: { id: couponKindId },
    body: { ruleId: null, rank: 0, reason: '回馈' },
  }),
  'counter-coupons.get': ({ counterCode }) => ({ params: { couponCode: counterCode } }),
  'counter-coupons.redeem': ({ counterCode }) => ({ params: { couponCode: counterCode }, body: {} }),
  'members.get': ({ brand }) => ({ params: { id: brand.consumers.anna.personId } }),
  'points.of-customer': ({ brand }) => ({ params: { id: brand.consumers.anna.personId } }),
  'customer-tags.get': ({ brand }) => ({ params: { id: brand.consumers.anna.personId } }),
  'koc-proposals.decide': ({ proposalId }) => ({
    params: { id: proposalId },
    body: { accept: true, reason: '常带朋友来' },
  }),
  'group-campaigns.create': ({ brand }) => ({
    body: {
      ...{ orgUnitId: brand.stores.b.id, skuId: brand.products.family.sku.id, title: '三人团' },
      ...{ priceFen: 9_900, size: 3, days: 7 },
    },
  }),
  'group-campaigns.groups': ({ groupCampaignId }) => ({ params: { id: groupCampaignId } }),
  'pre-sales.create': ({ brand }) => ({
    body: {
      ...{ orgUnitId: brand.stores.b.id, skuId: brand.products.family.sku.id, title: '预售' },
      ...{ priceFen: 10_000, depositFen: 1_000, depositUntil: '2100-01-02T00:00:00.000Z' },
      ...{ balanceFrom: '2100-01-03T00:00:00.000Z', balanceUntil: '2100-01-04T00:00:00.000Z' },
      ...{ shipsBy: '2100-01-08T00:00:00.000Z', startsAt: '2100-01-01T00:00:00.000Z' },
    },
  }),
  'pre-sales.stop': ({ preSaleId }) => ({ params: { id: preSaleId }, body: { reason: '写错了' } }),
  'group-campaigns.stop': ({ groupCampaignId }) => ({ params: { id: groupCampaignId }, body: { reason: '写错了' } }),
  'check-ins.open': ({ brand }) => ({ body: { roomId: brand.rooms.b.id } }),
  'check-ins.close': ({ checkInId }) => ({ params: { id: checkInId }, body: {} }),
  'polls.open': ({ brand }) => ({
    body: { kind: 'survey', roomId: brand.rooms.b.id, question: '喜欢哪种', options: ['原味', '奶香'] },
  }),
  'polls.cancel': ({ pollId }) => ({ params: { id: pollId }, body: { reason: '写错了' } }),
  'polls.close': ({ pollId }) => ({ params: { id: pollId }, body: {} }),
  'countdowns.start': ({ brand }) => ({ body: { roomId: brand.rooms.b.id, title: '开抢', seconds: 60 } }),
  'countdowns.move': ({ countdownId }) => ({
    params: { id: countdownId },
    body: { endsAt: new Date(Date.now() + 120_000).toISOString() },
  }),
  'countdowns.cancel': ({ countdownId }) => ({ params: { id: countdownId }, body: {} }),
  'chains.open': ({ brand }) => ({ body: { roomId: brand.rooms.b.id, title: '接龙' } }),
  'chains.people': ({ chainId }) => ({ params: { id: chainId } }),
  'chains.remove-line': ({ chainId }) => ({ params: { id: chainId }, body: { no: 1, reason: '不合适' } }),
  'chains.close': ({ chainId }) => ({ params: { id: chainId }, body: {} }),
  'budgets.grant': ({ brand }) => ({
    params: { orgUnitId: brand.stores.b.id },
    body: { amountFen: 1_000, reason: '活动' },
  }),
  'rooms.audience': ({ brand }) => ({ params: { id: brand.rooms.b.id }, body: { audience: 'everyone' } }),
  'invitations.list': ({ around }) => ({ params: { id: around.conferenceId } }),
  'invitations.create': ({ around }) => ({
    params: { id: around.conferenceId },
    body: { items: [{ kind: 'link', name: '张总' }] },
  }),
  'invitations.revoke': ({ around }) => ({ params: { id: around.invitationId } }),
  'marks.create': ({ brand }) => ({
    body: { personId: brand.consumers.anna.personId, kind: 'member', reason: '老顾客' },
  }),
  'marks.end': ({ around }) => ({ params: { id: around.markId }, body: { reason: '停用' } }),
  'trainings.list': ({ brand }) => ({ params: { id: brand.staff.b.guide.personId } }),
  'trainings.verify': ({ brand }) => ({
    params: { id: brand.staff.b.guide.personId },
    body: { title: '产品培训', trainedOn: '2026-01-05' },
  }),
  'trainings.revoke': ({ around }) => ({ params: { id: around.trainingId }, body: { reason: '过期' } }),
  'drain-cards.put': ({ brand }) => ({
    body: {
      ...{ kind: 'store_group', orgUnitId: brand.stores.b.id, guideId: null, title: '进群', hint: '' },
      ...{ link: 'https://example.com', pictureId: null, expiresAt: null },
    },
  }),
  'drain-cards.remove': ({ around }) => ({ params: { id: around.cardId } }),
  'drain-cards.show': ({ brand }) => ({ params: { id: brand.rooms.b.id }, body: { kind: 'store_group' } }),
  'materials.add': ({ around }) => ({
    params: { id: around.conferenceId },
    body: { title: '课程', fileId: null, url: 'https://example.com' },
  }),
  'materials.remove': ({ around }) => ({ params: { id: around.conferenceId, materialId: around.materialId } }),
  'conferences.attendance': ({ around }) => ({ params: { id: around.conferenceId } }),
  'webhooks.create': ({ brand }) => ({ body: { orgUnitId: brand.stores.b.id, url: 'https://hook.example/' } }),
  'webhooks.change': ({ webhookId }) => ({ params: { id: webhookId }, body: { state: 'disabled' } }),
  'webhooks.rotate-secret': ({ webhookId }) => ({ params: { id: webhookId }, body: {} }),
  'webhooks.test': ({ webhookId }) => ({ params: { id: webhookId }, body: {} }),
  'webhooks.deliveries': ({ webhookId }) => ({ params: { id: webhookId } }),
  'webhooks.replay': ({ deliveryId }) => ({ params: { id: deliveryId }, body: {} }),
  'webhooks.delete': ({ webhookId }) => ({ params: { id: webhookId } }),
  'rooms.end': ({ brand }) => ({ params: { id: brand.rooms.b.id }, body: {} }),
};

/** Where `anna` lives. */
export const home = {
  ...{ recipient: '安然', phone: '13900000001', province: '上海市', city: '上海市', district: '静安区' },
  street: '南京西路 1 号',
};
