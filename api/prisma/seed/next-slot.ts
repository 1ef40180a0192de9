const DAY_MS = 86_400_000;
const CHINA_OFFSET_MS = 8 * 3_600_000;

/** The first moment after `now` that is `hour` o'clock in China (UTC+8, no summer time), on `weekday` (0 = Sunday) if named. */
export function nextSlot(now: Date, slot: { hour: number; weekday?: number }): Date {
  const inChina = now.getTime() + CHINA_OFFSET_MS;
  const midnight = inChina - (inChina % DAY_MS);
  for (let day = 0; ; day++) {
    const at = midnight + day * DAY_MS + slot.hour * 3_600_000;
    const fits = slot.weekday === undefined || new Date(at).getUTCDay() === slot.weekday;
    if (fits && at > inChina) return new Date(at - CHINA_OFFSET_MS);
  }
}
