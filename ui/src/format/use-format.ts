import { useMemo } from 'react';
import { useLocale } from '../i18n/locale-provider.tsx';
import {
  type Fen,
  formatCount,
  formatCountdown,
  formatDate,
  formatDateTime,
  formatMoney,
  formatNumber,
  formatPercent,
  formatRelative,
  formatTime,
  formatTimestamp,
  type MoneyOptions,
  type TimeInput,
} from './format.ts';

export type Format = {
  money: (fen: Fen, options?: MoneyOptions) => string;
  count: (count: number) => string;
  number: (value: number) => string;
  percent: (ratio: number | null) => string;
  time: (time: TimeInput) => string;
  date: (time: TimeInput) => string;
  dateTime: (time: TimeInput) => string;
  /** Exact to the second, for a log. */
  timestamp: (time: TimeInput) => string;
  relative: (time: TimeInput, nowMs: number) => string;
  countdown: (leftMs: number) => string;
};

/** The formatters bound to the current language. */
export const useFormat = (): Format => {
  const { locale } = useLocale();
  return useMemo(
    () => ({
      money: (fen, options) => formatMoney(fen, locale, options),
      count: (count) => formatCount(count, locale),
      number: (value) => formatNumber(value, locale),
      percent: (ratio) => formatPercent(ratio, locale),
      time: (time) => formatTime(time, locale),
      date: (time) => formatDate(time, locale),
      dateTime: (time) => formatDateTime(time, locale),
      timestamp: (time) => formatTimestamp(time),
      relative: (time, nowMs) => formatRelative(time, nowMs, locale),
      countdown: (leftMs) => formatCountdown(leftMs, locale),
    }),
    [locale],
  );
};
