import { createI18n } from '@walnut-live/ui';

/** Cards that lead to the account, the group or the guide of one's own store. */
export const cardI18n = createI18n({
  zh: {
    'card.official_account': '关注公众号',
    'card.store_group': '进门店群',
    'card.guide': '加导购微信',
    'card.open': '看二维码',
    'card.of': '{store}',
    'card.guideOf': '{guide} · {store}',
    'card.press': '长按图片识别二维码',
    'card.scan': '用微信扫一扫，或保存图片后从相册识别',
    'card.save': '保存图片',
    'card.link': '打开链接',
    'card.picture': '{title} 二维码',
    'card.hide': '收起卡片',
    'card.own': '这是你所属门店的专属卡片',
  },
  en: {
    'card.official_account': 'Follow our account',
    'card.store_group': 'Join the store’s group',
    'card.guide': 'Add your guide',
    'card.open': 'Show the code',
    'card.of': '{store}',
    'card.guideOf': '{guide} · {store}',
    'card.press': 'Press and hold the picture to read the code',
    'card.scan': 'Scan it in WeChat, or save the picture and read it from your album',
    'card.save': 'Save picture',
    'card.link': 'Open the link',
    'card.picture': '{title}: code',
    'card.hide': 'Put the card away',
    'card.own': 'This is the card of your own store',
  },
});
export const useCardT = cardI18n.useT;
