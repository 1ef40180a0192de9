/**
 * One transport's way through the network: DTLS by signalling, ICE watched, restarted when it falters, given up when it
 * does not come (back) in time. While it is connected something always comes back: media to a viewer, feedback (RTCP) to a
 * publisher; when nothing does for a while, the host is asked whether it is there at all, before ICE notices.
 */
import type { IceParameters } from '@walnut-live/contracts';
import type { types } from 'mediasoup-client';
import type { MediaConnection } from './connection.ts';

/** A short hole (Wi-Fi roams) heals by itself; after this ICE is restarted. */
const RESTART_AFTER_MS = 1_500;
const LISTEN_EVERY_MS = 600;

export interface MediaPath {
  readonly connected: boolean;
  close(): void;
}

export function watchMediaPath(input: {
  transport: types.Transport;
  connection: MediaConnection;
  /** Time from the start, and again from a loss, until the path counts as broken. */
  timeoutMs: number;
  onConnected: () => void;
  /** Connected before, not now; being repaired. */
  onFaltering: () => void;
  /** `everConnected` false: this network does not let media through. */
  onBroken: (everConnected: boolean) => void;
}): MediaPath {
  const { transport, connection } = input;
  let everConnected = false;
  let connected = false;
  let closed = false;
  let giveUp: ReturnType<typeof setTimeout> | undefined;
  let restart: ReturnType<typeof setTimeout> | undefined;
  let received = -1;
  const listener = setInterval(() => void listen(), LISTEN_EVERY_MS);

  transport.on('connect', ({ dtlsParameters }, done, failed) => {
    startTimer();
    connection.request('transport:connect', { transportId: transport.id, dtlsParameters }).then(done, failed);
  });

  transport.on('connectionstatechange', (state) => {
    if (closed) return;
    if (state === 'connected') {
      everConnected = true;
      connected = true;
      clearTimeout(giveUp);
      clearTimeout(restart);
      input.onConnected();
    } else if (state === 'disconnected') {
      faltering(RESTART_AFTER_MS);
    } else if (state === 'failed') {
      // A path that never was is not repaired by a restart: same candidates, same network.
      if (everConnected) faltering(0);
      else broken();
    }
  });

  async function listen(): Promise<void> {
    if (!connected) return;
    const now = await transport.getStats().then(packetsReceived, () => null);
    if (closed || !connected) return;
    if (now !== null && now === received) connection.verify();
    received = now ?? -1;
  }

  function startTimer(): void {
    clearTimeout(giveUp);
    giveUp = setTimeout(broken, input.timeoutMs);
  }

  function faltering(restartAfterMs: number): void {
    if (connected) {
      connected = false;
      startTimer();
      input.onFaltering();
    }
    clearTimeout(restart);
    restart = setTimeout(() => void restartIce(), restartAfterMs);
  }

  async function restartIce(): Promise<void> {
    try {
      const { iceParameters } = await connection.request('transport:restart-ice', { transportId: transport.id });
      if (!closed) await transport.restartIce({ iceParameters: iceParameters as IceParameters });
    } catch {
      // Signalling is down as well, or the transport is gone on the server: the timer decides.
    }
  }

  function broken(): void {
    if (closed) return;
    close();
    input.onBroken(everConnected);
  }

  function close(): void {
    closed = true;
    connected = false;
    clearTimeout(giveUp);
    clearTimeout(restart);
    clearInterval(listener);
  }

  return {
    get connected() {
      return connected;
    },
    close,
  };
}

/** Null where the browser does not say. */
function packetsReceived(report: RTCStatsReport): number | null {
  for (const entry of report.values()) {
    if (entry.type === 'transport') return entry.packetsReceived ?? entry.bytesReceived ?? null;
  }
  return null;
}
