/** What a poster says and how it is set, without a pixel: the same facts make the same poster. */
import { struckPriceOf } from '@walnut-live/contracts';

export type PosterLang = 'zh-CN' | 'en';
export interface PosterFacts {
  readonly kind: 'room' | 'product' | 'content' | 'group_buy';
  readonly title: string;
  readonly subtitle: string;
  readonly coverUrl: string;
  readonly room: { readonly state: 'scheduled' | 'live' | 'ended'; readonly scheduledAt: Date | null };
  readonly store: string;
  readonly brand: string;
  readonly sharer: { readonly name: string; readonly isGuide: boolean };
  readonly price: {
    readonly priceFen: number;
    readonly listPriceFen: number | null;
    readonly listPriceBasis: string | null;
    readonly baselineFen: number | null;
    /** People of a group; null for who buys alone. */
    readonly groupSize: number | null;
  } | null;
}
export interface PosterText {
  readonly title: string;
  readonly subtitle: string;
  readonly badge: { readonly text: string; readonly isLive: boolean };
  readonly brand: string;
  readonly initial: string;
  readonly sharer: string;
  readonly invites: string;
  readonly scan: string;
  readonly footer: string;
  readonly price: {
    readonly now: string;
    readonly unit: string;
    readonly struck: string;
    readonly basis: string;
  } | null;
}

const texts = {
  'zh-CN': {
    live: '直播中',
    ended: '看回放',
    scheduled: (at: string) => `${at} 开播`,
    soon: '即将开播',
    guide: '门店导购',
    invites: { room: '邀请你来看直播', product: '给你推荐一件好物', content: '分享给你', group_buy: '邀你一起拼团' },
    scan: '长按识别二维码',
    group: (size: number) => `${size} 人团价`,
    live_price: '直播间价',
    lowest: '近 7 天最低价',
    footer: '价格以直播间页面为准',
  },
  en: {
    live: 'LIVE',
    ended: 'Replay',
    scheduled: (at: string) => `Live ${at}`,
    soon: 'Live soon',
    guide: 'Store guide',
    invites: {
      room: 'invites you to a live',
      product: 'recommends this to you',
      content: 'shares this with you',
      group_buy: 'asks you into a group',
    },
    scan: 'Scan or hold to open',
    group: (size: number) => `Group of ${size}`,
    live_price: 'In the live',
    lowest: 'Lowest of 7 days',
    footer: 'The price on the page counts',
  },
} as const;

/** Characters that no font of ours draws: emoji and what belongs to them, and what is no character. */
const UNDRAWN = /\p{Extended_Pictographic}|\u200d|\ufe0e|\ufe0f|[\u{1f3fb}-\u{1f3ff}\p{Cc}\p{Cs}\p{Co}]/gu;
export const drawable = (text: string): string => text.replace(UNDRAWN, ' ').replace(/\s+/g, ' ').trim();

/** Width of a character in ems, on the wide side. */
function emsOf(char: string): number {
  if (/[\u2e80-\u9fff\uf900-\ufaff\uff00-\uff60\u3000-\u30ff]/.test(char) || (char.codePointAt(0) ?? 0) > 0x1_ffff)
    return 1;
  if (/[A-Z@%&MWmw]/.test(char)) return 0.85;
  return 0.6;
}
/** As much of a text as so many ems hold; the rest is an ellipsis. */
export function fitTo(text: string, ems: number): string {
  const chars = [...text];
  const width = (some: readonly string[]): number => some.reduce((sum, char) => sum + emsOf(char), 0);
  if (width(chars) <= ems) return text;
  while (width(chars) > ems - 1) chars.pop();
  return `${chars.join('').trimEnd()}…`;
}

const yuan = (fen: number): string => {
  const text = (fen / 100).toFixed(2);
  return text.endsWith('.00') ? text.slice(0, -3) : text;
};
const startsAt = (at: Date, lang: PosterLang): string =>
  new Intl.DateTimeFormat(lang, {
    ...{
      month: 'numeric',
      day: 'numeric',
      hour: '2-digit',
      minute: '2-digit',
      hour12: false,
      timeZone: 'Asia/Shanghai',
    },
  }).format(at);

/** How much there is room for, in ems of each text's size. */
const TITLE_EMS = 27.5;
const SUBTITLE_EMS = 24;
const NAME_EMS = 9;
const BRAND_EMS = 16;
const BASIS_EMS = 12;

/** Rule Z4: a price is struck only with its basis beside it, or as the lowest deal of the seven days before. */
export function posterText(facts: PosterFacts, lang: PosterLang): PosterText {
  const say = texts[lang];
  const { room, sharer, price } = facts;
  const struck = price && struckPriceOf(price);
  const name = drawable(sharer.name) || '·';
  const badge =
    room.state === 'live'
      ? say.live
      : room.state === 'ended'
        ? say.ended
        : room.scheduledAt
          ? say.scheduled(startsAt(room.scheduledAt, lang))
          : say.soon;
  return {
    title: fitTo(drawable(facts.title), TITLE_EMS),
    subtitle: fitTo(drawable(facts.subtitle || facts.store), SUBTITLE_EMS),
    badge: { text: badge, isLive: room.state === 'live' },
    brand: fitTo(drawable(facts.brand), BRAND_EMS),
    initial: [...name][0]?.toUpperCase() ?? '',
    sharer: fitTo(name, NAME_EMS),
    invites: sharer.isGuide && facts.kind === 'room' ? `${say.guide} · ${say.invites.room}` : say.invites[facts.kind],
    scan: say.scan,
    footer: price ? say.footer : drawable(facts.store),
    price: price && {
      now: yuan(price.priceFen),
      unit: price.groupSize === null ? say.live_price : say.group(price.groupSize),
      struck: struck ? yuan(struck.fen) : '',
      basis: struck
        ? struck.basis.kind === 'stated'
          ? fitTo(drawable(struck.basis.text), BASIS_EMS)
          : say.lowest
        : '',
    },
  };
}
