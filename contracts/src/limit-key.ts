/**
 * An address as every rate limit counts it: one IPv4 address, or one IPv6 /64, which is what a single line is given. Both
 * servers limit by it.
 */
export function limitKeyOf(address: string): string {
  if (!address.includes(':')) return address;
  if (address.includes('.')) return address.slice(address.lastIndexOf(':') + 1); // IPv4 mapped into IPv6
  const [head = '', tail = ''] = (address.split('%', 1)[0] ?? '').split('::');
  const groupsOf = (part: string): string[] => part.split(':').filter(Boolean);
  const [left, right] = [groupsOf(head), groupsOf(tail)];
  const zeros = Array.from({ length: Math.max(0, 8 - left.length - right.length) }, () => '0');
  const network = [...left, ...zeros, ...right].slice(0, 4);
  return network.map((group) => Number.parseInt(group, 16).toString(16)).join(':');
}
