/** Packets as a browser sends them, built by hand so that each part of them can be bent. */
import { createHmac } from 'node:crypto';
import { crc32 } from 'node:zlib';

const STUN_COOKIE = 0x2112a442;
const FINGERPRINT_XOR = 0x5354554e;

const attribute = (type: number, value: Buffer): Buffer => {
  const head = Buffer.alloc(4);
  head.writeUInt16BE(type, 0);
  head.writeUInt16BE(value.length, 2);
  return Buffer.concat([head, value, Buffer.alloc((4 - (value.length % 4)) % 4)]);
};
const bytes = (length: number, random: () => number): Buffer =>
  Buffer.from(Array.from({ length }, () => Math.floor(random() * 256)));

/** A binding request that the server answers: RFC 8489, signed with the password of its ICE session; `nominate` takes the pair. */
export function stunRequest(
  ice: { ufrag: string; password: string },
  random: () => number,
  { nominate = true } = {},
): Buffer {
  const priority = Buffer.alloc(4);
  priority.writeUInt32BE(0x6e0001ff);
  const attributes = [
    attribute(0x0006, Buffer.from(`${ice.ufrag}:EsAw`)),
    attribute(0x0024, priority),
    attribute(0x802a, bytes(8, random)),
    ...(nominate ? [attribute(0x0025, Buffer.alloc(0))] : []),
  ];
  const whole = (more: number): Buffer => {
    const body = Buffer.concat(attributes);
    const head = Buffer.alloc(20);
    head.writeUInt16BE(0x0001, 0);
    head.writeUInt16BE(body.length + more, 2);
    head.writeUInt32BE(STUN_COOKIE, 4);
    id.copy(head, 8);
    return Buffer.concat([head, body]);
  };
  const id = bytes(12, random);
  attributes.push(attribute(0x0008, createHmac('sha1', ice.password).update(whole(24)).digest()));
  const sum = Buffer.alloc(4);
  sum.writeUInt32BE((crc32(whole(8)) ^ FINGERPRINT_XOR) >>> 0);
  attributes.push(attribute(0x8028, sum));
  return whole(0);
}

/** The first flight of DTLS 1.2 with use_srtp (RFC 6347, RFC 5764). */
export function clientHello(random: () => number, sequence: number): Buffer {
  const hex = (text: string) => Buffer.from(text.replaceAll(' ', ''), 'hex');
  const extensions = Buffer.concat([
    hex('000a 0004 0002 001d'), // supported groups
    hex('000b 0002 0100'), // point formats
    hex('000d 0006 0004 0403 0804'), // signature algorithms
    hex('000e 0007 0004 0007 0001 00'), // use_srtp
    hex('0017 0000 ff01 0001 00'),
  ]);
  const length = (value: number, size: number) => {
    const out = Buffer.alloc(size);
    out.writeUIntBE(value, 0, size);
    return out;
  };
  const hello = Buffer.concat([
    ...[hex('fefd'), bytes(32, random), hex('00 00'), hex('0006 c02b c02f 009c'), hex('01 00')],
    ...[length(extensions.length, 2), extensions],
  ]);
  const handshake = Buffer.concat([
    hex('01'),
    length(hello.length, 3),
    hex('0000 000000'),
    length(hello.length, 3),
    hello,
  ]);
  return Buffer.concat([hex('16 fefd 0000'), length(sequence, 6), length(handshake.length, 2), handshake]);
}

/** An RTP packet with one extension header and a NAL unit's beginning; or a report of RTCP. */
export function rtpPacket(
  random: () => number,
  { payloadType, ssrc, sequence }: { payloadType: number; ssrc: number; sequence: number },
): Buffer {
  const head = Buffer.alloc(12);
  head[0] = 0x90;
  head[1] = payloadType | (random() < 0.2 ? 0x80 : 0);
  head.writeUInt16BE(sequence & 0xffff, 2);
  head.writeUInt32BE((sequence * 3_000) >>> 0, 4);
  head.writeUInt32BE(ssrc >>> 0, 8);
  const nal = [0x67, 0x68, 0x65, 0x61, 0x78, 0x7c, 0x1c][Math.floor(random() * 7)] as number;
  return Buffer.concat([
    head,
    Buffer.from('bede0001', 'hex'),
    bytes(4, random),
    Buffer.from([nal]),
    bytes(200, random),
  ]);
}
export function rtcpPacket(random: () => number, ssrc: number): Buffer {
  const head = Buffer.alloc(8);
  head[0] = 0x81;
  head[1] = 200 + Math.floor(random() * 8);
  head.writeUInt16BE(6 + Math.floor(random() * 6), 2);
  head.writeUInt32BE(ssrc >>> 0, 4);
  return Buffer.concat([head, bytes(24, random)]);
}

/** The same packet with bytes flipped, cut off, doubled, or a length that lies. */
export function bent(packet: Buffer, random: () => number): Buffer {
  let out: Buffer = Buffer.from(packet);
  for (let times = Math.floor(random() * 4); times >= 0 && out.length > 0; times -= 1) {
    const at = Math.floor(random() * out.length);
    const kind = random();
    if (kind < 0.45) out[at] = Math.floor(random() * 256);
    else if (kind < 0.6) out[at] = (out[at] ?? 0) ^ (1 << Math.floor(random() * 8));
    else if (kind < 0.7) out = out.subarray(0, at);
    else if (kind < 0.8) out = Buffer.concat([out, out.subarray(at)]).subarray(0, 1_400);
    else if (kind < 0.9 && out.length > at + 2) out.writeUInt16BE(random() < 0.5 ? 0xffff : 0, at);
    else out = Buffer.concat([out.subarray(0, at), bytes(8, random), out.subarray(at)]);
  }
  return out;
}
