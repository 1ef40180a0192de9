import type { Buffer } from 'node:buffer';
import { expect, test } from 'vitest';
import { encodePacket } from './fan-out.ts';

/** The one unmasked text message that the bytes are (RFC 6455, section 5.2). */
function read(frame: Buffer): string {
  expect(frame[0]).toBe(0x81);
  const short = frame[1] ?? 0;
  const [headerBytes, length] =
    short < 126 ? [2, short] : short === 126 ? [4, frame.readUInt16BE(2)] : [10, Number(frame.readBigUInt64BE(2))];
  expect(frame.length).toBe(headerBytes + length);
  // The shortest form is the only valid one.
  expect(headerBytes).toBe(length < 126 ? 2 : length < 65_536 ? 4 : 10);
  return frame.subarray(headerBytes).toString();
}

test.each([
  ['one byte of length', 10],
  ['the last length of one byte', 125 - `42/room,["e","核"]`.length - 2],
  ['the first of two bytes', 126 - `42/room,["e","核"]`.length - 2],
  ['two bytes', 40_000],
  ['eight bytes', 70_000],
])('a packet is one whole frame: %s', (_, filling) => {
  const payload = `核${'x'.repeat(filling)}`;
  const { text, frame } = encodePacket('/room', 'e', payload);
  expect(text).toBe(`2/room,["e",${JSON.stringify(payload)}]`);
  expect(read(frame)).toBe(`4${text}`);
});
