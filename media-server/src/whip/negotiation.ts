/**
 * What of an offer we take. Pure: an offered section in, RTP parameters for the engine out. The codecs are those of
 * engine/codecs.ts: Opus, H.264 with packetization-mode 1, VP8.
 */
import type { RtpCapabilities, RtpParameters } from '@walnut-live/contracts';
import type { PayloadTypes } from '../engine/index.ts';
import { mediaFailure } from '../platform/failure.ts';
import type { Offer, OfferedCodec, OfferedMedia } from './offer.ts';

export const MAX_LAYERS = 3;
/** mediasoup reserves this much for the MID header extension. */
const MAX_MID_BYTES = 8;
const MID_URI = 'urn:ietf:params:rtp-hdrext:sdes:mid';

/** Header extensions that the engine understands from a publisher. */
const RECEIVED_EXTENSIONS: ReadonlySet<string> = new Set([
  MID_URI,
  'urn:ietf:params:rtp-hdrext:sdes:rtp-stream-id',
  'urn:ietf:params:rtp-hdrext:sdes:repaired-rtp-stream-id',
  'http://www.webrtc.org/experiments/rtp-hdrext/abs-send-time',
  'http://www.ietf.org/id/draft-holmer-rmcat-transport-wide-cc-extensions-01',
  'urn:ietf:params:rtp-hdrext:ssrc-audio-level',
  'urn:3gpp:video-orientation',
  'urn:ietf:params:rtp-hdrext:toffset',
  'http://www.webrtc.org/experiments/rtp-hdrext/abs-capture-time',
]);
const FEEDBACK: ReadonlySet<string> = new Set(['nack ', 'nack pli', 'ccm fir', 'goog-remb ', 'transport-cc ']);

/** profile_idc of `profile-level-id`, best for phones first: constrained baseline, baseline, main, high. */
const H264_PROFILES = [/^42[c-f]/, /^42/, /^4d/, /^64/];
/** The one name under which every H.264 goes in the engine: decoders read the profile from the stream itself. */
const H264_IN_ENGINE = { 'packetization-mode': 1, 'profile-level-id': '42e01f', 'level-asymmetry-allowed': 1 };

export interface ChosenCodec {
  main: OfferedCodec;
  rtx: OfferedCodec | null;
}

export interface AcceptedTrack {
  media: OfferedMedia;
  kind: 'audio' | 'video';
  chosen: ChosenCodec;
  extensions: Array<{ id: number; uri: string }>;
  rtpParameters: RtpParameters;
}

/**
 * The tracks that a WHIP client will send. RFC 9725 section 4.5.2 and 4.5.3: at most one per kind, all or nothing.
 * @throws MediaFailure media_sdp_refused, media_codec_unsupported
 */
export function acceptPublication(offer: Offer): AcceptedTrack[] {
  oneOfEachKind(offer, ['sendonly', 'sendrecv']);
  const streams = new Set(offer.media.flatMap(({ msid }) => (msid === null || msid === '-' ? [] : [msid])));
  if (streams.size > 1) throw mediaFailure('media_sdp_refused', { why: 'several-media-streams' });
  return offer.media.map((media) => {
    const kind = media.kind === 'audio' ? ('audio' as const) : ('video' as const);
    const chosen = kind === 'audio' ? chooseOpus(media) : (chooseVideo(media, 'h264') ?? chooseVideo(media, 'vp8'));
    if (!chosen) throw mediaFailure('media_codec_unsupported', { why: `${kind}-codec` });
    if (media.layers.length > MAX_LAYERS) throw mediaFailure('media_sdp_refused', { why: 'too-many-layers' });
    const extensions = media.extensions.filter(({ uri }) => RECEIVED_EXTENSIONS.has(uri));
    return { media, kind, chosen, extensions, rtpParameters: publishedParameters(media, chosen, extensions) };
  });
}

/** What a WHEP player calls our codecs. @throws MediaFailure media_sdp_refused */
export function offeredPayloadTypes(offer: Offer): PayloadTypes {
  oneOfEachKind(offer, ['recvonly', 'sendrecv']);
  const video = offer.media.find(({ kind }) => kind === 'video');
  const audio = offer.media.find(({ kind }) => kind === 'audio');
  if (!video && !audio) throw mediaFailure('media_sdp_refused', { why: 'no-audio-no-video' });
  const typesOf = (codec: 'h264' | 'vp8') => {
    const chosen = video && chooseVideo(video, codec);
    return chosen ? { main: chosen.main.payloadType, rtx: chosen.rtx?.payloadType ?? null } : null;
  };
  return {
    opus: (audio && chooseOpus(audio)?.main.payloadType) ?? null,
    h264: typesOf('h264'),
    vp8: typesOf('vp8'),
  };
}

/** The part of a router's abilities that a WHEP offer shares: codecs, feedback and header extensions. */
export function sharedCapabilities(offer: Offer, router: RtpCapabilities): RtpCapabilities {
  const sections = offer.media.filter(({ kind }) => kind !== 'other');
  const codecs = (router.codecs ?? []).flatMap((codec) => {
    const media = sections.find(({ kind }) => kind === codec.kind);
    const offered = media?.codecs.find(
      ({ payloadType, name }) =>
        payloadType === codec.preferredPayloadType && codec.mimeType.toLowerCase() === `${media.kind}/${name}`,
    );
    if (!offered) return [];
    const rtcpFeedback = (codec.rtcpFeedback ?? []).filter((entry) =>
      offered.feedback.some(({ type, parameter }) => type === entry.type && parameter === (entry.parameter ?? '')),
    );
    return [{ ...codec, rtcpFeedback }];
  });
  const headerExtensions = (router.headerExtensions ?? []).filter((extension) => {
    const media = sections.find(({ kind }) => kind === extension.kind);
    const offered = media?.extensions.find(({ uri }) => uri === extension.uri);
    if (!media || !offered) return false;
    if (extension.uri === MID_URI && Buffer.byteLength(media.mid) > MAX_MID_BYTES) return false;
    // The engine's ids are fixed, and browsers refuse an answer that gives an offered id another meaning.
    return offered.id === extension.preferredId;
  });
  return { codecs, headerExtensions };
}

function oneOfEachKind(offer: Offer, directions: ReadonlyArray<OfferedMedia['direction']>): void {
  const isPublication = directions.includes('sendonly');
  for (const media of offer.media) {
    // A player may ask for more than there is; a publisher may not be half accepted.
    if (media.kind === 'other' && isPublication) throw mediaFailure('media_sdp_refused', { why: 'media-kind' });
    if (media.kind !== 'other' && !directions.includes(media.direction)) {
      throw mediaFailure('media_sdp_refused', { why: 'direction' });
    }
  }
  for (const kind of ['audio', 'video']) {
    if (offer.media.filter((media) => media.kind === kind).length > 1) {
      throw mediaFailure('media_sdp_refused', { why: `several-${kind}-tracks` });
    }
  }
}

function chooseOpus(media: OfferedMedia): ChosenCodec | null {
  const main = media.codecs.find(
    ({ name, clockRate, channels }) => name === 'opus' && clockRate === 48_000 && channels === 2,
  );
  return main ? { main, rtx: null } : null;
}

/** The best offered variant of a codec with its retransmission format. */
export function chooseVideo(media: OfferedMedia, codec: 'h264' | 'vp8'): ChosenCodec | null {
  const candidates = media.codecs.filter(({ name, clockRate }) => name === codec && clockRate === 90_000);
  const main = codec === 'vp8' ? candidates[0] : bestH264(candidates);
  if (!main) return null;
  const rtx = media.codecs.find(
    ({ name, parameters }) => name === 'rtx' && parameters.apt === String(main.payloadType),
  );
  return { main, rtx: rtx ?? null };
}

function bestH264(candidates: OfferedCodec[]): OfferedCodec | undefined {
  // Without packetization-mode a picture has to fit into one packet; nobody who sends HD offers only that.
  const usable = candidates.filter(({ parameters }) => parameters['packetization-mode'] === '1');
  for (const profile of H264_PROFILES) {
    const found = usable.find(({ parameters }) =>
      profile.test((parameters['profile-level-id'] ?? '42e01f').toLowerCase()),
    );
    if (found) return found;
  }
  return undefined;
}

export function sharedFeedback(codec: OfferedCodec): Array<{ type: string; parameter: string }> {
  return codec.feedback.filter(({ type, parameter }) => FEEDBACK.has(`${type} ${parameter}`)).slice(0, 16);
}

function publishedParameters(
  media: OfferedMedia,
  { main, rtx }: ChosenCodec,
  extensions: AcceptedTrack['extensions'],
): RtpParameters {
  const isAudio = media.kind === 'audio';
  const mimeType = isAudio ? 'audio/opus' : main.name === 'h264' ? 'video/H264' : 'video/VP8';
  return {
    mid: media.mid.slice(0, 32),
    codecs: [
      {
        mimeType,
        payloadType: main.payloadType,
        clockRate: main.clockRate,
        ...(isAudio && { channels: 2 }),
        parameters: isAudio ? { useinbandfec: 1 } : main.name === 'h264' ? H264_IN_ENGINE : {},
        rtcpFeedback: sharedFeedback(main),
      },
      ...(rtx
        ? [
            {
              mimeType: 'video/rtx',
              payloadType: rtx.payloadType,
              clockRate: 90_000,
              parameters: { apt: main.payloadType },
            },
          ]
        : []),
    ],
    headerExtensions: extensions,
    encodings: encodingsOf(media, rtx !== null),
    rtcp: { reducedSize: media.reducedSize, ...(media.cname !== null && { cname: media.cname }) },
  };
}

/** Lowest layer first, as the engine wants it. */
function encodingsOf(media: OfferedMedia, hasRtx: boolean): NonNullable<RtpParameters['encodings']> {
  if (media.layers.length > 1) return lowestFirst(media.layers).map((rid) => ({ rid }));
  const repairing = new Set(media.repairs.map(({ rtx }) => rtx));
  const ssrc = media.ssrcs.find((candidate) => !repairing.has(candidate));
  if (ssrc !== undefined) {
    const rtx = hasRtx ? media.repairs.find((pair) => pair.ssrc === ssrc)?.rtx : undefined;
    return [{ ssrc, ...(rtx !== undefined && { rtx: { ssrc: rtx } }) }];
  }
  const rid = media.layers[0]?.rid;
  return [rid === undefined ? {} : { rid }];
}

/** Names of layers that are in use, lowest first. */
const LAYER_NAMES = [
  ['q', 'h', 'f'],
  ['l', 'm', 'h'],
  ['low', 'mid', 'high'],
  ['low', 'medium', 'high'],
  ['r0', 'r1', 'r2'],
  // OBS numbers its layers from the full picture down.
  ['2', '1', '0'],
];

/**
 * Orders simulcast layers by what the offer says about their size, else by their customary names; otherwise they are
 * taken to be listed from low to high, as browsers do.
 */
export function lowestFirst(layers: OfferedMedia['layers']): string[] {
  const rids = layers.map(({ rid }) => rid);
  const widths = layers.map(({ parameters }) => Number(/max-width=(\d+)/.exec(parameters)?.[1] ?? Number.NaN));
  if (widths.every(Number.isFinite)) {
    return [...rids].sort((a, b) => (widths[rids.indexOf(a)] ?? 0) - (widths[rids.indexOf(b)] ?? 0));
  }
  const names = LAYER_NAMES.find((known) => rids.every((rid) => known.includes(rid)));
  return names ? [...rids].sort((a, b) => names.indexOf(a) - names.indexOf(b)) : rids;
}
