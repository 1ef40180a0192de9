/** The session description that tells ffmpeg what arrives where (RFC 8866). Pure. */
export interface SdpTrack {
  kind: 'audio' | 'video';
  mimeType: string;
  payloadType: number;
  clockRate: number;
  channels: number | undefined;
  ip: string;
  port: number;
}

/** @param parameterSets of an H.264 track: with them the picture's size is known before its first frame */
export function sdpOf(tracks: SdpTrack[], parameterSets: { sps: Buffer; pps: Buffer } | null): string {
  const sets = parameterSets
    ? `;sprop-parameter-sets=${parameterSets.sps.toString('base64')},${parameterSets.pps.toString('base64')}`
    : '';
  const ip = tracks[0]?.ip ?? '127.0.0.1';
  const lines = ['v=0', `o=- 0 0 IN IP4 ${ip}`, 's=-', `c=IN IP4 ${ip}`, 't=0 0'];
  for (const track of tracks) {
    const codec = track.mimeType.split('/')[1] ?? '';
    const channels = track.kind === 'audio' ? `/${track.channels ?? 1}` : '';
    lines.push(
      `m=${track.kind} ${track.port} RTP/AVP ${track.payloadType}`,
      `a=rtcp:${track.port + 1}`,
      `a=rtpmap:${track.payloadType} ${codec}/${track.clockRate}${channels}`,
      // Without it ffmpeg expects one whole frame per packet.
      ...(codec.toUpperCase() === 'H264' ? [`a=fmtp:${track.payloadType} packetization-mode=1${sets}`] : []),
      'a=recvonly',
    );
  }
  return `${lines.join('\r\n')}\r\n`;
}
