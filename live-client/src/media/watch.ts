/**
 * Watching one stream over WebRTC.
 *
 * Model: `live` is what the server says about the stream; `session` is our transport with its consumers, or null. One
 * function, `reconcile`, compares the two and does the next step; it runs again after every event, never twice at once.
 * Invariants: the MediaStream object never changes; an old track leaves it only when its successor is there, so the last
 * picture stays on screen; every failure waits for its back-off.
 */
import type { MediaConsumer, QualityLevel, StreamStateMessage, StreamTrack } from '@walnut-live/contracts';
import { Device, type types } from 'mediasoup-client';
import { createBackoff } from './backoff.ts';
import { openConnection, type RequestError } from './connection.ts';
import { createEmitter } from './emitter.ts';
import { type MediaPath, watchMediaPath } from './media-path.ts';
import { createRateMeter, watchStats } from './stats.ts';
import type { LayerNow, MediaFailureReason, WatchEvents, Watching, WatchOptions, WatchState } from './types.ts';

const CONNECT_TIMEOUT_MS = 5_000;
const MAX_CONNECT_FAILURES = 3;

interface Session {
  transport: types.Transport;
  device: Device;
  key: string;
  path: MediaPath;
  /** By producer id. */
  consumers: Map<string, types.Consumer>;
  /** Consumers the server still holds back. */
  paused: string[];
}

/** Refusals that another attempt does not change. */
function finalReason(error: RequestError): MediaFailureReason | null {
  if (error.code === 'media_over_capacity') return 'over-capacity';
  if (error.code === 'media_codec_unsupported') return 'unsupported';
  if (error.code === 'media_forbidden') return 'refused';
  return error.name === 'UnsupportedError' ? 'unsupported' : null;
}

/** Starts to watch at once; see {@link Watching} for what can be done with it. */
export function watchStream(options: WatchOptions): Watching {
  const connectTimeoutMs = options.connectTimeoutMs ?? CONNECT_TIMEOUT_MS;
  const maxConnectFailures = options.maxConnectFailures ?? MAX_CONNECT_FAILURES;
  const events = createEmitter<WatchEvents>();
  const connection = openConnection(options);
  const backoff = createBackoff({ firstMs: 200, maxMs: 4_000 });
  const output = new MediaStream();
  const meter = createRateMeter();
  let state: WatchState = { status: 'connecting' };
  let live: StreamStateMessage | null = null;
  let session: Session | null = null;
  let quality: QualityLevel = 'auto';
  let layer: LayerNow = { layer: null, layers: 1, soundOnly: false };
  let connectFailures = 0;
  let notBeforeMs = 0;
  let busy = false;
  let again = false;
  let closed = false;
  let retryTimer: ReturnType<typeof setTimeout> | undefined;

  function setState(next: WatchState): void {
    if (closed || JSON.stringify(next) === JSON.stringify(state)) return;
    state = next;
    events.emit('state', state);
  }

  function finish(last: WatchState): void {
    if (closed) return;
    setState(last);
    closed = true;
    clearTimeout(retryTimer);
    connection.close();
    dropSession();
    for (const track of output.getTracks()) output.removeTrack(track);
    events.clear();
  }

  const fail = (reason: MediaFailureReason): void => finish({ status: 'failed', reason });

  // ── events of the connection ────────────────────────────────────────────

  connection.on('up', () => void resume());
  connection.on('down', () => {
    live = null;
    if (!session?.path.connected) setState({ status: 'reconnecting' });
  });
  connection.on('end', (why) => {
    if (why === 'closed') return;
    if (why === 'ended') finish({ status: 'ended' });
    else fail(why);
  });
  connection.onEvent('stream:state', (message) => {
    live = message;
    events.emit('tracks', message.tracks);
    kick();
  });
  connection.onEvent('session:reset', ({ retryInMs }) => {
    dropSession();
    notBeforeMs = Date.now() + retryInMs;
    setState({ status: 'reconnecting' });
    kick();
  });
  connection.onEvent('session:move', ({ afterMs }) => events.emit('move', afterMs));
  connection.onEvent('watch:layer', (message) => {
    layer = message;
    // Whether a picture is to be expected: what listens to the tracks asks for that.
    events.emit('tracks', live?.tracks ?? []);
  });

  /** A new socket: the server may still have our media running. */
  async function resume(): Promise<void> {
    if (session) {
      try {
        await connection.request('session:resume', { sessionKey: session.key });
      } catch {
        dropSession();
      }
    }
    kick();
  }

  // ── the one loop ────────────────────────────────────────────────────────

  function kick(): void {
    if (closed) return;
    if (busy) {
      again = true;
      return;
    }
    busy = true;
    again = false;
    reconcile()
      .catch((error: RequestError) => requestFailed(error))
      .finally(() => {
        busy = false;
        if (again) kick();
      });
  }

  function kickIn(delayMs: number): void {
    clearTimeout(retryTimer);
    retryTimer = setTimeout(kick, delayMs);
  }

  async function reconcile(): Promise<void> {
    if (!live || !connection.isUp) return;
    if (live.state !== 'live') {
      if (live.state === 'idle') dropSession();
      setState({ status: 'waiting', stream: live.state });
      return;
    }
    const waitMs = notBeforeMs - Date.now();
    if (waitMs > 0) return kickIn(waitMs);
    session ??= await open();
    const current = session;
    await consumeMissing(current);
    // Not before the path is there: the key frame that a resume asks for would be lost and the next one is a second away.
    if (session !== current || !current.path.connected) return;
    const consumerIds = [...current.paused];
    if (consumerIds.length > 0) await connection.request('watch:resume', { consumerIds });
    current.paused = current.paused.filter((id) => !consumerIds.includes(id));
    if (session === current && current.path.connected) setState({ status: 'playing' });
  }

  function requestFailed(error: RequestError): void {
    if (closed) return;
    const final = finalReason(error);
    if (final) {
      fail(final);
      return;
    }
    if (error.code === 'media_stream_not_live') return; // `stream:state` will say when
    if (error.code === 'media_session_unknown') dropSession();
    if (!session?.path.connected) setState({ status: 'reconnecting' });
    if (connection.isUp) kickIn(backoff.nextMs());
  }

  async function open(): Promise<Session> {
    const {
      sessionKey,
      routerRtpCapabilities,
      transport: transportOptions,
      iceServers: serversOfHost = [],
    } = await connection.request('watch:open', {});
    const device = await Device.factory();
    await device.load({ routerRtpCapabilities: routerRtpCapabilities as types.RtpCapabilities });
    const transport = device.createRecvTransport({
      ...(transportOptions as types.TransportOptions),
      iceServers: [...(options.iceServers ?? []), ...serversOfHost],
    });
    const opened: Session = {
      transport,
      device,
      key: sessionKey,
      consumers: new Map(),
      paused: [],
      path: watchMediaPath({
        transport,
        connection,
        timeoutMs: connectTimeoutMs,
        onConnected: () => {
          connectFailures = 0;
          backoff.reset();
          if (session === opened) kick();
        },
        onFaltering: () => {
          if (session === opened) setState({ status: 'reconnecting' });
        },
        onBroken: (everConnected) => {
          if (session === opened) pathBroken(everConnected);
        },
      }),
    };
    if (closed) {
      closeSession(opened);
      throw new Error('closed');
    }
    if (quality !== 'auto') await connection.request('watch:quality', { level: quality });
    return opened;
  }

  function pathBroken(everConnected: boolean): void {
    dropSession();
    connectFailures = everConnected ? 0 : connectFailures + 1;
    if (connectFailures >= maxConnectFailures) {
      fail('unreachable');
      return;
    }
    setState({ status: 'reconnecting' });
    kickIn(backoff.nextMs());
  }

  async function consumeMissing(current: Session): Promise<void> {
    const wanted = (live?.tracks ?? []).filter((track) => !current.consumers.has(track.producerId));
    if (wanted.length === 0) return;
    const { consumers } = await connection.request('watch:consume', {
      transportId: current.transport.id,
      rtpCapabilities: current.device.recvRtpCapabilities as never,
    });
    try {
      await Promise.all(consumers.map((consumer) => start(current, consumer)));
    } catch (error) {
      // The server counts them as taken and would not offer them again: begin anew.
      if (session === current) dropSession();
      throw error;
    }
    if (session === current) events.emit('stream', output);
  }

  async function start(current: Session, description: MediaConsumer): Promise<void> {
    const consumer = await current.transport.consume({
      id: description.id,
      producerId: description.producerId,
      kind: description.kind,
      rtpParameters: description.rtpParameters as types.RtpParameters,
    });
    current.consumers.set(description.producerId, consumer);
    if (description.kind === 'video') layer = { layer: null, layers: description.layers, soundOnly: false };
    for (const old of output.getTracks()) {
      if (old.kind === description.kind && old !== consumer.track) output.removeTrack(old);
    }
    output.addTrack(consumer.track);
    for (const [producerId, other] of current.consumers) {
      if (other !== consumer && other.kind === consumer.kind) {
        current.consumers.delete(producerId);
        other.close();
      }
    }
    current.paused.push(description.id);
  }

  function closeSession(old: Session): void {
    old.path.close();
    old.transport.close();
  }

  function dropSession(): void {
    const old = session;
    session = null;
    if (old) closeSession(old);
  }

  return {
    get state() {
      return state;
    },
    get stream() {
      return output;
    },
    get tracks(): StreamTrack[] {
      return live?.tracks ?? [];
    },
    get layers() {
      return layer.layers;
    },
    get soundOnly() {
      return layer.soundOnly;
    },
    on: events.on,
    async stats() {
      const report = (await session?.transport.getStats()) ?? (new Map() as unknown as RTCStatsReport);
      return watchStats(report, meter, layer);
    },
    async setQuality(level) {
      quality = level;
      if (session && connection.isUp) await connection.request('watch:quality', { level });
    },
    close() {
      if (closed) return;
      if (connection.isUp) connection.request('session:leave', {}).catch(() => undefined);
      finish({ status: 'ended' });
    },
  };
}
