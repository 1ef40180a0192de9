/**
 * Every UDP port this process uses, as offsets from RTC_PORT_BASE. Two servers on one machine need bases PORTS_PER_SERVER
 * apart. The first block is reached by browsers, the pipe block by the other media servers, the rest stays inside the host.
 *
 * A stream takes internal ports: two for each further worker that has viewers of it (one such is warmed up), one for its
 * HLS packager. That is 3 on a small live and up to 7 with four workers; admission counts them (domain/admission.ts). What
 * strangers can cause, players with payload types of their own, has a block to itself and takes nothing from it.
 */
import { createSocket } from 'node:dgram';
import { PIPE_PORTS } from '../domain/admission.ts';

/** The highest offset used is one below. */
export const PORTS_PER_SERVER = 2_000;

const BLOCKS = {
  /** WebRtcServer of worker i, UDP and TCP. */
  webrtc: { first: 0, count: 64 },
  /** Pipes to routers of other payload types, two ports each; mediasoup picks. */
  numbered: { first: 64, count: 400 },
  /** Local encoders send here; four ports (video RTP, RTCP, audio RTP, RTCP) each. */
  ingest: { first: 464, count: 100 },
  /** ffmpeg packagers listen here; four ports each. */
  packager: { first: 564, count: 236 },
  /** Pipes between workers and outgoing plain RTP; mediasoup picks. */
  internal: { first: 800, count: 600 },
  /** Pipes to and from other hosts, SRTP, one port each; mediasoup picks. */
  pipe: { first: 1_400, count: PIPE_PORTS },
} as const;

export interface PortRange {
  min: number;
  max: number;
}

export interface PortPlan {
  webrtcPort(workerIndex: number): number;
  internalRange: PortRange;
  numberedRange: PortRange;
  pipeRange: PortRange;
  /** First of four consecutive ports that are free right now; never the same one twice in a row. */
  takeIngestBlock(ip: string): Promise<number>;
  takePackagerBlock(ip: string): Promise<number>;
}

const PORTS_PER_BLOCK = 4;

export function createPortPlan(base: number): PortPlan {
  function rotating(block: { first: number; count: number }): (ip: string) => Promise<number> {
    let next = 0;
    const slots = Math.floor(block.count / PORTS_PER_BLOCK);
    return async (ip) => {
      for (let tried = 0; tried < slots; tried += 1) {
        const port = base + block.first + (next % slots) * PORTS_PER_BLOCK;
        next += 1;
        const free = await Promise.all(Array.from({ length: PORTS_PER_BLOCK }, (_, i) => isUdpPortFree(ip, port + i)));
        if (free.every(Boolean)) return port;
      }
      throw new Error(`no free UDP ports from ${base + block.first} on ${ip}`);
    };
  }
  const range = ({ first, count }: { first: number; count: number }): PortRange => ({
    min: base + first,
    max: base + first + count - 1,
  });
  return {
    webrtcPort: (workerIndex) => base + BLOCKS.webrtc.first + workerIndex,
    internalRange: range(BLOCKS.internal),
    numberedRange: range(BLOCKS.numbered),
    pipeRange: range(BLOCKS.pipe),
    takeIngestBlock: rotating(BLOCKS.ingest),
    takePackagerBlock: rotating(BLOCKS.packager),
  };
}

function isUdpPortFree(ip: string, port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = createSocket('udp4');
    socket.once('error', () => resolve(false));
    socket.bind({ address: ip, port, exclusive: true }, () => socket.close(() => resolve(true)));
  });
}
