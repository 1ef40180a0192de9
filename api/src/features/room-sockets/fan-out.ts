/**
 * One packet to many sockets at the price of one write each.
 *
 * A packet is encoded once: Socket.IO packet, Engine.IO message and WebSocket frame in one buffer, which goes straight to
 * the TCP socket of everybody whose transport is a WebSocket. The ordinary way costs a list of two buffers, three event
 * emitters and a callback per socket, which together are as much work as the write itself.
 * Order: what goes straight must not overtake what waits in Engine.IO. So a socket with waiting packets, one that still
 * polls, and one whose inside looks different from what is expected here get the packet through Engine.IO, behind the rest.
 * Engine.IO and ws give whole frames to the same TCP socket, so frames never mix.
 */
import { Buffer } from 'node:buffer';
import type { Socket as TcpSocket } from 'node:net';
import type { Socket } from 'socket.io';

/** Bytes of a socket's own pile beyond which it has fallen behind: some two seconds of a busy room. */
const PILE_BYTES = 64 * 1024;
/** The same for one whose packets wait in Engine.IO, because it polls or because the pile began there. */
const PILE_PACKETS = 20;

const FIN_TEXT = 0x81;
const LENGTH_OF_16_BITS = 126;
const LENGTH_OF_64_BITS = 127;

/** What is looked at of Engine.IO's socket and of ws; neither promises it, so each part is checked before it is used. */
interface Connection {
  readonly readyState: string;
  readonly upgrading?: boolean;
  readonly writeBuffer?: { readonly length: number };
  readonly transport: {
    readonly name: string;
    readonly writable: boolean;
    readonly socket?: { readonly readyState: number; readonly _socket?: TcpSocket | null };
  };
  write(packet: string): unknown;
}
const WS_OPEN = 1;

export interface Packet {
  /** As Socket.IO would give it to Engine.IO. */
  readonly text: string;
  /** A whole WebSocket frame (RFC 6455, section 5.2; servers do not mask). */
  readonly frame: Buffer;
}

/** An event of a namespace ("/room") without acknowledgement; the payload is JSON. */
export function encodePacket(namespace: string, event: string, payload: unknown): Packet {
  const text = `2${namespace},${JSON.stringify([event, payload])}`;
  const bytes = 1 + Buffer.byteLength(text); // "4": a message of Engine.IO
  const headerBytes = bytes < LENGTH_OF_16_BITS ? 2 : bytes < 65_536 ? 4 : 10;
  const frame = Buffer.allocUnsafe(headerBytes + bytes);
  frame[0] = FIN_TEXT;
  if (headerBytes === 2) frame[1] = bytes;
  else if (headerBytes === 4) {
    frame[1] = LENGTH_OF_16_BITS;
    frame.writeUInt16BE(bytes, 2);
  } else {
    frame[1] = LENGTH_OF_64_BITS;
    frame.writeBigUInt64BE(BigInt(bytes), 2);
  }
  frame.write('4', headerBytes, 'latin1');
  frame.write(text, headerBytes + 1);
  return { text, frame };
}

const connectionOf = ({ conn }: Socket): Connection => conn as unknown as Connection;

/** The TCP socket, if whatever is written to it now arrives as the next frame. */
function straightTo({ readyState, upgrading, writeBuffer, transport }: Connection): TcpSocket | undefined {
  if (readyState !== 'open' || upgrading || writeBuffer?.length !== 0 || transport.name !== 'websocket')
    return undefined;
  const ws = transport.socket;
  if (ws?.readyState !== WS_OPEN) return undefined;
  const tcp = ws._socket;
  return tcp?.writable ? tcp : undefined;
}

/** Gives the packet to one socket; false when it did not go straight. */
export function sendPacket(socket: Socket, packet: Packet): boolean {
  const connection = connectionOf(socket);
  const tcp = straightTo(connection);
  if (tcp) tcp.write(packet.frame);
  else connection.write(packet.text);
  return tcp !== undefined;
}

function pileOf({ writeBuffer, transport }: Connection): { packets: number; bytes: number } {
  return { packets: writeBuffer?.length ?? 0, bytes: transport.socket?._socket?.writableLength ?? 0 };
}

/** Whether more waits for the client than it reads in good time. */
export function hasPile(socket: Socket): boolean {
  const { packets, bytes } = pileOf(connectionOf(socket));
  return packets > PILE_PACKETS || bytes > PILE_BYTES;
}

/** Whether the client has taken everything it was sent. */
export function isDrained(socket: Socket): boolean {
  const connection = connectionOf(socket);
  const { packets, bytes } = pileOf(connection);
  return packets === 0 && bytes === 0 && connection.transport.writable;
}
