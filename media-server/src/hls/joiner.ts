/**
 * Brings the two byte streams of one ffmpeg together: one initialisation segment, then the fragments of either track.
 * Fragments that come before both tracks are known wait; that is bounded by what the caller takes for a stalled run.
 */
import type { MediaKind } from '@walnut-live/contracts';
import { createSplitter, joinInits } from './boxes.ts';

export interface TrackJoiner {
  /** @throws Error when the bytes are no MP4 */
  write(kind: MediaKind, chunk: Buffer): void;
}

/** Frames of one track before the other has begun: ten seconds. */
const MAX_WAITING = 600;

export function createTrackJoiner(
  kinds: MediaKind[],
  sink: { onInit(data: Buffer): void; onFragment(kind: MediaKind, data: Buffer): void },
): TrackJoiner {
  const inits = new Map<MediaKind, Buffer>();
  let waiting: Array<[MediaKind, Buffer]> = [];
  let joined = false;

  function tryToJoin(): void {
    if (joined || kinds.some((kind) => !inits.has(kind))) return;
    joined = true;
    const [video, audio] = [inits.get('video'), inits.get('audio')];
    sink.onInit(video && audio ? joinInits(video, audio) : (video ?? audio)!);
    for (const [kind, data] of waiting.splice(0)) sink.onFragment(kind, data);
  }

  const splitterOf = (kind: MediaKind) =>
    createSplitter({
      onInit: (data) => {
        inits.set(kind, data);
        tryToJoin();
      },
      onFragment: (data) => {
        if (joined) sink.onFragment(kind, data);
        else if (waiting.push([kind, data]) > MAX_WAITING) waiting = waiting.slice(1);
      },
    });
  const splitters = { video: splitterOf('video'), audio: splitterOf('audio') };
  return { write: (kind, chunk) => splitters[kind].write(chunk) };
}
