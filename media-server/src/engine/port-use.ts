/**
 * How many of the ports inside the host are taken, counted where they are opened and closed: at the transports of every
 * router of every worker. A worker that dies closes its routers, and they their transports.
 */
import type { types } from 'mediasoup';
import type { PortRange } from './ports.ts';

export interface PortUse {
  /** Counts what opens on this worker from now on. */
  watch(worker: types.Worker): void;
  readonly used: number;
  readonly total: number;
}

export function createPortUse(range: PortRange): PortUse {
  let used = 0;

  function opened(transport: types.Transport): void {
    const port = portOf(transport);
    if (port === undefined || port < range.min || port > range.max) return;
    used += 1;
    transport.observer.once('close', () => {
      used -= 1;
    });
  }

  return {
    watch(worker) {
      worker.observer.on('newrouter', (router) => router.observer.on('newtransport', opened));
    },
    get used() {
      return used;
    },
    total: range.max - range.min + 1,
  };
}

function portOf(transport: types.Transport): number | undefined {
  if (transport.type !== 'pipe' && transport.type !== 'plain') return undefined;
  return (transport as types.PipeTransport | types.PlainTransport).tuple.localPort;
}
