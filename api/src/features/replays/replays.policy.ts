/** What a room showed, where in its recording something happened, and which clips follow from pins. Pure. */
import { CLIP_MAX_SECONDS, MAX_RECORDING_SPANS, type RecordingPiece, type RecordingSpan } from '@walnut-live/contracts';

// ── spans ───────────────────────────────────────────────────────────────────────────────────────────────────────────

/** The pointer stands on `streamId` since `atMs`. The same pointer again changes nothing (null). */
export function movePointer(spans: readonly RecordingSpan[], streamId: string, atMs: number): RecordingSpan[] | null {
  const last = spans.at(-1);
  if (!last || last.toMs !== null || last.streamId === streamId || spans.length >= MAX_RECORDING_SPANS) return null;
  const closed = spans.slice(0, -1);
  // A pointer that moved on at once has shown nothing.
  if (atMs > last.fromMs) closed.push({ ...last, toMs: atMs });
  return [...closed, { streamId, fromMs: Math.max(atMs, last.fromMs), toMs: null }];
}

export function endSpans(spans: readonly RecordingSpan[], atMs: number): RecordingSpan[] {
  return spans.map((span) => (span.toMs === null ? { ...span, toMs: Math.max(atMs, span.fromMs) } : span));
}

// ── time ────────────────────────────────────────────────────────────────────────────────────────────────────────────

/** Position in the video of a moment on the clock; in a gap, where it goes on; null outside. */
export function positionOf(pieces: readonly RecordingPiece[], atMs: number): number | null {
  const first = pieces[0];
  if (!first || atMs < first.atMs) return null;
  for (const piece of pieces) {
    if (atMs < piece.atMs) return piece.offsetMs;
    if (atMs < piece.atMs + piece.durationMs) return piece.offsetMs + (atMs - piece.atMs);
  }
  return null;
}

/** The moment on the clock of a position in the video; the last picture's beyond the end. */
export function clockOf(pieces: readonly RecordingPiece[], positionMs: number): number {
  const piece = pieces.findLast(({ offsetMs }) => offsetMs <= positionMs) ?? pieces[0];
  if (!piece) return 0;
  return Math.round(piece.atMs + Math.min(Math.max(0, positionMs - piece.offsetMs), piece.durationMs));
}

export interface Stretch {
  readonly fromMs: number;
  readonly toMs: number;
}
/** From-to on the clock as from-to in the video; null when nothing of it was recorded. */
export function stretchOf(pieces: readonly RecordingPiece[], clock: Stretch): Stretch | null {
  const end = pieces.at(-1);
  const start = pieces[0];
  if (!start || !end || clock.toMs <= start.atMs) return null;
  const fromMs = clock.fromMs <= start.atMs ? 0 : positionOf(pieces, clock.fromMs);
  if (fromMs === null) return null;
  const toMs = positionOf(pieces, clock.toMs) ?? end.offsetMs + end.durationMs;
  return toMs > fromMs ? { fromMs: Math.round(fromMs), toMs: Math.round(toMs) } : null;
}

// ── pins and clips ──────────────────────────────────────────────────────────────────────────────────────────────────

export interface PinChange {
  /** Null: unpinned. */
  readonly productId: string | null;
  readonly atMs: number;
}
export interface Pin extends Stretch {
  readonly productId: string;
}
/** On the clock: each pin until the next one, until it was taken away or until the room ended. */
export function pinsOf(changes: readonly PinChange[], endedAtMs: number): Pin[] {
  return changes.flatMap(({ productId, atMs }, at) => {
    const toMs = Math.min(changes[at + 1]?.atMs ?? endedAtMs, endedAtMs);
    return productId !== null && toMs > atMs ? [{ productId, fromMs: atMs, toMs }] : [];
  });
}

/** A guide has begun to speak when they tap, and has not quite ended when they tap again. */
const CLIP_LEAD_MS = 2_000;
const CLIP_TAIL_MS = 2_000;
/** A slip of the finger explains nothing. */
const CLIP_SHORTEST_PIN_MS = 3_000;

export function clipOfPin(pin: Stretch, durationMs: number): Stretch | null {
  if (pin.toMs - pin.fromMs < CLIP_SHORTEST_PIN_MS) return null;
  const fromMs = Math.max(0, pin.fromMs - CLIP_LEAD_MS);
  return { fromMs, toMs: Math.min(durationMs, pin.toMs + CLIP_TAIL_MS, fromMs + CLIP_MAX_SECONDS * 1_000) };
}

/** The moment before which nobody deletes a recording (rule Z1). */
export const keptUntil = (endedAt: Date, keepDays: number): Date => new Date(endedAt.getTime() + keepDays * 86_400_000);
