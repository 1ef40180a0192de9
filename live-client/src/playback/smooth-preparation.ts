/** Asks the server to have HLS ready, at its own pace. The master playlist is answered when the first segments are there. */

/** Pace of asking when the server has none yet. */
const ASK_EVERY_MS = 3_000;

export interface SmoothPreparation {
  /** The server has segments ready. */
  readonly prepared: boolean;
  ask(): Promise<void>;
  /** What was ready is not any more. */
  forget(): void;
}

export function createSmoothPreparation(masterUrl: () => Promise<string>): SmoothPreparation {
  let prepared = false;
  let notBeforeMs = 0;
  return {
    get prepared() {
      return prepared;
    },
    async ask() {
      if (prepared || Date.now() < notBeforeMs) return;
      notBeforeMs = Number.POSITIVE_INFINITY;
      try {
        prepared = (await fetch(await masterUrl())).ok;
      } catch {
        // Not reachable now.
      }
      notBeforeMs = Date.now() + ASK_EVERY_MS;
    },
    forget() {
      prepared = false;
    },
  };
}
