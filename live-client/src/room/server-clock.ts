/*
 * What time it is on the server, for countdowns and offer windows. The device's wall clock may be wrong by hours, so only
 * its monotonic clock is used.
 *
 * Model: offset = server time − local time. A request gives offset ± half its round trip; of several the quickest is
 * kept. A pushed message gives a lower bound (it cannot arrive before it was sent), which also heals a monotonic clock
 * that stood still while the device slept.
 */

export type ServerClock = {
  /** A request sent at `sentMs` and answered at `receivedMs` (local) that carried the server's time. */
  sample: (exchange: { sentMs: number; receivedMs: number; serverMs: number }) => void;
  /** A message pushed by the server that carried its time. */
  observe: (serverMs: number) => void;
  /** Server time in epoch milliseconds. */
  nowMs: () => number;
};

export const createServerClock = (localNow: () => number = () => performance.now()): ServerClock => {
  let offsetMs = Date.now() - localNow();
  let bestRoundTripMs = Number.POSITIVE_INFINITY;

  return {
    sample: ({ sentMs, receivedMs, serverMs }) => {
      const roundTripMs = Math.max(0, receivedMs - sentMs);
      if (roundTripMs > bestRoundTripMs) return;
      bestRoundTripMs = roundTripMs;
      offsetMs = serverMs - (sentMs + roundTripMs / 2);
    },
    observe: (serverMs) => {
      // Before the first sample the device's own clock is only a guess, in either direction.
      if (!Number.isFinite(serverMs) || bestRoundTripMs === Number.POSITIVE_INFINITY) return;
      offsetMs = Math.max(offsetMs, serverMs - localNow());
    },
    nowMs: () => localNow() + offsetMs,
  };
};
