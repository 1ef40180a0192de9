/**
 * Every UDP port this process uses, as offsets from RTC_PORT_BASE. Two servers on one machine need bases 800 apart.
 * The first block is reached by
 * browsers, the pipe block by the other media servers, the rest stays inside the host.
 */
import { createSocket } from 'node:dgram';

const BLOCKS = {
  /** WebRtcServer of worker i, UDP and TCP. */
  webrtc: { first: 0, count: 64 },
  /** Pipes between workers and outgoing plain RTP; mediasoup picks. */
  internal: { first: 64, count: 200 },
  /** Pipes to and from other hosts, SRTP; mediasoup picks. */
  pipe: { first: 264, count: 200 },
  /** Local encoders send here; four ports (video RTP, RTCP, audio RTP, RTCP) each. */
  ingest: { first: 464, count: 100 },
  /** ffmpeg packagers listen here; four ports each. */
  packager: { first: 564, count: 236 },
} as const;

export interface PortPlan {
  webrtcPort(workerIndex: number): number;
  internalRange: { min: number; max: number };
  pipeRange: { min: number; max: number };
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
  const range = ({ first, count }: { first: number; count: number }): { min: number; max: number } => ({
    min: base + first,
    max: base + first + count - 1,
  });
  return {
    webrtcPort: (workerIndex) => base + BLOCKS.webrtc.first + workerIndex,
    internalRange: range(BLOCKS.internal),
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
