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
