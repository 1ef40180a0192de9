/**
 * A picture of the invite graph as bytes, little-endian: a header of 16 bytes (magic, count of people, version of the graph as a
 * double), then columns of so many entries each: x, y, radius (float32), people below (uint32), sales below less refunds in fen
 * (float32), index of who brought them (int32, −1: nobody in the picture), role and activity (uint8 each, together padded to four
 * bytes), and at the end ids of 16 bytes.
 */
export const networkRoles = ['guest', 'consumer', 'staff'] as const;
export type NetworkRole = (typeof networkRoles)[number];

export interface NetworkLayout {
  readonly version: number;
  readonly count: number;
  readonly x: Float32Array;
  readonly y: Float32Array;
  readonly radius: Float32Array;
  readonly people: Uint32Array;
  readonly netFen: Float32Array;
  readonly inviter: Int32Array;
  /** Index into `networkRoles`. */
  readonly role: Uint8Array;
  /** 1: seen within 30 days. */
  readonly active: Uint8Array;
  readonly ids: Uint8Array;
}

const MAGIC = 0x314e4c57; // WLN1
const HEADER = 16;
const ID_BYTES = 16;
const padded = (bytes: number): number => Math.ceil(bytes / 4) * 4;
const bytesOf = (count: number): number => HEADER + count * 24 + padded(count * 2) + count * ID_BYTES;

/** Columns to be filled, over one buffer that has its header already. */
export function makeNetworkLayout(count: number, version: number): NetworkLayout & { readonly buffer: ArrayBuffer } {
  const buffer = new ArrayBuffer(bytesOf(count));
  const view = new DataView(buffer);
  view.setUint32(0, MAGIC, true);
  view.setUint32(4, count, true);
  view.setFloat64(8, version, true);
  return { ...columns(buffer, count), version, buffer };
}

function columns(buffer: ArrayBuffer, count: number) {
  const at = (column: number) => HEADER + column * 4 * count;
  const bytes = at(6);
  return {
    count,
    x: new Float32Array(buffer, at(0), count),
    y: new Float32Array(buffer, at(1), count),
    radius: new Float32Array(buffer, at(2), count),
    people: new Uint32Array(buffer, at(3), count),
    netFen: new Float32Array(buffer, at(4), count),
    inviter: new Int32Array(buffer, at(5), count),
    role: new Uint8Array(buffer, bytes, count),
    active: new Uint8Array(buffer, bytes + count, count),
    ids: new Uint8Array(buffer, bytes + padded(count * 2), count * ID_BYTES),
  };
}

/** Throws on anything that is not such a picture. Copies nothing. */
export function decodeNetworkLayout(buffer: ArrayBuffer): NetworkLayout {
  const view = new DataView(buffer);
  const isOurs = buffer.byteLength >= HEADER && view.getUint32(0, true) === MAGIC;
  const count = isOurs ? view.getUint32(4, true) : 0;
  if (!isOurs || buffer.byteLength !== bytesOf(count)) throw new Error('not a network layout');
  return { ...columns(buffer, count), version: view.getFloat64(8, true) };
}

export function personIdAt(layout: NetworkLayout, index: number): string {
  const hex = Array.from(layout.ids.subarray(index * ID_BYTES, (index + 1) * ID_BYTES), (byte) =>
    byte.toString(16).padStart(2, '0'),
  ).join('');
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join('-');
}
const nibble = (letter: number): number => (letter < 58 ? letter - 48 : (letter | 32) - 87);
/** Without strings in between: a picture has a hundred thousand of them. */
export function setPersonId(layout: NetworkLayout, index: number, id: string): void {
  let at = index * ID_BYTES;
  for (let place = 0; place < id.length; place += 2) {
    if (id.charCodeAt(place) === 45) place++; // a dash
    layout.ids[at++] = (nibble(id.charCodeAt(place)) << 4) | nibble(id.charCodeAt(place + 1));
  }
}

/** Where a person stands in the columns; −1: not in the picture. */
export function indexOfPerson(layout: NetworkLayout, id: string): number {
  const wanted = makeNetworkLayout(1, 0);
  setPersonId(wanted, 0, id);
  const word = (ids: Uint8Array, at: number) =>
    ((ids[at] as number) << 24) |
    ((ids[at + 1] as number) << 16) |
    ((ids[at + 2] as number) << 8) |
    (ids[at + 3] as number);
  const words = [0, 4, 8, 12].map((at) => word(wanted.ids, at));
  for (let index = 0; index < layout.count; index++) {
    const at = index * ID_BYTES;
    if (words.every((one, place) => word(layout.ids, at + place * 4) === one)) return index;
  }
  return -1;
}
