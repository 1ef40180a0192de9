/** What the screens of activities work out from what the room says: pure. */
import type { ChainLine, Poll, RoomCountdown } from '@walnut-live/contracts';

/** How long "time is up" stands there. */
const OVER_SHOWN_MS = 10_000;

/** What of a countdown is to be seen now. */
export const countdownView = (countdown: RoomCountdown | null, nowMs: number): 'none' | 'running' | 'over' => {
  if (!countdown || countdown.state === 'cancelled') return 'none';
  const endMs = Date.parse(countdown.endsAt);
  if (nowMs < endMs) return 'running';
  return nowMs < endMs + OVER_SHOWN_MS ? 'over' : 'none';
};

/** Each option’s part of the people who answered, 0 … 1; of several choices they are more than one together. */
export const sharesOf = ({ tally, answers }: Pick<Poll, 'tally' | 'answers'>): number[] | null =>
  tally?.map((votes) => (answers === 0 ? 0 : votes / answers)) ?? null;

/** How a quiz ended for somebody. */
export const outcomeOf = (poll: Poll, choices: readonly number[] | null): 'correct' | 'wrong' | 'missed' => {
  if (!choices) return 'missed';
  return poll.rightNo !== null && choices.includes(poll.rightNo) ? 'correct' : 'wrong';
};

/** A list out of pages and news, the newest number first; of one line the newest version stands. */
export const mergeLines = (...parts: readonly (readonly ChainLine[])[]): ChainLine[] => {
  const byNo = new Map<number, ChainLine>();
  for (const line of parts.flat()) if (line.version >= (byNo.get(line.no)?.version ?? 0)) byNo.set(line.no, line);
  return [...byNo.values()].sort((a, b) => b.no - a.no);
};
