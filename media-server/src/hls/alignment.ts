/**
 * Turns the tracks' sender reports into what ffmpeg is told. Pure but for its memory.
 *
 * Model: the leading track (the picture) keeps the time line it began with: its reports are replaced by what its own RTP
 * clock says, so that its frames keep their distances. The other track is placed beside it by true capture times. Both
 * estimates are smoothed, because a server that has heard no report of the publisher yet reports arrival times, and these
 * jitter by some ten milliseconds; what remains is the slow drift of two clocks, which is followed.
 */
import { type SenderReport, timestampsApart } from './rtp.ts';

/** Weight of a new report after the first ones. Reports come about every 1.3 s, so a drift is followed within seconds. */
const SMOOTHING = 0.2;
/** A clock that was set, not drift. */
const JUMP_MS = 250;

export interface Alignment {
  /** What ffmpeg was told of the leading track before its first packet. */
  begin(told: SenderReport): void;
  /**
   * Epoch milliseconds to put into this report, on the time line that ffmpeg knows; null while the place of the track is
   * not known yet.
   */
  reported(isLeading: boolean, report: SenderReport, clockRate: number): number | null;
}

/** A line through (RTP time, wall clock), with the slope of the nominal clock. */
function createLine(): { add(report: SenderReport, clockRate: number): number } {
  let line: { atMs: number; timestamp: number } | null = null;
  let reports = 0;
  return {
    /** Smoothed wall clock of the report's RTP time. */
    add({ atMs, timestamp }, clockRate) {
      const foreseen = line ? line.atMs + (timestampsApart(timestamp, line.timestamp) / clockRate) * 1000 : atMs;
      const error = atMs - foreseen;
      if (Math.abs(error) > JUMP_MS) reports = 0;
      reports += 1;
      const smoothed = foreseen + error * Math.max(SMOOTHING, 1 / reports);
      line = { atMs: smoothed, timestamp };
      return smoothed;
    },
  };
}

export function createAlignment(): Alignment {
  const lines = { leading: createLine(), other: createLine() };
  let told: SenderReport | null = null;
  /** From true capture times to the time line of the leading track. */
  let movedByMs: number | null = null;
  return {
    begin(report) {
      told = report;
    },
    reported(isLeading, report, clockRate) {
      if (!told) return null;
      const trueMs = lines[isLeading ? 'leading' : 'other'].add(report, clockRate);
      if (!isLeading) return movedByMs === null ? null : trueMs + movedByMs;
      const own = told.atMs + (timestampsApart(report.timestamp, told.timestamp) / clockRate) * 1000;
      // The next distance is counted from here: RTP times wrap after some hours.
      told = { ...report, atMs: own };
      movedByMs = own - trueMs;
      return own;
    },
  };
}
