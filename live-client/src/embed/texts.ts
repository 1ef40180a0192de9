/** What an embedded room says, in the two languages of the product. */
const zh = {
  room: '{title} · 直播间',
  video: '{host}的直播画面',
  live: '直播中',
  viewers: '{count} 人在看',
  generated: 'AI 生成画面',
  joining: '正在进入直播间…',
  offline: '网络断开了，正在重连…',
  'not-allowed': '本页面（{site}）还不能展示这个直播间',
  scheduled: '直播还没开始',
  scheduledAt: '直播将在 {time} 开始',
  connecting: '画面马上就来…',
  stalled: '网络有点慢，正在缓冲…',
  idle: '主播还没打开画面',
  interrupted: '主播网络不稳定，马上回来',
  blocked: '点击播放',
  ended: '直播已结束',
  failed: '画面暂时播放不了，聊天和购物不受影响',
  banned: '你已被移出直播间',
  'not-for-you': '这个直播间仅对受邀的人开放',
  'not-found': '直播间不存在',
  replaced: '已在其他页面打开',
  retry: '重试',
  play: '点击播放',
  sound: '点击开启声音',
  mute: '静音',
  chat: '聊天',
  noChat: '还没有人说话',
  host: '主播',
  operator: '助播',
  talk: '去直播间聊天、下单',
  visit: '去直播间看看',
  pinned: '讲解中',
  livePrice: '直播价',
  was: '原价 {price}',
  endsIn: '距结束 {time}',
  buy: '去购买',
  soldOut: '已售罄',
  notYet: '开播后可买',
} as const;
export type TextKey = keyof typeof zh;

const en: Record<TextKey, string> = {
  room: '{title} · live room',
  video: 'Live picture of {host}',
  live: 'Live',
  viewers: '{count} watching',
  generated: 'AI-generated picture',
  joining: 'Entering the room…',
  offline: 'You are offline, reconnecting…',
  'not-allowed': 'This page ({site}) may not show this room yet',
  scheduled: 'The live has not started',
  scheduledAt: 'The live starts {time}',
  connecting: 'The picture is on its way…',
  stalled: 'The network is slow, buffering…',
  idle: 'The host has no picture on yet',
  interrupted: 'The host’s network is unstable, back in a moment',
  blocked: 'Tap to play',
  ended: 'The live has ended',
  failed: 'The picture cannot play at the moment; chat and shopping go on',
  banned: 'You were removed from this room',
  'not-for-you': 'This room is open to invited people only',
  'not-found': 'There is no such room',
  replaced: 'Open in another page',
  retry: 'Try again',
  play: 'Tap to play',
  sound: 'Tap for sound',
  mute: 'Mute',
  chat: 'Chat',
  noChat: 'Nobody has said anything yet',
  host: 'Host',
  operator: 'Team',
  talk: 'Chat and buy in the live room',
  visit: 'Visit the live room',
  pinned: 'On show',
  livePrice: 'Live price',
  was: 'was {price}',
  endsIn: 'ends in {time}',
  buy: 'Buy',
  soldOut: 'Sold out',
  notYet: 'On sale when live',
};

/** Both, for those who look whether one shows through in the other. */
export const texts = { zh, en } as const;

export type Lang = 'zh-CN' | 'en';
/** The language of a tag like `en-GB` or `zh`; Chinese for everything that is not English, as in the whole product. */
export const langOf = (tag: string | null | undefined): Lang => (/^en\b/i.test(tag ?? '') ? 'en' : 'zh-CN');

export type Say = (key: TextKey, values?: Readonly<Record<string, string>>) => string;
export const sayIn =
  (lang: Lang): Say =>
  (key, values = {}) =>
    (lang === 'en' ? en : zh)[key].replace(/\{(\w+)\}/g, (whole, name: string) => values[name] ?? whole);

/** Whole fen as yuan, never by a fraction (rule M1): 123450 → ¥1,234.50, 4900 → ¥49. */
export const moneyText = (fen: number, lang: Lang): string => {
  const yuan = new Intl.NumberFormat(lang, { maximumFractionDigits: 0 }).format((fen - (fen % 100)) / 100);
  return fen % 100 === 0 ? `¥${yuan}` : `¥${yuan}.${String(fen % 100).padStart(2, '0')}`;
};

/** `1:05:09`, `05:09`; never below zero. A second that has begun counts. */
export const leftText = (leftMs: number): string => {
  const seconds = Math.max(0, Math.ceil(leftMs / 1_000));
  const parts = [Math.floor(seconds / 60) % 60, seconds % 60].map((part) => String(part).padStart(2, '0'));
  const hours = Math.floor(seconds / 3_600);
  return (hours > 0 ? [String(hours), ...parts] : parts).join(':');
};
