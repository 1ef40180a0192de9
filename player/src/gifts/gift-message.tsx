import type { ChatLine, GiftLine } from '@walnut-live/live-client/room';
import { cx, useLocale } from '@walnut-live/ui';
import { memo, type ReactNode } from 'react';
import { useGiftT } from './messages.ts';

/** Chat and gifts in the order they came; a burst stands where its last gift was. */
export const withGifts = (lines: readonly ChatLine[], gifts: readonly GiftLine[]): readonly (ChatLine | GiftLine)[] => {
  if (gifts.length === 0) return lines;
  const first = lines[0]?.at ?? '';
  const shown = gifts.filter(({ at }) => at >= first);
  const all: (ChatLine | GiftLine)[] = [];
  let next = 0;
  for (const line of lines) {
    for (let gift = shown[next]; gift && gift.at < line.at; gift = shown[next]) {
      all.push(gift);
      next += 1;
    }
    all.push(line);
  }
  return [...all, ...shown.slice(next)];
};

export const isGift = (line: ChatLine | GiftLine): line is GiftLine => 'comboId' in line;

export const GiftMessage = memo(({ gift, own }: { gift: GiftLine; own: boolean }): ReactNode => {
  const t = useGiftT();
  const { locale } = useLocale();
  const name = locale === 'en' ? gift.giftNameEn : gift.giftName;
  return (
    <p className={cx('pl-line pl-line-gift', own && 'pl-line-own')} data-testid="gift-line">
      <span className="pl-line-name">{gift.name}</span>
      <span className="pl-line-text">{t('chat.sent', { gift: name })}</span>
      <img src={gift.pictureUrl} alt="" width="20" height="20" />
      <b className="wl-number">{t('times', { count: gift.count })}</b>
    </p>
  );
});
