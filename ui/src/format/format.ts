import type { Locale } from '../i18n/locale.ts';

/** An amount in fen: an integer (rule M1). `bigint` is accepted so that server-side values can be shown unchanged. */
export type Fen = number | bigint;

export type MoneyParts = { negative: boolean; yuan: string; fen: string };

const intlTag = (locale: Locale): string => (locale === 'zh-CN' ? 'zh-CN' : 'en-US');

/** Memoised per call site arguments by the engine would be luck; Intl constructors are slow, so one cache per module. */
const numberFormats = new Map<string, Intl.NumberFormat>();
const dateFormats = new Map<string, Intl.DateTimeFormat>();

const numberFormat = (locale: Locale, options: Intl.NumberFormatOptions): Intl.NumberFormat => {
  const key = `${locale}${JSON.stringify(options)}`;
  const known = numberFormats.get(key);
  if (known) return known;
  const made = new Intl.NumberFormat(intlTag(locale), options);
  numberFormats.set(key, made);
  return made;
};

const dateFormat = (locale: Locale, options: Intl.DateTimeFormatOptions): Intl.DateTimeFormat => {
  const key = `${locale}${JSON.stringify(options)}`;
  const known = dateFormats.get(key);
  if (known) return known;
  const made = new Intl.DateTimeFormat(intlTag(locale), { hourCycle: 'h23', ...options });
  dateFormats.set(key, made);
  return made;
};

/** `1234567` → `1,234,567`: both languages group alike, and a phone takes tens of milliseconds to make its first Intl formatter. */
const grouped = (digits: string): string => digits.replace(/\B(?=(?:\d{3})+$)/g, ',');

/** Splits fen into grouped yuan and two fen digits without ever using a fraction (M1). Throws on a non-integer. */
export const splitMoney = (amountFen: Fen): MoneyParts => {
  const fen = BigInt(amountFen);
  const negative = fen < 0n;
  const absolute = negative ? -fen : fen;
  return {
    negative,
    yuan: grouped((absolute / 100n).toString()),
    fen: (absolute % 100n).toString().padStart(2, '0'),
  };
};

export type MoneyOptions = {
  /** `trim` drops `.00`, for headline prices. Default `always`. */
  fen?: 'always' | 'trim';
  /** Show `+` before positive amounts (commission, ledger). */
  sign?: boolean;
};

/** `123450` → `¥1,234.50`, in both languages. */
export const formatMoney = (amountFen: Fen, _locale: Locale = 'zh-CN', options: MoneyOptions = {}): string => {
  const parts = splitMoney(amountFen);
  const sign = parts.negative ? '−' : options.sign && BigInt(amountFen) > 0n ? '+' : '';
  const decimals = options.fen === 'trim' && parts.fen === '00' ? '' : `.${parts.fen}`;
  return `${sign}¥${parts.yuan}${decimals}`;
};

/** Floors to one decimal so that a count is never shown higher than it is (rule Z8). */
const scaled = (count: number, unit: number): string => {
  const tenths = Math.floor((count * 10) / unit);
  return tenths % 10 === 0 || tenths >= 1000 ? String(Math.floor(tenths / 10)) : (tenths / 10).toFixed(1);
};

/** Counts of people and things: `12000` → `1.2万` / `12K`. */
export const formatCount = (count: number, locale: Locale = 'zh-CN'): string => {
  const whole = Math.trunc(count);
  const sign = whole < 0 ? '-' : '';
  const absolute = Math.abs(whole);
  if (locale === 'zh-CN') {
    if (absolute >= 100_000_000) return `${sign}${scaled(absolute, 100_000_000)}亿`;
    if (absolute >= 10_000) return `${sign}${scaled(absolute, 10_000)}万`;
  } else {
    if (absolute >= 1_000_000_000) return `${sign}${scaled(absolute, 1_000_000_000)}B`;
    if (absolute >= 1_000_000) return `${sign}${scaled(absolute, 1_000_000)}M`;
    if (absolute >= 10_000) return `${sign}${scaled(absolute, 1_000)}K`;
  }
  return `${sign}${grouped(String(absolute))}`;
};

/** Exact grouped integer. */
export const formatNumber = (value: number, locale: Locale = 'zh-CN'): string =>
  numberFormat(locale, { maximumFractionDigits: 0 }).format(value);

/** A ratio 0…1 as percent, one decimal; `null` (nothing measured) is a dash, not zero. */
export const formatPercent = (ratio: number | null, locale: Locale = 'zh-CN'): string =>
  ratio === null || !Number.isFinite(ratio)
    ? '—'
    : numberFormat(locale, { style: 'percent', maximumFractionDigits: 1 }).format(ratio);

/** RFC 3339 text, epoch milliseconds or a Date. */
export type TimeInput = string | number | Date;
const dateOf = (time: TimeInput): Date => (time instanceof Date ? time : new Date(time));

/** IANA zone for tests and reports; undefined = the reader's own. */
type ZoneOption = { timeZone?: string };
const zoned = (zone: ZoneOption): { timeZone?: string } => (zone.timeZone ? { timeZone: zone.timeZone } : {});

/** `20:05` */
export const formatTime = (time: TimeInput, locale: Locale = 'zh-CN', zone: ZoneOption = {}): string =>
  dateFormat(locale, { hour: '2-digit', minute: '2-digit', ...zoned(zone) }).format(dateOf(time));

/** `2026年11月22日` / `Nov 22, 2026` */
export const formatDate = (time: TimeInput, locale: Locale = 'zh-CN', zone: ZoneOption = {}): string =>
  dateFormat(locale, {
    year: 'numeric',
    month: locale === 'zh-CN' ? 'long' : 'short',
    day: 'numeric',
    ...zoned(zone),
  }).format(dateOf(time));

const yearOf = (time: TimeInput, zone: ZoneOption): string =>
  dateFormat('en', { year: 'numeric', ...zoned(zone) }).format(dateOf(time));

/** `11月22日 20:05` / `Nov 22, 20:05`; of another year than `now` with its year. */
export const formatDateTime = (
  time: TimeInput,
  locale: Locale = 'zh-CN',
  zone: ZoneOption = {},
  now: TimeInput = Date.now(),
): string =>
  dateFormat(locale, {
    ...(yearOf(time, zone) === yearOf(now, zone) ? {} : { year: 'numeric' }),
    month: locale === 'zh-CN' ? 'long' : 'short',
    day: 'numeric',
    hour: '2-digit',
    minute: '2-digit',
    ...zoned(zone),
  }).format(dateOf(time));

/** Exact and sortable, for tables and audit: `2026-11-22 20:05:09`. */
export const formatTimestamp = (time: TimeInput, zone: ZoneOption = {}): string =>
  dateFormat('zh-CN', {
    year: 'numeric',
    month: '2-digit',
    day: '2-digit',
    hour: '2-digit',
    minute: '2-digit',
    second: '2-digit',
    ...zoned(zone),
  })
    .format(dateOf(time))
    .replaceAll('/', '-');

const relativeSteps: readonly [unit: Intl.RelativeTimeFormatUnit, seconds: number][] = [
  ['day', 86_400],
  ['hour', 3_600],
  ['minute', 60],
];

/** `3分钟前` / `3 minutes ago`; below five seconds `刚刚` / `just now`; beyond a week the date. */
export const formatRelative = (time: TimeInput, nowMs: number, locale: Locale = 'zh-CN'): string => {
  const deltaSeconds = Math.round((dateOf(time).getTime() - nowMs) / 1000);
  const distance = Math.abs(deltaSeconds);
  if (distance < 5) return locale === 'zh-CN' ? '刚刚' : 'just now';
  if (distance > 7 * 86_400) return formatDateTime(time, locale, {}, nowMs);
  const relative = new Intl.RelativeTimeFormat(intlTag(locale), { numeric: 'always' });
  for (const [unit, seconds] of relativeSteps) {
    if (distance >= seconds) return relative.format(Math.trunc(deltaSeconds / seconds), unit);
  }
  return relative.format(deltaSeconds, 'second');
};

const two = (value: number): string => String(value).padStart(2, '0');

/** A running clock, `04:09`, `1:02:03`; whole seconds, never negative. */
export const formatDuration = (milliseconds: number): string => {
  const total = Math.max(0, Math.floor(milliseconds / 1000));
  const hours = Math.floor(total / 3600);
  const tail = `${two(Math.floor((total % 3600) / 60))}:${two(total % 60)}`;
  return hours > 0 ? `${hours}:${tail}` : tail;
};

export type CountdownParts = { days: number; hours: string; minutes: string; seconds: string; done: boolean };

/** Parts of what is left, seconds rounded up so that it shows 00:01 until the moment itself. */
export const splitCountdown = (leftMs: number): CountdownParts => {
  const total = Math.max(0, Math.ceil(leftMs / 1000));
  return {
    days: Math.floor(total / 86_400),
    hours: two(Math.floor((total % 86_400) / 3600)),
    minutes: two(Math.floor((total % 3600) / 60)),
    seconds: two(total % 60),
    done: total === 0,
  };
};

/** `02:04:09`, `3天 02:04:09` / `3d 02:04:09`. */
export const formatCountdown = (leftMs: number, locale: Locale = 'zh-CN'): string => {
  const parts = splitCountdown(leftMs);
  const days = parts.days > 0 ? `${parts.days}${locale === 'zh-CN' ? '天' : 'd'} ` : '';
  return `${days}${parts.hours}:${parts.minutes}:${parts.seconds}`;
};
