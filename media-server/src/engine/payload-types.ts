/**
 * Payload types that the receiver chose. In WHEP the player makes the offer, and RTP has to carry the numbers of that
 * offer (RFC 3264 section 6.1); mediasoup always sends those of the router. So players with other numbers than ours sit
 * on a router of their own numbering, beside the audience's router on the same worker and fed by a pipe. All players of
 * one browser version share it. A receiver that takes our numbers, or has none of its own, sits on the audience's router.
 *
 * Invariants: a numbered router exists exactly while somebody sits on it and never longer than the router that feeds it;
 * a track is piped to it at most once; there are at most MAX_PER_ROUTER beside one router and MAX_PER_HOST in all, because
 * an offer may name any numbers. The numbered routers of a router are kept in its `appData`.
 */
import type { types } from 'mediasoup';
import { mediaFailure } from '../platform/failure.ts';
import type { AudienceSeat } from './audience.ts';
import { routerCodecs } from './codecs.ts';
import type { PortRange } from './ports.ts';
import type { TrackTable } from './tracks.ts';
import type { EngineWorker } from './workers.ts';

/** What an offer calls our codecs; null when it does not have one. */
export interface PayloadTypes {
  opus: number | null;
  h264: VideoPayloadTypes | null;
  vp8: VideoPayloadTypes | null;
}

export interface VideoPayloadTypes {
  main: number;
  /** Null: no retransmission stream. */
  rtx: number | null;
}

/** A seat whose router may be another one than the audience's, so that tracks may have other ids on it. */
export interface NumberedSeat {
  readonly worker: EngineWorker;
  readonly router: types.Router;
  /** Makes a track available on the router and tells its id there; null when the receiver has no number for it. */
  bring(producerId: string): Promise<string | null>;
  release(): void;
}

interface NumberedRouter {
  router: Promise<types.Router>;
  users: number;
  piped: Map<string, Promise<string>>;
  /** Idempotent; also when either router closes. */
  close(): void;
}

/** Their pipes, of this whole host. */
export interface NumberedPipes {
  portRange: PortRange;
  /** Numbered routers that are open now. */
  open: number;
}

/** Browsers in use need four or five; whoever is refused has HLS. */
const MAX_PER_ROUTER = 8;
/** Two ports each; a few of the block stay free for those that are just being closed. */
const MAX_PER_HOST = 180;
/** Pipes stay inside the host. */
const PIPE_IP = '127.0.0.1';
/** The order in which a mediasoup router takes payload types for RTX. */
const POOL = [...Array.from({ length: 28 }, (_, index) => 100 + index), 96, 97, 98, 99];

/** @throws MediaFailure media_over_capacity at the bounds (the seat is released), media_worker_lost */
export async function numberedSeat(input: {
  seat: AudienceSeat;
  tracks: Pick<TrackTable, 'producers'>;
  wanted: PayloadTypes | undefined;
  pipes: NumberedPipes;
}): Promise<NumberedSeat> {
  const { seat, pipes } = input;
  const plain: NumberedSeat = {
    worker: seat.worker,
    router: seat.router,
    async bring(producerId) {
      await seat.bring(producerId);
      return producerId;
    },
    release: () => seat.release(),
  };
  const layout = input.wanted && layoutOf(input.wanted, input.tracks);
  if (!layout || isAlreadySo(seat.router, layout)) return plain;

  const numbered = routersOf(seat.router);
  const key = JSON.stringify(layout);
  const known = numbered.get(key);
  if (!known && (numbered.size >= MAX_PER_ROUTER || pipes.open >= MAX_PER_HOST)) {
    seat.release();
    throw mediaFailure('media_over_capacity');
  }
  const entry = known ?? openEntry(layout);
  entry.users += 1;
  let released = false;
  const release = (): void => {
    if (released) return;
    released = true;
    entry.users -= 1;
    if (entry.users === 0) entry.close();
    seat.release();
  };
  const router = await entry.router.catch((cause: unknown) => {
    release();
    throw mediaFailure('media_worker_lost', undefined, cause);
  });

  function openEntry(wanted: Layout): NumberedRouter {
    let closed = false;
    const opened: NumberedRouter = {
      router: seat.worker.handle.createRouter({ mediaCodecs: codecsOf(wanted) }),
      users: 0,
      piped: new Map(),
      close() {
        if (closed) return;
        closed = true;
        pipes.open -= 1;
        seat.router.observer.off('close', opened.close);
        if (numbered.get(key) === opened) numbered.delete(key);
        opened.router.then((made) => made.close()).catch(() => undefined);
      },
    };
    numbered.set(key, opened);
    pipes.open += 1;
    seat.router.observer.once('close', opened.close);
    opened.router.then((made) => made.observer.once('close', opened.close), opened.close);
    return opened;
  }

  async function pipe(producerId: string): Promise<string> {
    await seat.bring(producerId);
    const { pipeProducer } = await seat.router.pipeToRouter({
      producerId,
      router,
      keepId: false, // the audience's router on this worker has the same track by its own id
      enableRtx: true,
      listenInfo: { protocol: 'udp', ip: PIPE_IP, portRange: pipes.portRange },
    });
    if (!pipeProducer) throw mediaFailure('media_worker_lost');
    pipeProducer.observer.on('close', () => entry.piped.delete(producerId));
    return pipeProducer.id;
  }

  return {
    worker: seat.worker,
    router,
    bring(producerId) {
      const kind = input.tracks.producers().find((producer) => producer.id === producerId)?.kind;
      if ((kind === 'video' && !layout.video) || (kind === 'audio' && layout.opus === null))
        return Promise.resolve(null);
      const piping =
        entry.piped.get(producerId) ??
        pipe(producerId).catch((cause: unknown) => {
          entry.piped.delete(producerId);
          throw mediaFailure('media_worker_lost', undefined, cause);
        });
      entry.piped.set(producerId, piping);
      return piping;
    },
    release,
  };
}

interface Layout {
  opus: number | null;
  video: (VideoPayloadTypes & { codec: 'h264' | 'vp8' }) | null;
}

/** Only the codec that is published matters. */
function layoutOf(wanted: PayloadTypes, tracks: Pick<TrackTable, 'producers'>): Layout {
  const video = tracks.producers().find((producer) => producer.kind === 'video');
  const codec = video?.rtpParameters.codecs[0]?.mimeType.toLowerCase() === 'video/vp8' ? 'vp8' : 'h264';
  const types = wanted[codec];
  return {
    opus: wanted.opus,
    // A number outside the pool cannot be given to RTX.
    video: types && { codec, main: types.main, rtx: types.rtx !== null && POOL.includes(types.rtx) ? types.rtx : null },
  };
}

function isAlreadySo(router: types.Router, layout: Layout): boolean {
  const codecs = router.rtpCapabilities.codecs ?? [];
  const numberOf = (mimeType: string): number | undefined =>
    codecs.find((codec) => codec.mimeType.toLowerCase() === mimeType)?.preferredPayloadType;
  if (layout.opus !== null && numberOf('audio/opus') !== layout.opus) return false;
  if (!layout.video) return true;
  const main = numberOf(`video/${layout.video.codec}`);
  const rtx = codecs.find((codec) => codec.mimeType === 'video/rtx' && codec.parameters?.apt === main);
  return main === layout.video.main && (layout.video.rtx === null || rtx?.preferredPayloadType === layout.video.rtx);
}

function codecsOf({ opus, video }: Layout): types.RouterRtpCodecCapability[] {
  const [audio, h264, vp8] = routerCodecs;
  const codecs: types.RouterRtpCodecCapability[] = [];
  if (audio && opus !== null) codecs.push({ ...audio, preferredPayloadType: opus });
  const codec = video?.codec === 'vp8' ? vp8 : h264;
  if (!video || !codec) return codecs;
  // A router gives RTX the first number of its pool that nobody has: codecs that nobody uses take those before ours.
  const before = video.rtx === null ? [] : POOL.slice(0, POOL.indexOf(video.rtx));
  for (const number of before) {
    if (number === opus || number === video.main) continue;
    codecs.push({ kind: 'audio', mimeType: 'audio/PCMU', clockRate: 8_000, preferredPayloadType: number });
  }
  codecs.push({ ...codec, preferredPayloadType: video.main });
  return codecs;
}

function routersOf(router: types.Router): Map<string, NumberedRouter> {
  const appData = router.appData as { numbered?: Map<string, NumberedRouter> };
  appData.numbered ??= new Map();
  return appData.numbered;
}
