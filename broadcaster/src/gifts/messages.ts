import { createI18n } from '@walnut-live/ui';

/** Gifts as the guide sees them. */
export const giftI18n = createI18n({
  zh: {
    title: '礼物',
    open: '礼物',
    coins: '本场金币',
    pieces: '礼物数',
    givers: '送礼人数',
    empty: '还没有收到礼物',
    'empty.hint': '观众送出的礼物会按时间出现在这里',
    line: '送出 {gift} ×{count}',
    'line.coins': '{count} 金币',
    'state.given': '可撤回',
    'state.taken_back': '已撤回',
    'state.shared': '已入账',
    more: '加载更多',
    note: '礼物按时间显示，不做排行。撤回期过后按总部规则分成。',
  },
  en: {
    title: 'Gifts',
    open: 'Gifts',
    coins: 'Coins this live',
    pieces: 'Gifts',
    givers: 'Givers',
    empty: 'No gifts yet',
    'empty.hint': 'Gifts appear here in the order they come',
    line: 'sent {gift} ×{count}',
    'line.coins': '{count} [coin|coins]',
    'state.given': 'Can be taken back',
    'state.taken_back': 'Taken back',
    'state.shared': 'Booked',
    more: 'Load more',
    note: 'In the order of time, never ranked. Shared by the brand’s rules once it cannot be taken back.',
  },
});
export const useGiftT = giftI18n.useT;
