/**
 * Publishing one camera, screen or canvas over WebRTC.
 *
 * Model: `session` is our transport with its producers, or null; `reconcile` builds it when the socket is up. The caller's
 * tracks are never stopped here. Invariants: one session at a time; a rebuild waits for its back-off; what the caller set
 * (tracks, mutes) survives every rebuild.
 */
import type { MediaKind, StreamState } from '@walnut-live/contracts';
import { Device, type types } from 'mediasoup-client';
import { createBackoff } from './backoff.ts';
import { openConnection, type RequestError } from './connection.ts';
import { createEmitter } from './emitter.ts';
import { applyDegradation, audioCodecOptions, chooseVideoCodec, videoEncodings } from './encoding.ts';
import { type MediaPath, watchMediaPath } from './media-path.ts';
import { createRateMeter, publishStats } from './stats.ts';
import type { MediaFailureReason, Publication, PublishOptions, PublishState, PublishStats } from './types.ts';

const CONNECT_TIMEOUT_MS = 6_000;
const MAX_CONNECT_FAILURES = 4;
const MAX_VIDEO_BPS = 1_800_000;
/** The picture starts sharp; once the encoder has settled it may trade sharpness for motion. */
const SHARP_START_MS = 10_000;

interface Session {
  transport: types.Transport;
  key: string;
  path: MediaPath;
  producers: Map<MediaKind, types.Producer>;
}

/** Refusals that another attempt does not change. */
function finalReason(error: RequestError): MediaFailureReason | null {
  if (error.code === 'media_stream_busy') return 'busy';
  if (error.code === 'media_forbidden') return 'refused';
  return error.name === 'UnsupportedError' ? 'unsupported' : null;
}

/** One session with one host. `publishStream` is what apps use. */
export interface PublishLeg extends Publication {
  /** The host will stop: begin anew elsewhere, then close this. */
  onMove(listener: () => void): () => void;
  /** Another session has taken its place: what breaks of it is not begun anew, which would take the stream back. */
  leave(): void;
}

/** Starts to publish at once. */
export function publishOnce(options: PublishOptions & { moved?: boolean }): PublishLeg {
  const events = createEmitter<{ state: PublishState; move: undefined }>();
  const connection = openConnection(options);
  const backoff = createBackoff({ firstMs: 200, maxMs: 4_000 });
  const meter = createRateMeter();
  const tracks = new Map<MediaKind, MediaStreamTrack>();
  for (const track of options.stream.getTracks()) tracks.set(track.kind as MediaKind, track);
  const muted: Record<MediaKind, boolean> = {
    video: options.muted?.video ?? false,
    audio: options.muted?.audio ?? false,
  };
  const score: PublishStats['score'] = { video: null, audio: null };
  let state: PublishState = { status: 'connecting' };
  let streamState: StreamState = 'idle';
  let session: Session | null = null;
  let connectFailures = 0;
  let notBeforeMs = 0;
  let wasLive = false;
  let busy = false;
  let again = false;
  let leaving = false;
  let closed = false;
  let retryTimer: ReturnType<typeof setTimeout> | undefined;

  function setState(next: PublishState): void {
    if (closed || JSON.stringify(next) === JSON.stringify(state)) return;
    state = next;
    if (next.status === 'live') wasLive = true;
    events.emit('state', state);
  }

  /** Derives live or not from what is known now. */
  function refresh(): void {
    const complete = session?.path.connected === true && session.producers.size > 0;
    if (complete && streamState === 'live') setState({ status: 'live' });
    else if (wasLive || connectFailures > 0) setState({ status: 'reconnecting' });
    else setState({ status: 'connecting' });
  }

  function finish(last: PublishState): void {
    if (closed) return;
    setState(last);
    closed = true;
    clearTimeout(retryTimer);
    connection.close();
    dropSession();
    events.clear();
  }

  function goodbye(): void {
    if (closed) return;
    // Said before the transport goes, so that the server ends at once instead of waiting for a return.
    if (connection.isUp) connection.request('session:leave', {}).catch(() => undefined);
    finish({ status: 'closed' });
  }

  const fail = (reason: MediaFailureReason): void => finish({ status: 'failed', reason });

  // ── events of the connection ────────────────────────────────────────────

  connection.on('up', () => void resume());
  connection.on('down', () => undefined); // media goes on; the server waits for us
  connection.on('end', (why) => {
    if (why === 'closed' || why === 'ended') finish({ status: 'closed' });
    else fail(why);
  });
  connection.onEvent('stream:state', (message) => {
    streamState = message.state;
    refresh();
  });
  connection.onEvent('publish:score', (message) => {
    score[message.kind] = message.score;
  });
  connection.onEvent('session:move', ({ afterMs }) => setTimeout(() => events.emit('move', undefined), afterMs));
  connection.onEvent('session:reset', ({ retryInMs }) => {
    dropSession();
    notBeforeMs = Date.now() + retryInMs;
    refresh();
    kick();
  });

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
    if (!connection.isUp) return;
    const waitMs = notBeforeMs - Date.now();
    if (waitMs > 0) return kickIn(waitMs);
    if (!session && !leaving) await open();
    if (!session && leaving) return goodbye();
    for (const kind of ['video', 'audio'] as const) {
      const track = tracks.get(kind);
      if (session && track && !session.producers.has(kind)) await produce(session, kind, track);
    }
    refresh();
  }

  function requestFailed(error: RequestError): void {
    if (closed) return;
    const final = finalReason(error);
    if (final) {
      fail(final);
      return;
    }
    dropSession();
    refresh();
    if (connection.isUp) kickIn(backoff.nextMs());
  }

  let device: Device | null = null;

  async function open(): Promise<void> {
    const {
      sessionKey,
      routerRtpCapabilities,
      transport: transportOptions,
      iceServers: serversOfHost = [],
    } = await connection.request('publish:open', {});
    device = await Device.factory();
    await device.load({ routerRtpCapabilities: routerRtpCapabilities as types.RtpCapabilities });
    const transport = device.createSendTransport({
      ...(transportOptions as types.TransportOptions),
      iceServers: [...(options.iceServers ?? []), ...serversOfHost],
    });
    transport.on('produce', ({ kind, rtpParameters }, done, failed) => {
      connection
        .request('publish:produce', {
          transportId: transport.id,
          kind,
          rtpParameters: rtpParameters as never,
          paused: muted[kind],
        })
        .then(({ producerId }) => done({ id: producerId }), failed);
    });
    const opened: Session = {
      transport,
      key: sessionKey,
      producers: new Map(),
      path: watchMediaPath({
        transport,
        connection,
        timeoutMs: CONNECT_TIMEOUT_MS,
        onConnected: () => {
          connectFailures = 0;
          backoff.reset();
          refresh();
        },
        onFaltering: refresh,
        onBroken: (everConnected) => {
          if (session !== opened) return;
          dropSession();
          connectFailures = everConnected ? 0 : connectFailures + 1;
          if (connectFailures >= MAX_CONNECT_FAILURES) {
            fail('unreachable');
          } else {
            refresh();
            kickIn(backoff.nextMs());
          }
        },
      }),
    };
    // Left while it was being opened: it must not take the stream back from the session in its place.
    if (closed || leaving) closeSession(opened);
    else session = opened;
  }

  async function produce(current: Session, kind: MediaKind, track: MediaStreamTrack): Promise<void> {
    const shared = { track, stopTracks: false, disableTrackOnPause: false, zeroRtpOnPause: true };
    const codec = kind === 'video' && device ? chooseVideoCodec(device.sendRtpCapabilities, options.codecs) : undefined;
    const producer = await current.transport.produce(
      kind === 'video'
        ? {
            ...shared,
            encodings: videoEncodings(track.getSettings(), options.maxVideoBps ?? MAX_VIDEO_BPS),
            codecOptions: { videoGoogleStartBitrate: 1_000 },
            ...(codec && { codec }),
          }
        : { ...shared, codecOptions: audioCodecOptions },
    );
    if (closed || session !== current) return producer.close();
    current.producers.set(kind, producer);
    if (muted[kind]) producer.pause();
    if (kind === 'video') {
      void applyDegradation(producer.rtpSender, 'maintain-resolution');
      setTimeout(() => {
        if (!producer.closed) void applyDegradation(producer.rtpSender, 'balanced');
      }, SHARP_START_MS);
    }
  }

  function closeSession(old: Session): void {
    old.path.close();
    old.transport.close();
  }

  function dropSession(): void {
    const old = session;
    session = null;
    score.video = null;
    score.audio = null;
    if (old) closeSession(old);
  }

  return {
    get state() {
      return state;
    },
    on: (name, listener) => events.on(name, listener),
    onMove: (listener) => events.on('move', () => listener()),
    leave() {
      leaving = true;
    },
    async stats() {
      const report = (await session?.transport.getStats()) ?? (new Map() as unknown as RTCStatsReport);
      return publishStats(report, meter, { ...score });
    },
    async replaceTrack(track) {
      const kind = track.kind as MediaKind;
      tracks.set(kind, track);
      const producer = session?.producers.get(kind);
      if (producer && !producer.closed) await producer.replaceTrack({ track });
      else kick();
    },
    async setMuted(kind, nowMuted) {
      muted[kind] = nowMuted;
      const producer = session?.producers.get(kind);
      if (!producer || producer.closed) return;
      if (nowMuted) producer.pause();
      else producer.resume();
      if (connection.isUp) await connection.request('publish:pause', { kind, paused: nowMuted });
    },
    close: goodbye,
  };
}
