import type { Room } from '@walnut-live/contracts';

/** A scheduled live counts as "this one now" this long before and after its time. */
const NEAR_MS = 2 * 60 * 60 * 1000;

export type TodayView = {
  /** My own live that I can continue. */
  resume: Room | null;
  /** My announced live whose time it is: the large button leads there. */
  due: Room | null;
  /** Where the large button leads. */
  goTo: string;
  live: Room[];
  scheduled: { room: Room; overdue: boolean }[];
  ended: Room[];
};

export type TodayInput = { meId: string; nowMs: number; live: Room[]; scheduled: Room[]; ended: Room[] };

const timeOf = (room: Room): number => (room.scheduledAt ? Date.parse(room.scheduledAt) : Number.POSITIVE_INFINITY);
const newest = (a: string | null, b: string | null): number => (b ?? '').localeCompare(a ?? '');

/** The demo programme is fed by the machine: nobody continues it by hand. */
const isMine = (room: Room, meId: string): boolean => room.host.id === meId && !room.isDemo;

export const todayView = ({ meId, nowMs, live, scheduled, ended }: TodayInput): TodayView => {
  const resume = live.filter((room) => isMine(room, meId)).sort((a, b) => newest(a.startedAt, b.startedAt))[0] ?? null;
  const coming = [...scheduled].sort((a, b) => timeOf(a) - timeOf(b));
  const due = coming.find((room) => isMine(room, meId) && Math.abs(timeOf(room) - nowMs) <= NEAR_MS);
  const goTo = resume ? `/rooms/${resume.id}/live` : due ? `/rooms/${due.id}/prepare` : '/go';
  return {
    resume,
    due: due ?? null,
    goTo,
    live: live.filter((room) => room.id !== resume?.id),
    scheduled: coming.map((room) => ({ room, overdue: timeOf(room) < nowMs })),
    ended: [...ended].sort((a, b) => newest(a.endedAt, b.endedAt)).slice(0, 6),
  };
};

export const partOfDay = (hour: number): 'morning' | 'afternoon' | 'evening' =>
  hour >= 5 && hour < 12 ? 'morning' : hour >= 12 && hour < 18 ? 'afternoon' : 'evening';

/** `datetime-local` value of a moment in the reader's zone. */
export const toLocalInput = (date: Date): string =>
  new Date(date.getTime() - date.getTimezoneOffset() * 60_000).toISOString().slice(0, 16);

/** The next full hour that is at least half an hour away. */
export const suggestedStart = (now: Date): Date => {
  const start = new Date(now.getTime() + 30 * 60_000);
  start.setHours(start.getHours() + 1, 0, 0, 0);
  return start;
};
