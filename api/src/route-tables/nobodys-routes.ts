import { settlementsOfNobody } from '../testing/settled.ts';
import { sharingOfNobody } from '../testing/sharing.ts';

/** Routes with parameters that name nobody's own: the brand's, the public's, or the caller's. */
export const belongsToNobody = new Set<string>([
  ...settlementsOfNobody,
  'org.seller', // public by rule Z2
  'rooms.get', // public, as the live itself
  'rooms.entry', // what stands at the door is for everybody
  'rooms.join',
  'materials.list', // whoever may enter; see the conferences' own tests
  'materials.file',
  'drain-cards.mine', // routed for who asks; see the cards' own tests
  'drain-cards.mark',
  'files.get', // photos and cards are public
  'personas.get',
  'replays.get', // whoever may enter the room; hidden and gone ones are checked by the replays' own tests
  'replays.chat',
  'clips.play',
  'clips.of-product',
  'rooms.media-grant', // everybody may watch; publishing is checked by the rooms' own tests
  'bag.get',
  'cohosts.answer', // whoever was asked, and nobody above them; see the co-hosts' own tests
  'products.get', // the brand's
  'media.get',
  'products.patch',
  'skus.weight',
  'addresses.change', // the caller's own; see the address books' own tests
  'addresses.remove',
  'gifts.send', // whoever may enter the room; see the gifts' own tests
  'gifts.patch', // the brand's
  'wallets.refund', // of no store; finance alone, see the wallet's own tests
  'after-sales.evidence.upload', // bytes, and only of one's own order; see the cases' own tests
  'payments.notify', // proves itself by a signature
  'payments.record', // of the whole brand; for finance of headquarters alone
  'payments.ask',
  'payments.refund_again',
  'reconciliation.resolve',
  'commissions.mine.get', // the caller's own, nobody else's; see my-commission.test.ts
  'commission-holds.release', // of headquarters alone; see the desk's own tests
  'commission-holds.confirm',
  'share-links.follow',
  'reports.exports.file', // its asker's own; see the reports' own tests
  'orders.credit.mine', // of whoever was considered, wherever they work; see the appeals' own tests
  'orders.credit.appeal',
  ...sharingOfNobody,
  'guard.terms.patch', // the word list is the brand's
  'guard.terms.remove',
  'draws.public', // so that anybody can check it (rule G2)
  'draws.participants',
  'draws.mine',
  'red-packets.get',
  'red-packets.grab', // whoever is in the room; see the red packets' own tests
  'red-packets.mine',
  'points.exchange', // of the brand, for whoever has the points
  'points.exchanges.stop', // of headquarters alone
  'tag-rules.change',
  'coupon-drops.get',
  'coupon-drops.grab', // whoever is in the room; see the coupons' own tests
  'coupon-drops.mine',
  'group-buys.get', // whoever may enter its room; what it says of me is mine
  'check-ins.get', // public, as the live itself
  'check-ins.mine',
  'polls.get',
  'polls.mine',
  'chains.lines',
  'chains.mine',
  'room-bookings.get', // whoever may see the room; what is written is the caller's own
  'room-bookings.book',
  'room-bookings.undo',
  'org.change', // of headquarters alone
  'org.close',
  'templates.copy', // of headquarters alone
  'templates.preview',
  'data-requests.cancel', // one's own, or anybody's for headquarters; see the personal data's own tests
  'data-requests.file',
  'data-requests.get',
  'data-requests.ask', // of headquarters alone
  'consents.withdraw',
  'retention.preview', // of the whole brand
  'retention.set',
  'guides.follow.get', // whom I follow is mine
  'guides.follow',
  'guides.follow.end',
]);
