/**
 * One transport's way through the network: DTLS by signalling, ICE watched, restarted when it falters, given up when it
 * does not come (back) in time.
 */
import type { IceParameters } from '@walnut-live/contracts';
import type { types } from 'mediasoup-client';
import type { MediaConnection } from './connection.ts';

/** A short hole (Wi-Fi roams) heals by itself; after this ICE is restarted. */
const RESTART_AFTER_MS = 1_500;

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
  }

  return {
    get connected() {
      return connected;
    },
    close,
  };
}
