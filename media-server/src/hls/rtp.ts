/** Reads and writes the little of RTP (RFC 3550, RFC 6184) that the relay needs. Pure; anything unreadable is null. */
const RTP_HEADER = 12;
const SENDER_REPORT = 200;
const SENDER_REPORT_BYTES = 28;
/** Seconds from 1900, where NTP begins, to 1970. */
const NTP_EPOCH_SECONDS = 2_208_988_800;
const FRACTION = 2 ** 32;

export interface RtpPacket {
  sequence: number;
  timestamp: number;
  ssrc: number;
  payload: Buffer;
}

/** RTP and RTCP share a port (RFC 5761 §4). */
export function isRtcp(data: Buffer): boolean {
  const type = data[1] ?? 0;
  return type >= 192 && type <= 223;
}

export function readRtp(data: Buffer): RtpPacket | null {
  if (data.length < RTP_HEADER || data[0]! >> 6 !== 2) return null;
  let start = RTP_HEADER + (data[0]! & 0x0f) * 4;
  if (data[0]! & 0x10) {
    if (start + 4 > data.length) return null;
    start += 4 + data.readUInt16BE(start + 2) * 4;
  }
  const padding = data[0]! & 0x20 ? data[data.length - 1]! : 0;
  const end = data.length - padding;
  if (start > end) return null;
  return {
    sequence: data.readUInt16BE(2),
    timestamp: data.readUInt32BE(4),
    ssrc: data.readUInt32BE(8),
    payload: data.subarray(start, end),
  };
}

export interface SenderReport {
  ssrc: number;
  /** Wall clock of the sender, epoch milliseconds. */
  atMs: number;
  /** RTP time of the same instant. */
  timestamp: number;
}

/** The sender reports in a compound packet. */
export function readSenderReports(data: Buffer): SenderReport[] {
  const reports: SenderReport[] = [];
  for (let at = 0; at + 4 <= data.length; at += (data.readUInt16BE(at + 2) + 1) * 4) {
    if (data[at + 1] !== SENDER_REPORT || at + SENDER_REPORT_BYTES > data.length) continue;
    const seconds = data.readUInt32BE(at + 8) - NTP_EPOCH_SECONDS;
    const fraction = data.readUInt32BE(at + 12) / FRACTION;
    const atMs = (seconds + fraction) * 1000;
    reports.push({ ssrc: data.readUInt32BE(at + 4), atMs, timestamp: data.readUInt32BE(at + 16) });
  }
  return reports;
}

export function writeSenderReport(report: SenderReport): Buffer {
  const data = Buffer.alloc(SENDER_REPORT_BYTES);
  const seconds = Math.floor(report.atMs / 1000);
  data[0] = 0x80;
  data[1] = SENDER_REPORT;
  data.writeUInt16BE(SENDER_REPORT_BYTES / 4 - 1, 2);
  data.writeUInt32BE(report.ssrc, 4);
  data.writeUInt32BE(seconds + NTP_EPOCH_SECONDS, 8);
  data.writeUInt32BE(Math.floor((report.atMs / 1000 - seconds) * FRACTION), 12);
  data.writeUInt32BE(report.timestamp >>> 0, 16);
  return data;
}

export function writeRtp(
  header: { payloadType: number; sequence: number; timestamp: number; ssrc: number; marker?: boolean },
  payload: Buffer,
): Buffer {
  const data = Buffer.alloc(RTP_HEADER + payload.length);
  data[0] = 0x80;
  data[1] = (header.marker ? 0x80 : 0) | header.payloadType;
  data.writeUInt16BE(header.sequence & 0xffff, 2);
  data.writeUInt32BE(header.timestamp >>> 0, 4);
  data.writeUInt32BE(header.ssrc >>> 0, 8);
  payload.copy(data, RTP_HEADER);
  return data;
}

/** How much later `a` is than `b`, both 32-bit RTP times that wrap. */
export const timestampsApart = (a: number, b: number): number => (a - b) | 0;

export const NAL = { idr: 5, sps: 7, pps: 8 } as const;
const STAP_A = 24;
const FU_A = 28;

/** NAL units that begin in this H.264 payload; of a fragmented one only the type is told (`data` is null). */
export function nalUnitsOf(payload: Buffer): Array<{ type: number; data: Buffer | null }> {
  const type = (payload[0] ?? 0) & 0x1f;
  if (type === FU_A) {
    const header = payload[1] ?? 0;
    return header & 0x80 ? [{ type: header & 0x1f, data: null }] : [];
  }
  if (type !== STAP_A) return [{ type, data: payload }];
  const units: Array<{ type: number; data: Buffer | null }> = [];
  for (let at = 1; at + 2 < payload.length; ) {
    const size = payload.readUInt16BE(at);
    const data = payload.subarray(at + 2, at + 2 + size);
    if (size === 0 || data.length < size) break;
    units.push({ type: data[0]! & 0x1f, data });
    at += 2 + size;
  }
  return units;
}
