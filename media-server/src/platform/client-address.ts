/**
 * Who calls: the address behind the gateway, and what of it a limit counts. The gateway is on this machine or its private
 * network, and only it may say for whom it speaks; Express and the sockets use the same rule.
 */
import { BlockList, isIPv6 } from 'node:net';

const gateways = new BlockList();
gateways.addSubnet('127.0.0.0', 8, 'ipv4');
gateways.addSubnet('10.0.0.0', 8, 'ipv4');
gateways.addSubnet('172.16.0.0', 12, 'ipv4');
gateways.addSubnet('192.168.0.0', 16, 'ipv4');
gateways.addAddress('::1', 'ipv6');
gateways.addSubnet('fc00::', 7, 'ipv6');

/** May this address say for whom it speaks? For Express' `trust proxy`. */
export function isGateway(address: string): boolean {
  return gateways.check(address, isIPv6(address) ? 'ipv6' : 'ipv4');
}

/** The nearest address that is no gateway's; when all are, the farthest one. */
export function clientAddress(peer: string, forwardedFor: string | undefined): string {
  const named = (forwardedFor ?? '').split(',').flatMap((part) => part.trim() || []);
  const nearestFirst = [peer, ...named.reverse()];
  return nearestFirst.find((address) => !isGateway(address)) ?? nearestFirst.at(-1) ?? peer;
}

/** The address as limits count it: one IPv4 address, or one IPv6 /64, which is what a single line is given. */
export function limitKeyOf(address: string): string {
  if (!isIPv6(address)) return address;
  if (address.includes('.')) return address.slice(address.lastIndexOf(':') + 1); // IPv4 mapped into IPv6
  const [head = '', tail = ''] = (address.split('%', 1)[0] ?? '').split('::');
  const groupsOf = (part: string): string[] => part.split(':').filter(Boolean);
  const [left, right] = [groupsOf(head), groupsOf(tail)];
  const zeros = Array.from({ length: Math.max(0, 8 - left.length - right.length) }, () => '0');
  const network = [...left, ...zeros, ...right].slice(0, 4);
  return network.map((group) => Number.parseInt(group, 16).toString(16)).join(':');
}
