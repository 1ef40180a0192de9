/** Which ports this run uses: the usual ones, or free ones when somebody else has them. */

import { randomInt } from 'node:crypto';
import { createSocket } from 'node:dgram';
import { createServer } from 'node:net';
import { freePort, isPortFree } from '../processes.ts';
import { SetupError } from '../setup/say.ts';

export interface Ports {
  gateway: number;
  api: number;
  media: number;
  /** First of the media ports; worker i uses base + i, the server's own traffic the rest of 2,000. */
  rtcBase: number;
}

const USUAL: Ports = { gateway: 8080, api: 4000, media: 4100, rtcBase: 40_000 };
/** When a usual port is taken, this many after it are tried: easier to remember than a random one. */
const NEIGHBOURS = 20;
/** A media server takes 2,000 ports, its workers' first; a second instance stays clear of all. */
const RTC_STRIDE = 2_000;
const RTC_BASES = 12;

export interface PortWishes {
  /** The pages' port must be this one. */
  gateway?: number;
  gatewayHost: string;
  rtcHost: string;
  workers: number;
  /** For tests and benchmarks: take no usual port, so that a person's own start keeps them. */
  unusual?: boolean;
}

export interface ChosenPorts {
  ports: Ports;
  /** Other starts may take the media ports from now on. They may after this process has ended, however it ends. */
  release(): void;
}

/** @throws SetupError when the port that was asked for is taken */
export async function choosePorts(wishes: PortWishes): Promise<ChosenPorts> {
  const usualOrFree = async (usual: number, host: string) => {
    for (let port = usual; !wishes.unusual && port < usual + NEIGHBOURS; port++) {
      if (await isPortFree(port, host)) return port;
    }
    return freePort(host);
  };
  if (wishes.gateway !== undefined && !(await isPortFree(wishes.gateway, wishes.gatewayHost))) {
    throw new SetupError(`Port ${wishes.gateway} is taken.`, [
      `See who has it:  ss -ltnp 'sport = :${wishes.gateway}'`,
      'or start without --port: a free one is chosen.',
    ]);
  }
  const gateway = wishes.gateway ?? (await usualOrFree(USUAL.gateway, wishes.gatewayHost));
  const api = await usualOrFree(USUAL.api, '127.0.0.1');
  const media = await usualOrFree(USUAL.media, '127.0.0.1');
  const { rtcBase, release } = await claimMediaPorts(wishes);
  return { ports: { gateway, api, media, rtcBase }, release };
}

async function claimMediaPorts({ rtcHost, workers, unusual }: PortWishes) {
  const first = unusual ? randomInt(1, RTC_BASES) : 0;
  for (let i = 0; i < RTC_BASES; i++) {
    const base = USUAL.rtcBase + ((first + i) % RTC_BASES) * RTC_STRIDE;
    if (!(await areAllFree(base, workers, rtcHost))) continue;
    const release = await claim(base + RTC_STRIDE - 1);
    if (release) return { rtcBase: base, release };
  }
  throw new SetupError(
    `No free ports for media between ${USUAL.rtcBase} and ${USUAL.rtcBase + RTC_BASES * RTC_STRIDE}.`,
  );
}

/**
 * The media server opens its ports seconds after they were chosen: until then this one, of which it uses UDP alone, says that
 * they are taken. Null when it is.
 */
function claim(port: number): Promise<(() => void) | null> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => resolve(null));
    server.listen({ port, host: '127.0.0.1', exclusive: true }, () => {
      server.unref();
      resolve(() => void server.close());
    });
  });
}

async function areAllFree(base: number, count: number, host: string): Promise<boolean> {
  for (let port = base; port < base + count; port++) {
    if (!(await isPortFree(port, host)) || !(await isUdpPortFree(port, host))) return false;
  }
  return true;
}

/** Whether a UDP port can be bound on `host` now. */
export function isUdpPortFree(port: number, host: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = createSocket('udp4');
    socket.once('error', () => resolve(false));
    socket.bind({ port, address: host, exclusive: true }, () => socket.close(() => resolve(true)));
  });
}
