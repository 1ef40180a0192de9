/** Writes answers (RFC 9429 section 5.3.1) and ICE fragments (RFC 8840). Pure. */
import { randomInt } from 'node:crypto';
import type { DtlsParameters, MediaConsumer, RtpParameters, TransportOptions } from '@walnut-live/contracts';
import { type AcceptedTrack, sharedFeedback } from './negotiation.ts';
import type { Offer, OfferedMedia } from './offer.ts';

type Codec = RtpParameters['codecs'][number];
type Transport = Pick<TransportOptions, 'iceParameters' | 'iceCandidates' | 'dtlsParameters'>;

/** The answer to a publisher: every section is received. */
export function answerPublication(offer: Offer, tracks: AcceptedTrack[], transport: Transport): string {
  const sections = tracks.map(({ media, kind, chosen, extensions, rtpParameters }) => {
    const { main, rtx } = chosen;
    const rids = media.layers.length > 1 ? media.layers.map(({ rid }) => rid) : [];
    const format =
      kind === 'audio'
        ? 'minptime=10;stereo=1;useinbandfec=1'
        : main.name === 'h264'
          ? `level-asymmetry-allowed=1;packetization-mode=1;profile-level-id=${h264Profile(main.parameters)}`
          : '';
    return section(
      media,
      [main.payloadType, ...(rtx ? [rtx.payloadType] : [])],
      [
        'a=recvonly',
        ...extensions.map(({ id, uri }) => `a=extmap:${id} ${uri}`),
        `a=rtpmap:${main.payloadType} ${kind === 'audio' ? 'opus/48000/2' : `${main.name.toUpperCase()}/90000`}`,
        ...(format ? [`a=fmtp:${main.payloadType} ${format}`] : []),
        ...sharedFeedback(main).map((feedback) => feedbackLine(main.payloadType, feedback)),
        ...(rtx ? rtxLines(rtx.payloadType, main.payloadType) : []),
        ...rids.map((rid) => `a=rid:${rid} recv`),
        ...(rids.length > 0 ? [`a=simulcast:recv ${rids.join(';')}`] : []),
        ...(rtpParameters.rtcp?.reducedSize ? ['a=rtcp-rsize'] : []),
      ],
    );
  });
  return assemble(offer, sections, transport);
}

/** The answer to a player: a section is sent when there is a track for it. */
export function answerPlayback(offer: Offer, consumers: MediaConsumer[], transport: Transport): string {
  const sections = offer.media.map((media) => {
    if (media.kind === 'other') return `m=${media.type} 0 ${media.protocol} 0\r\na=mid:${media.mid}\r\na=inactive\r\n`;
    const consumer = consumers.find(({ kind }) => kind === media.kind);
    if (!consumer) {
      // Nothing comes now. The section stays, so that the bundle does.
      const [first] = media.codecs;
      const map = first ? [`a=rtpmap:${first.payloadType} ${first.name}/${first.clockRate}`] : [];
      return section(media, [first?.payloadType ?? 0], ['a=inactive', ...map]);
    }
    const { codecs, headerExtensions = [], encodings = [], rtcp } = consumer.rtpParameters;
    const ssrc = encodings[0]?.ssrc;
    const rtx = encodings[0]?.rtx?.ssrc;
    const cname = rtcp?.cname ?? 'walnut';
    return section(
      media,
      codecs.map(({ payloadType }) => payloadType),
      [
        'a=sendonly',
        `a=msid:walnut ${media.kind}`,
        ...headerExtensions.map(({ id, uri }) => `a=extmap:${id} ${uri}`),
        ...codecs.flatMap((codec) => codecLines(codec, media)),
        ...(media.reducedSize ? ['a=rtcp-rsize'] : []),
        ...(rtx === undefined ? [] : [`a=ssrc-group:FID ${ssrc} ${rtx}`]),
        `a=ssrc:${ssrc} cname:${cname}`,
        ...(rtx === undefined ? [] : [`a=ssrc:${rtx} cname:${cname}`]),
      ],
    );
  });
  return assemble(offer, sections, transport);
}

/** What a successful ICE restart answers: RFC 9725 section 4.3.3. */
export function answerRestart(media: Pick<OfferedMedia, 'type' | 'protocol' | 'mid'>, transport: Transport): string {
  return [
    'a=ice-lite',
    'a=ice-options:trickle',
    `a=group:BUNDLE ${media.mid}`,
    `m=${media.type} 9 ${media.protocol} 0`,
    `a=mid:${media.mid}`,
    ...iceLines(transport),
    ...candidateLines(transport),
    '',
  ].join('\r\n');
}

function assemble(offer: Offer, sections: string[], transport: Transport): string {
  const bundled = offer.media.filter(({ kind }) => kind !== 'other').map(({ mid }) => mid);
  const head = [
    'v=0',
    `o=- ${randomInt(2 ** 40, 2 ** 47)} 1 IN IP4 0.0.0.0`,
    's=-',
    't=0 0',
    `a=group:BUNDLE ${bundled.join(' ')}`,
    'a=ice-lite',
    'a=msid-semantic: WMS *',
    ...(offer.extmapAllowMixed ? ['a=extmap-allow-mixed'] : []),
    '',
  ].join('\r\n');
  const { dtls } = offer;
  const algorithm = dtls.fingerprints[0]?.algorithm;
  const fingerprint = fingerprintOf(transport.dtlsParameters, algorithm);
  const common = [
    ...iceLines(transport),
    'a=ice-options:trickle',
    `a=fingerprint:${fingerprint.algorithm} ${fingerprint.value}`,
    `a=setup:${dtls.role === 'server' ? 'active' : 'passive'}`,
    '',
  ].join('\r\n');
  // Candidates belong to the first section of the bundle (RFC 9143 section 7.3.3); the credentials are in each one for
  // clients that look there.
  const candidates = `${candidateLines(transport).join('\r\n')}\r\n`;
  let first = true;
  const bodies = sections.map((text, index) => {
    if (offer.media[index]?.kind === 'other') return text;
    const own = first ? common + candidates : common;
    first = false;
    return text + own;
  });
  return head + bodies.join('');
}

function section(media: OfferedMedia, payloadTypes: number[], lines: string[]): string {
  return [
    `m=${media.type} 9 ${media.protocol} ${payloadTypes.join(' ')}`,
    'c=IN IP4 0.0.0.0',
    `a=mid:${media.mid}`,
    'a=rtcp-mux',
    'a=rtcp-mux-only',
    ...lines,
    '',
  ].join('\r\n');
}

function iceLines({ iceParameters }: Transport): string[] {
  return [`a=ice-ufrag:${iceParameters.usernameFragment}`, `a=ice-pwd:${iceParameters.password}`];
}

function candidateLines({ iceCandidates }: Transport): string[] {
  const lines = iceCandidates.map(({ foundation, protocol, priority, address, port, type, tcpType }) => {
    const tcp = tcpType === undefined ? '' : ` tcptype ${tcpType}`;
    return `a=candidate:${foundation} 1 ${protocol} ${priority} ${address} ${port} typ ${type}${tcp}`;
  });
  return [...lines, 'a=end-of-candidates'];
}

/** The certificate under the hash that the offer used, if we have it: whoever offers it can check it. */
function fingerprintOf(
  { fingerprints }: DtlsParameters,
  wanted: string | undefined,
): DtlsParameters['fingerprints'][number] {
  const best =
    fingerprints.find(({ algorithm }) => algorithm === wanted) ??
    fingerprints.find(({ algorithm }) => algorithm === 'sha-256') ??
    fingerprints[0];
  if (!best) throw new Error('transport without a fingerprint');
  return best;
}

function codecLines(codec: Codec, media: OfferedMedia): string[] {
  const { payloadType } = codec;
  const name = codec.mimeType.split('/')[1] ?? '';
  if (name.toLowerCase() === 'rtx') return rtxLines(payloadType, Number(codec.parameters?.apt));
  const offered = media.codecs.find((candidate) => candidate.payloadType === payloadType);
  const channels = media.kind === 'audio' ? `/${codec.channels ?? 1}` : '';
  const format =
    name.toLowerCase() === 'h264'
      ? `level-asymmetry-allowed=1;packetization-mode=1;profile-level-id=${h264Profile(offered?.parameters ?? {})}`
      : name.toLowerCase() === 'opus'
        ? 'minptime=10;sprop-stereo=1;useinbandfec=1'
        : '';
  return [
    `a=rtpmap:${payloadType} ${name}/${codec.clockRate}${channels}`,
    ...(format ? [`a=fmtp:${payloadType} ${format}`] : []),
    ...(codec.rtcpFeedback ?? []).map((feedback) => feedbackLine(payloadType, feedback)),
  ];
}

function rtxLines(payloadType: number, of: number): string[] {
  return [`a=rtpmap:${payloadType} rtx/90000`, `a=fmtp:${payloadType} apt=${of}`];
}

function feedbackLine(payloadType: number, feedback: { type: string; parameter?: string }): string {
  return `a=rtcp-fb:${payloadType} ${feedback.type}${feedback.parameter ? ` ${feedback.parameter}` : ''}`;
}

function h264Profile(parameters: Record<string, string>): string {
  const given = parameters['profile-level-id'] ?? '';
  return /^[0-9a-f]{6}$/i.test(given) ? given : '42e01f';
}
