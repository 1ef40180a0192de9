import { type ReactNode, useEffect, useRef } from 'react';
import { formatCountdown, splitCountdown } from '../format/format.ts';
import { useNow } from '../format/use-now.ts';
import { useLocale } from '../i18n/locale-provider.tsx';
import { uiI18n } from '../i18n/ui-messages.ts';
import { cx } from './class-names.ts';

export type CountdownProps = {
  /** RFC 3339 or epoch milliseconds of server time. */
  until: string | number;
  /** Server time − device time, milliseconds. */
  serverOffsetMs?: number;
  /** Called once when it reaches zero. */
  onEnd?: () => void;
  /** `boxes` = framed digits for flash sales; `text` runs in a sentence. */
  look?: 'boxes' | 'text';
  className?: string;
};

export const Countdown = ({
  until,
  serverOffsetMs = 0,
  onEnd,
  look = 'boxes',
  className,
}: CountdownProps): ReactNode => {
  const { locale } = useLocale();
  const t = uiI18n.useT();
  const untilMs = typeof until === 'number' ? until : Date.parse(until);
  const leftMs = untilMs - useNow(1000, serverOffsetMs);
  const parts = splitCountdown(leftMs);
  const latestEnd = useRef(onEnd);
  useEffect(() => {
    latestEnd.current = onEnd;
  });
  useEffect(() => {
    if (parts.done) latestEnd.current?.();
  }, [parts.done]);

  const text = formatCountdown(leftMs, locale);
  if (look === 'text' || parts.done)
    return (
      <span role="timer" className={cx('wl-countdown-text wl-number', className)}>
        {parts.done ? t('countdown.ended') : text}
      </span>
    );
  return (
    <span role="timer" className={cx('wl-countdown', className)}>
      {/* Not the running text: a screen reader asks for it, it does not get it every second. */}
      <span className="wl-visually-hidden">{t('countdown.left', { time: text })}</span>
      <span aria-hidden="true" className="wl-countdown-boxes">
        {parts.days > 0 && (
          <span className="wl-countdown-days">
            {parts.days}
            {t('countdown.day')}
          </span>
        )}
        <b>{parts.hours}</b>
        <i>:</i>
        <b>{parts.minutes}</b>
        <i>:</i>
        <b>{parts.seconds}</b>
      </span>
    </span>
  );
};
