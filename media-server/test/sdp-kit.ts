/** Offers as browsers and encoders make them, for tests that need no media. Every part can be bent. */
import { createHash } from 'node:crypto';

const FINGERPRINT =
  createHash('sha256').update('a certificate').digest('hex').toUpperCase().match(/../g)?.join(':') ?? '';

export interface OfferOptions {
  direction?: 'sendonly' | 'recvonly' | 'sendrecv' | 'inactive';
  sections?: Array<'audio' | 'video' | 'application'>;
  ufrag?: string;
  setup?: string;
  /** Lines of the video section that name its codecs. */
  video?: string[];
  bundle?: boolean;
  rtcpMux?: boolean;
}

export const H264 = [
  'm=video 9 UDP/TLS/RTP/SAVPF 108 109',
  'a=rtpmap:108 H264/90000',
  'a=fmtp:108 level-asymmetry-allowed=1;packetization-mode=1;profile-level-id=42e01f',
  'a=rtcp-fb:108 nack',
  'a=rtcp-fb:108 nack pli',
  'a=rtpmap:109 rtx/90000',
  'a=fmtp:109 apt=108',
];
export const VP8 = ['m=video 9 UDP/TLS/RTP/SAVPF 96', 'a=rtpmap:96 VP8/90000', 'a=rtcp-fb:96 nack pli'];
export const AV1_ONLY = ['m=video 9 UDP/TLS/RTP/SAVPF 45', 'a=rtpmap:45 AV1/90000'];
export const H264_SINGLE_NAL = [
  'm=video 9 UDP/TLS/RTP/SAVPF 104',
  'a=rtpmap:104 H264/90000',
  'a=fmtp:104 packetization-mode=0;profile-level-id=42e01f',
];

export function makeOffer(options: OfferOptions = {}): string {
  const { direction = 'sendonly', sections = ['audio', 'video'], ufrag = 'EsAw', setup = 'actpass' } = options;
  const lines = ['v=0', 'o=- 5228595038118931041 2 IN IP4 127.0.0.1', 's=-', 't=0 0'];
  if (options.bundle !== false) lines.push(`a=group:BUNDLE ${sections.map((_, index) => index).join(' ')}`);
  lines.push('a=extmap-allow-mixed');
  sections.forEach((kind, index) => {
    const sends = direction === 'sendonly' || direction === 'sendrecv';
    const own = {
      audio: ['m=audio 9 UDP/TLS/RTP/SAVPF 111', 'a=rtpmap:111 opus/48000/2', 'a=fmtp:111 minptime=10;useinbandfec=1'],
      video: options.video ?? H264,
      application: ['m=application 9 UDP/DTLS/SCTP webrtc-datachannel', 'a=sctp-port:5000'],
    }[kind];
    const ssrc = 1_000 + index * 10;
    lines.push(
      own[0] ?? '',
      'c=IN IP4 0.0.0.0',
      `a=ice-ufrag:${ufrag}`,
      'a=ice-pwd:P2uYro0UCOQ4zxjKXaWCBui1',
      'a=ice-options:trickle',
      `a=fingerprint:sha-256 ${FINGERPRINT}`,
      `a=setup:${setup}`,
      `a=mid:${index}`,
      ...own.slice(1),
    );
    if (kind === 'application') return;
    lines.push(`a=${direction}`, ...(options.rtcpMux === false ? [] : ['a=rtcp-mux']));
    lines.push('a=extmap:4 urn:ietf:params:rtp-hdrext:sdes:mid');
    if (sends) lines.push(`a=msid:stream track-${index}`, `a=ssrc:${ssrc} cname:somebody`);
    if (sends && kind === 'video' && own.some((line) => line.includes('apt=108'))) {
      lines.push(`a=ssrc-group:FID ${ssrc} ${ssrc + 1}`, `a=ssrc:${ssrc + 1} cname:somebody`);
    }
  });
  return `${lines.join('\r\n')}\r\n`;
}

export function makeFragment(options: { ufrag?: string; candidates?: number } = {}): string {
  const { ufrag = 'EsAw', candidates = 1 } = options;
  const lines = [
    'a=group:BUNDLE 0 1',
    'm=audio 9 UDP/TLS/RTP/SAVPF 111',
    'a=mid:0',
    `a=ice-ufrag:${ufrag}`,
    'a=ice-pwd:P2uYro0UCOQ4zxjKXaWCBui1',
  ];
  for (let index = 0; index < candidates; index += 1) {
    lines.push(
      `a=candidate:1387637174 1 udp 2122260223 192.0.2.${index % 250} 61764 typ host generation 0 ufrag ${ufrag}`,
    );
  }
  return `${lines.join('\r\n')}\r\na=end-of-candidates\r\n`;
}
