/**
 * Whether WebRTC shows anything, and since when. A connection that is up but brings no frame is no success: some firewalls
 * let the handshake through and nothing else. Pure but for its memory; time is passed in.
 */
import type { WatchState } from '../media/index.ts';

export interface RealtimeProgress {
  /** @param expectsPicture there is a picture track that is not paused */
  state(status: WatchState['status'], expectsPicture: boolean, nowMs: number): void;
  /** A frame was decoded. */
  drew(nowMs: number): void;
  /** Since when it has been trying without a picture; null while it shows one or there is nothing to show. */
  readonly tryingSinceMs: number | null;
  readonly playingSinceMs: number | null;
  /** It has shown something once. */
  readonly hasPlayed: boolean;
  /** Connected, and waiting for the first frame. */
  readonly awaitsFrame: boolean;
}

export function createRealtimeProgress(beganAtMs: number): RealtimeProgress {
  let status: WatchState['status'] = 'connecting';
  let expectsPicture = false;
  let drawn = false;
  let hasPlayed = false;
  let tryingSinceMs: number | null = beganAtMs;
  let playingSinceMs: number | null = null;

  function update(nowMs: number): void {
    if (status !== 'playing') drawn = false;
    const shows = status === 'playing' && (drawn || !expectsPicture);
    const tries = status === 'connecting' || status === 'reconnecting' || (status === 'playing' && !shows);
    tryingSinceMs = tries ? (tryingSinceMs ?? nowMs) : null;
    playingSinceMs = shows ? (playingSinceMs ?? nowMs) : null;
    hasPlayed ||= shows;
  }

  return {
    state(next, expects, nowMs) {
      status = next;
      expectsPicture = expects;
      update(nowMs);
    },
    drew(nowMs) {
      drawn = status === 'playing';
      update(nowMs);
    },
    get tryingSinceMs() {
      return tryingSinceMs;
    },
    get playingSinceMs() {
      return playingSinceMs;
    },
    get hasPlayed() {
      return hasPlayed;
    },
    get awaitsFrame() {
      return status === 'playing' && expectsPicture && !drawn;
    },
  };
}

/** Calls for every frame that the element presents; returns its undo. */
export function onPresentedFrame(video: HTMLVideoElement, listener: () => void): () => void {
  if (!('requestVideoFrameCallback' in video)) {
    // Older browsers: time goes on only with frames.
    const element = video as HTMLVideoElement;
    const onTime = (): void => {
      if (element.videoWidth > 0 && element.currentTime > 0) listener();
    };
    element.addEventListener('timeupdate', onTime);
    return () => element.removeEventListener('timeupdate', onTime);
  }
  let handle = 0;
  const next = (): void => {
    handle = video.requestVideoFrameCallback(() => {
      listener();
      next();
    });
  };
  next();
  return () => video.cancelVideoFrameCallback(handle);
}
