/**
 * Playing a video element under the browser's autoplay rules: with sound where it is allowed, muted otherwise, and not at
 * all until somebody touches the page where even that is forbidden.
 */

/** Time in which a browser takes sound back that it does not allow. */
const UNMUTE_CHECK_MS = 50;

export interface Autoplay {
  /** The browser plays nothing until the person touches it. */
  readonly blocked: boolean;
  tryToPlay(): Promise<void>;
  /** Call from a click. */
  play(): Promise<void>;
  /** Call from a click. Resolves false when the browser still refuses. */
  unmute(): Promise<boolean>;
  mute(): void;
  close(): void;
}

const isNotAllowed = (error: unknown): boolean => error instanceof DOMException && error.name === 'NotAllowedError';

export function createAutoplay(input: {
  video: HTMLVideoElement;
  startWithSound: boolean;
  onChange: () => void;
}): Autoplay {
  const { video, onChange } = input;
  let wantSound = input.startWithSound;
  let blocked = false;
  let closed = false;

  async function tryToPlay(): Promise<void> {
    video.muted = !wantSound;
    try {
      await video.play();
      blocked = false;
    } catch (error) {
      if (!isNotAllowed(error)) return; // interrupted by the next source
      if (wantSound) {
        wantSound = false;
        return tryToPlay();
      }
      blocked = true;
    }
    onChange();
  }

  return {
    get blocked() {
      return blocked;
    },
    tryToPlay,
    async play() {
      blocked = false;
      await tryToPlay();
    },
    async unmute() {
      wantSound = true;
      await tryToPlay();
      // Without a touch Chromium lets `play` succeed and pauses the element right after.
      await new Promise((resolve) => setTimeout(resolve, UNMUTE_CHECK_MS));
      if (video.paused && !closed) {
        wantSound = false;
        await tryToPlay();
      }
      onChange();
      return !video.muted;
    },
    mute() {
      wantSound = false;
      video.muted = true;
      onChange();
    },
    close() {
      closed = true;
    },
  };
}
