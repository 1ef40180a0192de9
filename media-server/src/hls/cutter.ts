/**
 * Cuts the frames of one run into partial segments, and tells where segments begin. Pure but for what it holds back.
 *
 * Model: the *lead* track (the picture, or the sound when there is none) sets the times; the other track's frames go
 * with the part in whose time they begin, or with a later one when they come late. A part is cut when the frame after it
 * has arrived, so every duration is known and not guessed. Invariants: a part is never longer than PART_TARGET_SECONDS
 * unless a single frame is; parts of a segment add up to it; a segment begins with a key frame unless none came for
 * SEGMENT_MAX_SECONDS.
 */
import type { InitInfo, Sample } from './boxes.ts';
import { writeFragment } from './fragment.ts';

/**
 * Five frames at 25 per second, six at 30, with room for a camera's jitter; small enough that 10, 15, 20, 24 and 50 frames
 * per second fill 85 % of it (RFC 8216bis §4.4.4.9).
 */
export const PART_TARGET_SECONDS = 0.22;
/** A segment ends at the first key frame after this. */
const SEGMENT_MIN_SECONDS = 0.8;
/** Without a key frame it is cut anyway, so that no segment exceeds the target duration. */
const SEGMENT_MAX_SECONDS = 1.9;
/** Frames that are held back at most: five seconds of sound. */
const MAX_HELD_SAMPLES = 600;
/** Rounding of timescales. */
const EPSILON_SECONDS = 0.0005;

export interface CutPart {
  /** In the run's time, from its own zero. */
  startSeconds: number;
  durationSeconds: number;
  /** Begins with a key frame. */
  independent: boolean;
  startsSegment: boolean;
  /** Frames of the lead track. */
  frames: number;
  data: Buffer;
}

export interface PartCutter {
  push(sample: Sample): void;
  /** What is held back becomes the last part. */
  flush(): void;
}

export function createPartCutter(info: InitInfo, onPart: (part: CutPart) => void): PartCutter {
  const leadTrack = info.video ?? info.audio!;
  const leadKind = info.video ? 'video' : 'audio';
  const seconds = (units: number): number => units / leadTrack.timescale;
  let lead: Sample[] = [];
  let other: Sample[] = [];
  let segmentStart: number | null = null;
  let startsSegment = true;
  let sequence = 0;

  function emit(count: number, end: number): void {
    const own = lead.slice(0, count);
    lead = lead.slice(count);
    const first = own[0];
    if (!first) return;
    const otherTrack = leadKind === 'video' ? info.audio : null;
    const isBefore = (sample: Sample): boolean =>
      sample.decodeTime / (otherTrack?.timescale ?? 1) < seconds(end) - EPSILON_SECONDS;
    const with_ = other.filter(isBefore);
    other = other.filter((sample) => !isBefore(sample));
    if (startsSegment) segmentStart = first.decodeTime;
    sequence += 1;
    const part: CutPart = {
      startSeconds: seconds(first.decodeTime),
      durationSeconds: seconds(end - first.decodeTime),
      independent: first.isKey,
      startsSegment,
      frames: own.length,
      data: writeFragment(sequence, [
        { id: leadTrack.id, samples: own },
        ...(otherTrack ? [{ id: otherTrack.id, samples: with_ }] : []),
      ]),
    };
    startsSegment = false;
    onPart(part);
  }

  /** The frame that has just arrived may end the part before it. */
  function arrived(next: Sample): void {
    const last = lead.at(-1);
    if (!last) {
      // A run begins with a picture that can be decoded.
      if (segmentStart === null && !next.isKey) return;
      lead.push(next);
      return;
    }
    last.duration = Math.max(1, next.decodeTime - last.decodeTime);
    const [first, second] = lead;
    if (sequence === 0 && first && second && lead.length === 2) {
      // ffmpeg guesses the time of its very first frame; the one after it knows better.
      first.decodeTime = second.decodeTime - second.duration;
      first.duration = second.decodeTime - first.decodeTime;
    }
    const reached = (): number => seconds(next.decodeTime - (lead[0]?.decodeTime ?? next.decodeTime));
    if (reached() > PART_TARGET_SECONDS + EPSILON_SECONDS && lead.length > 1) {
      // It came later than expected: the part ends one frame sooner, and that frame begins the next.
      emit(lead.length - 1, last.decodeTime);
    }
    const segmentSeconds = seconds(next.decodeTime - (startsSegment ? lead[0]!.decodeTime : (segmentStart ?? 0)));
    const atKey = next.isKey && segmentSeconds >= SEGMENT_MIN_SECONDS - EPSILON_SECONDS;
    // With the frame that is expected after this one it would be too long.
    const isFull = reached() + seconds(last.duration) > PART_TARGET_SECONDS + EPSILON_SECONDS;
    if (atKey || isFull) {
      emit(lead.length, next.decodeTime);
      startsSegment = atKey || segmentSeconds + PART_TARGET_SECONDS > SEGMENT_MAX_SECONDS;
    }
    lead.push(next);
  }

  return {
    push(sample) {
      if (sample.kind === leadKind) arrived(sample);
      else if (leadKind === 'video') {
        other.push(sample);
        if (other.length > MAX_HELD_SAMPLES) other.shift();
      }
    },
    flush() {
      const last = lead.at(-1);
      if (last) emit(lead.length, last.decodeTime + Math.max(1, last.duration));
    },
  };
}
