/** Days and clock times of a zone, by the zone rules that the platform's Intl knows. Pure. */
const MINUTE_MS = 60_000;
const DAY_MS = 86_400_000;

const formats = new Map<string, Intl.DateTimeFormat>();
function formatOf(zone: string): Intl.DateTimeFormat {
  const known = formats.get(zone);
  if (known) return known;
  const made = new Intl.DateTimeFormat('en-CA', {
    timeZone: zone,
    hourCycle: 'h23',
    ...{ year: 'numeric', month: '2-digit', day: '2-digit', hour: '2-digit', minute: '2-digit', second: '2-digit' },
  });
  formats.set(zone, made);
  return made;
}
function partsOf(at: Date, zone: string): Record<string, string> {
  return Object.fromEntries(
    formatOf(zone)
      .formatToParts(at)
      .map(({ type, value }) => [type, value]),
  );
}

/** The clock on the wall, as if it were UTC. */
function wallMs(at: Date, zone: string): number {
  const { year, month, day, hour, minute, second } = partsOf(at, zone);
  return Date.parse(`${year}-${month}-${day}T${hour}:${minute}:${second}Z`);
}

/** `2026-03-03`: the day it is there. */
export const dateIn = (zone: string, at: Date): string => new Date(wallMs(at, zone)).toISOString().slice(0, 10);

/**
 * When the clocks there show `minute` of the day. A time that a change to summer time leaves out is that much later; of one
 * that comes twice it is the first.
 */
export function instantOf(date: string, minute: number, zone: string): Date {
  const wanted = Date.parse(`${date}T00:00:00Z`) + minute * MINUTE_MS;
  const offsets = [wanted - DAY_MS, wanted + DAY_MS].map((near) => wallMs(new Date(near), zone) - near);
  const candidates = [...new Set(offsets)].map((offset) => wanted - offset).sort((a, b) => a - b);
  const exact = candidates.find((candidate) => wallMs(new Date(candidate), zone) === wanted);
  return new Date(exact ?? wanted - Math.min(...offsets));
}

export const addDays = (date: string, days: number): string =>
  new Date(Date.parse(`${date}T00:00:00Z`) + days * DAY_MS).toISOString().slice(0, 10);

/** 1 is Monday (ISO 8601). */
export const weekdayOf = (date: string): number => new Date(`${date}T00:00:00Z`).getUTCDay() || 7;
