/**
 * Stands between the tap and ffmpeg: it makes a beginning that is in step, and keeps the tracks in step afterwards.
 *
 * Model: *collecting* (packets wait) → *flowing* (packets go on as they come). It can begin when the picture has a key
 * frame with its parameter sets. ffmpeg aligns tracks by their sender reports, which come only after a second; so it is
 * given reports made of arrival times before the first packet, and then what alignment.ts makes of the true ones. Sound
 * from before the first picture is dropped. Gaps of the sound (DTX, a muted microphone, loss) are filled with silence,
 * because a player stops where a track has no data. Invariants: queues are bounded; nothing goes to ffmpeg before `flow`; after `close` no socket
 * and no timer is left.
 */
import { createSocket, type Socket } from 'node:dgram';
import type { MediaKind } from '@walnut-live/contracts';
import { createClosing } from '../platform/closing.ts';
import { createAlignment } from './alignment.ts';
import {
  isRtcp,
  NAL,
  nalUnitsOf,
  type RtpPacket,
  readRtp,
  readSenderReports,
  type SenderReport,
  timestampsApart,
  writeSenderReport,
} from './rtp.ts';
import { createSoundLine, OPUS_CLOCK } from './sound-line.ts';
import { type PictureFormat, readSps } from './sps.ts';

const IP = '127.0.0.1';
const RECEIVE_BUFFER_BYTES = 4 * 1024 * 1024;
/** About five seconds of a good picture; a key frame comes long before. */
const MAX_QUEUED = 6_000;
/** Sound comes every 20 ms or not at all (a muted microphone). */
const SOUND_PATIENCE_MS = 150;
/** Packets sent to ffmpeg at once before it gets a moment to read them: its socket holds about ninety. */
const BURST = 24;
const BURST_EVERY_MS = 4;
const FILL_EVERY_MS = 20;

export interface RelayTrack {
  kind: MediaKind;
  mimeType: string;
  payloadType: number;
  clockRate: number;
  ssrc: number;
}

/** What ffmpeg needs to know before the first packet. */
export interface RelayBeginning {
  /** H.264 only. */
  parameterSets: { sps: Buffer; pps: Buffer } | null;
}

export interface Relay {
  /** Where the tap has to send everything. */
  readonly port: number;
  /** Call once, before packets come. */
  expect(tracks: RelayTrack[]): void;
  /** Resolves when there is something to begin with; never when it is closed before. */
  readonly beginning: Promise<RelayBeginning>;
  /** Sends what waited and everything after it. Ports of ffmpeg. */
  flow(to: Partial<Record<MediaKind, number>>): void;
  close(reason: string): void;
}

interface Waiting {
  kind: MediaKind;
  data: Buffer;
  rtp: RtpPacket;
  arrivedAtMs: number;
}

interface Track extends RelayTrack {
  queue: Array<Omit<Waiting, 'kind'>>;
}

/** @throws when no socket can be bound */
export async function openRelay(events: {
  now: () => number;
  /** The picture has another size or profile than the run began with. */
  onPictureChanged: (from: PictureFormat | null, to: PictureFormat | null) => void;
  /** Packets of a track come that is not expected. */
  onOther?: () => void;
}): Promise<Relay> {
  const closing = createClosing();
  const tracks = new Map<MediaKind, Track>();
  const begun = Promise.withResolvers<RelayBeginning>();
  let sps: Buffer | null = null;
  let pps: Buffer | null = null;
  let format: PictureFormat | null = null;
  let hasKeyFrame = false;
  let patience: NodeJS.Timeout | null = null;
  let patienceOver = false;
  let ready = false;
  const alignment = createAlignment();
  let ports: Partial<Record<MediaKind, number>> | null = null;
  /** What waited and is being sent; later packets stand in line behind it. */
  let backlog: Waiting[] = [];
  const sound = createSoundLine();

  const socket = await listen(arrived);
  closing.onClose(() => {
    socket.close();
    if (patience) clearTimeout(patience);
  });

  const leading = (): Track | undefined => tracks.get('video') ?? tracks.get('audio');

  function reported(report: SenderReport): void {
    const track = trackOf(report.ssrc);
    if (!track) return;
    const atMs = alignment.reported(track === leading(), report, track.clockRate);
    if (atMs === null) return;
    const timestamp = report.timestamp + (track.kind === 'audio' ? sound.offset : 0);
    send(track.kind, writeSenderReport({ ssrc: report.ssrc, atMs, timestamp }));
  }

  const trackOf = (ssrc: number): Track | undefined => [...tracks.values()].find((track) => track.ssrc === ssrc);

  function arrived(data: Buffer): void {
    if (closing.closed) return;
    if (isRtcp(data)) {
      if (!ports) return;
      // The other track is placed beside the leading one.
      const isOther = (report: SenderReport): number => (trackOf(report.ssrc) === leading() ? 0 : 1);
      for (const report of readSenderReports(data).sort((a, b) => isOther(a) - isOther(b))) reported(report);
      return;
    }
    const rtp = readRtp(data);
    const track = rtp && trackOf(rtp.ssrc);
    if (rtp && !track) events.onOther?.();
    if (!track || rtp.payload.length === 0) return;
    const { kind } = track;
    if (kind === 'video') look(track, rtp);
    if (ports && backlog.length === 0) {
      pass({ kind, data, rtp, arrivedAtMs: events.now() });
      return;
    }
    if (ports) {
      backlog.push({ kind, data, rtp, arrivedAtMs: events.now() });
      return;
    }
    // A picture can begin at a key frame only.
    if (kind === 'video' && !hasKeyFrame) return;
    track.queue.push({ data, rtp, arrivedAtMs: events.now() });
    if (track.queue.length > MAX_QUEUED) track.queue.shift();

    tryToBegin();
  }

  /** Remembers parameter sets, sees key frames and changes of the picture. */
  function look(track: Track, rtp: RtpPacket): void {
    if (track.mimeType.toLowerCase() !== 'video/h264') {
      hasKeyFrame = true; // the engine begins every consumer with one
      return;
    }
    for (const unit of nalUnitsOf(rtp.payload)) {
      if (unit.type === NAL.pps && unit.data) pps = Buffer.from(unit.data);
      else if (unit.type === NAL.sps && unit.data && !sps?.equals(unit.data)) {
        const next = readSps(unit.data);
        const before = format;
        const changed = sps !== null && (!next || !before || !isSame(before, next));
        sps = Buffer.from(unit.data);
        format = next;
        if (changed && ready) events.onPictureChanged(before, next);
      }
      // Parameter sets may travel in a packet before the frame's: the beginning is theirs.
      if ((unit.type === NAL.sps || unit.type === NAL.idr) && sps) hasKeyFrame = true;
    }
  }

  function tryToBegin(): void {
    if (ready) return;
    const video = tracks.get('video');
    const audio = tracks.get('audio');
    if (video && (video.queue.length === 0 || (video.mimeType.toLowerCase() === 'video/h264' && !(sps && pps)))) return;
    if (!video && audio?.queue.length === 0) return;
    if (audio?.queue.length === 0 && !patienceOver) {
      patience ??= setTimeout(() => {
        patienceOver = true;
        tryToBegin();
      }, SOUND_PATIENCE_MS);
      return;
    }
    ready = true;
    begun.resolve({ parameterSets: sps && pps ? { sps, pps } : null });
  }

  function send(kind: MediaKind, data: Buffer): void {
    const port = ports?.[kind];
    if (port !== undefined && !closing.closed) socket.send(data, port, IP, () => undefined);
  }

  function flow(to: Partial<Record<MediaKind, number>>): void {
    if (ports || closing.closed) return;
    ports = to;
    const lead = leading();
    const beginsAtMs = lead?.queue[0]?.arrivedAtMs ?? events.now();
    for (const track of tracks.values()) {
      const first = track.queue[0];
      const report: SenderReport = {
        ssrc: track.ssrc,
        atMs: quickestArrival(track) ?? beginsAtMs,
        timestamp: first?.rtp.timestamp ?? 0,
      };
      if (track === lead) alignment.begin(report);
      send(track.kind, writeSenderReport(report));
    }
    const audio = tracks.get('audio');
    if (audio) {
      const first = audio.queue[0];
      const early = first ? Math.round(((beginsAtMs - first.arrivedAtMs) / 1000) * OPUS_CLOCK) : 0;
      sound.begin({
        payloadType: audio.payloadType,
        ssrc: audio.ssrc,
        timestamp: first ? (first.rtp.timestamp + early) >>> 0 : 0,
        atMs: beginsAtMs,
        isKnown: first !== undefined,
        send: (data) => send('audio', data),
      });
      const filler = setInterval(() => sound.fill(events.now()), FILL_EVERY_MS);
      closing.onClose(() => clearInterval(filler));
    }
    backlog = [...tracks.values()]
      .flatMap((track) => track.queue.splice(0).map((entry) => ({ kind: track.kind, ...entry })))
      .sort((a, b) => a.arrivedAtMs - b.arrivedAtMs);
    drain();
  }

  function pass({ kind, data, rtp, arrivedAtMs }: Waiting): void {
    if (kind === 'audio') sound.pass(rtp, arrivedAtMs);
    else send(kind, data);
  }

  function drain(): void {
    for (const waiting of backlog.slice(0, BURST)) pass(waiting);
    backlog = backlog.slice(BURST);
    if (backlog.length > 0 && !closing.closed) setTimeout(drain, BURST_EVERY_MS);
  }

  return {
    port: socket.address().port,
    expect(expected) {
      for (const track of expected) tracks.set(track.kind, { ...track, queue: [] });
    },
    beginning: begun.promise,
    flow,
    close: closing.close,
  };
}

const isSame = (a: PictureFormat, b: PictureFormat): boolean =>
  a.width === b.width && a.height === b.height && a.profile === b.profile;

/**
 * When the first packet would have arrived had it been as quick as the quickest of those that wait: nothing arrives too
 * soon, but a busy host hands some packets over late.
 */
function quickestArrival({ queue, clockRate }: Track): number | null {
  const first = queue[0];
  if (!first) return null;
  return Math.min(
    ...queue.map(
      ({ rtp, arrivedAtMs }) => arrivedAtMs - (timestampsApart(rtp.timestamp, first.rtp.timestamp) / clockRate) * 1000,
    ),
  );
}

async function listen(onData: (data: Buffer) => void): Promise<Socket> {
  const socket = createSocket({ type: 'udp4', recvBufferSize: RECEIVE_BUFFER_BYTES });
  await new Promise<void>((resolve, reject) => {
    socket.once('error', reject);
    socket.bind({ address: IP, port: 0, exclusive: true }, resolve);
  });
  socket.removeAllListeners('error');
  socket.on('error', () => undefined); // a refused datagram; ffmpeg's end is seen elsewhere
  socket.on('message', onData);
  return socket;
}
