/** All peers, found by what they are asked for by. Invariant: a peer is in all three indexes or in none. */
import type { MediaTokenClaims } from '@walnut-live/contracts';
import type { Peer } from './peer.ts';

type Person = Pick<MediaTokenClaims, 'sub' | 'streamId'>;

export interface Roster {
  readonly size: number;
  add(peer: Peer): void;
  remove(peer: Peer): void;
  list(): Peer[];
  bySessionKey(sessionKey: string): Peer | undefined;
  /** What one person has open of one stream, oldest first. */
  ofPerson(person: Person): Peer[];
  clear(): void;
}

export function createRoster(): Roster {
  const bySessionKey = new Map<string, Peer>();
  const byPerson = new Map<string, Set<Peer>>();
  // A stream id has no space.
  const keyOf = ({ streamId, sub }: Person): string => `${streamId} ${sub}`;
  return {
    get size() {
      return bySessionKey.size;
    },
    add(peer) {
      bySessionKey.set(peer.sessionKey, peer);
      const key = keyOf(peer.claims);
      const own = byPerson.get(key) ?? new Set();
      byPerson.set(key, own.add(peer));
    },
    remove(peer) {
      bySessionKey.delete(peer.sessionKey);
      const key = keyOf(peer.claims);
      const own = byPerson.get(key);
      own?.delete(peer);
      if (own?.size === 0) byPerson.delete(key);
    },
    list: () => [...bySessionKey.values()],
    bySessionKey: (sessionKey) => bySessionKey.get(sessionKey),
    ofPerson: (person) => [...(byPerson.get(keyOf(person)) ?? [])],
    clear() {
      bySessionKey.clear();
      byPerson.clear();
    },
  };
}
