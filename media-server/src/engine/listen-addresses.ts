/** Where media sockets listen: one or several addresses (IPv4 and IPv6), each perhaps announced as another one. Pure. */
import type { types } from 'mediasoup';

export interface ListenAddress {
  ip: string;
  announcedAddress?: string;
}

/**
 * Reads `192.0.2.1,2001:db8::1` with its announced counterparts in the same order, empty where the address itself is
 * announced. @throws Error when the lists do not match
 */
export function listenAddresses(listenIp: string, announcedAddress: string | undefined): ListenAddress[] {
  const split = (list: string): string[] => list.split(',').map((entry) => entry.trim());
  const ips = split(listenIp);
  const announced = announcedAddress === undefined ? [] : split(announcedAddress);
  if (ips.includes('') || new Set(ips).size !== ips.length) throw new Error('an address is empty or given twice');
  if (announced.length > 0 && announced.length !== ips.length) {
    throw new Error('there must be one announced address for each listening one');
  }
  return ips.map((ip, index) => ({ ip, ...(announced[index] && { announcedAddress: announced[index] }) }));
}

/** UDP of every address before TCP of any: the order is ICE's preference. */
export function listenInfos(addresses: ListenAddress[], port: number): types.TransportListenInfo[] {
  return (['udp', 'tcp'] as const).flatMap((protocol) => addresses.map((address) => ({ protocol, ...address, port })));
}
