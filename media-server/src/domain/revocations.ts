/**
 * Who was put out. An entry refuses every matching token that was made before it; it is kept for as long as such a
 * token could live (media tokens two minutes, HLS playlist sessions hours). Bounded: at the bound the oldest entry goes.
 */
export interface RevocationEntry {
  personId: string;
  streamId?: string;
  jti?: string;
}

export interface TokenFacts {
  personId: string;
  streamId: string;
  jti: string;
  /** Seconds since the epoch; null when the token does not say. */
  issuedAtSeconds: number | null;
  expiresAtSeconds: number;
}

export interface Revocations {
  add(entry: RevocationEntry, nowMs: number): void;
  isRevoked(token: TokenFacts, nowMs: number): boolean;
  readonly size: number;
}

export function createRevocations(options: {
  keepMs: number;
  maxEntries: number;
  maxTokenLifeSeconds: number;
}): Revocations {
  const entries = new Map<string, RevocationEntry & { atMs: number }>();
  const keysByPerson = new Map<string, Set<string>>();

  function remove(key: string): void {
    const entry = entries.get(key);
    if (!entry) return;
    entries.delete(key);
    const keys = keysByPerson.get(entry.personId);
    keys?.delete(key);
    if (keys?.size === 0) keysByPerson.delete(entry.personId);
  }

  function dropOld(nowMs: number): void {
    for (const [key, entry] of entries) {
      if (nowMs - entry.atMs < options.keepMs && entries.size <= options.maxEntries) break;
      remove(key);
    }
  }

  return {
    add(entry, nowMs) {
      const key = JSON.stringify([entry.personId, entry.streamId ?? null, entry.jti ?? null]);
      remove(key); // re-inserted at the end: the map stays ordered by age
      entries.set(key, { ...entry, atMs: nowMs });
      const keys = keysByPerson.get(entry.personId) ?? new Set();
      keysByPerson.set(entry.personId, keys.add(key));
      dropOld(nowMs);
    },
    isRevoked(token, nowMs) {
      dropOld(nowMs);
      for (const key of keysByPerson.get(token.personId) ?? []) {
        const entry = entries.get(key);
        if (!entry) continue;
        if (entry.streamId !== undefined && entry.streamId !== token.streamId) continue;
        if (entry.jti !== undefined) {
          if (entry.jti === token.jti) return true;
          continue;
        }
        // A token that does not say when it was made may be as old as its end allows.
        const issuedAtSeconds = token.issuedAtSeconds ?? token.expiresAtSeconds - options.maxTokenLifeSeconds;
        // Whole seconds: a token made in the second of the revocation counts as made before it.
        if (issuedAtSeconds <= Math.floor(entry.atMs / 1000)) return true;
      }
      return false;
    },
    get size() {
      return entries.size;
    },
  };
}
