import { describe, expect, it } from 'vitest';
import { admitPeer, admitPublisher, MAX_PEERS, MAX_STREAMS } from './admission.ts';
import { createRateLimit } from './rate-limit.ts';
import { createRevocations } from './revocations.ts';

describe('admission', () => {
  const asks = { draining: false, peers: 0, streams: 0, streamIsNew: true };
  it.each([
    [asks, null],
    [{ ...asks, draining: true }, 'media_draining'],
    [{ ...asks, peers: MAX_PEERS }, 'media_over_capacity'],
    [{ ...asks, streams: MAX_STREAMS }, 'media_over_capacity'],
    [{ ...asks, streams: MAX_STREAMS, streamIsNew: false }, null],
  ])('%o → %s', (input, expected) => {
    expect(admitPeer(input)).toBe(expected);
  });

  const ann = { sub: 'ann', right: 'publish' as const };
  it.each([
    ['nobody publishes', ann, null, null],
    ['a watcher may not', { ...ann, right: 'watch' as const }, null, 'media_forbidden'],
    ['the same person replaces', ann, { kind: 'webrtc' as const, personId: 'ann' }, null],
    ['another person is refused', ann, { kind: 'webrtc' as const, personId: 'bob' }, 'media_stream_busy'],
    ['an encoder is not replaced', ann, { kind: 'rtp' as const }, 'media_stream_busy'],
    ['unless the token says so', { ...ann, takeOver: true }, { kind: 'webrtc' as const, personId: 'bob' }, null],
  ])('%s', (_what, claims, current, expected) => {
    expect(admitPublisher({ claims, current })).toBe(expected);
  });
});

describe('revocations', () => {
  const make = (maxEntries = 100) => createRevocations({ keepMs: 1_000_000, maxEntries, maxTokenLifeSeconds: 120 });
  const token = { personId: 'ann', streamId: 's1', jti: 't1', issuedAtSeconds: 90, expiresAtSeconds: 150 };

  it('refuses what was issued before, in scope', () => {
    const revocations = make();
    revocations.add({ personId: 'ann', streamId: 's1' }, 100_000);
    expect(revocations.isRevoked(token, 101_000)).toBe(true);
    expect(revocations.isRevoked({ ...token, issuedAtSeconds: 100 }, 101_000)).toBe(true); // the same second
    expect(revocations.isRevoked({ ...token, issuedAtSeconds: 101 }, 102_000)).toBe(false); // let in again
    expect(revocations.isRevoked({ ...token, streamId: 's2' }, 101_000)).toBe(false);
    expect(revocations.isRevoked({ ...token, personId: 'bob' }, 101_000)).toBe(false);
  });

  it('takes a token without issue time for as old as its end allows', () => {
    const revocations = make();
    revocations.add({ personId: 'ann' }, 100_000);
    expect(revocations.isRevoked({ ...token, issuedAtSeconds: null, expiresAtSeconds: 220 }, 101_000)).toBe(true);
    expect(revocations.isRevoked({ ...token, issuedAtSeconds: null, expiresAtSeconds: 221 }, 102_000)).toBe(false);
  });

  it('refuses one token by its id, however new', () => {
    const revocations = make();
    revocations.add({ personId: 'ann', jti: 't1' }, 100_000);
    expect(revocations.isRevoked({ ...token, issuedAtSeconds: 500 }, 101_000)).toBe(true);
    expect(revocations.isRevoked({ ...token, jti: 't2' }, 101_000)).toBe(false);
  });

  it('forgets after the longest life of a token and stays bounded', () => {
    const revocations = make(3);
    for (let person = 0; person < 10; person += 1) revocations.add({ personId: `p${person}` }, 100_000 + person);
    expect(revocations.size).toBe(3);
    expect(revocations.isRevoked({ ...token, personId: 'p9' }, 100_100)).toBe(true);
    expect(revocations.isRevoked({ ...token, personId: 'p0' }, 100_100)).toBe(false);
    expect(revocations.isRevoked({ ...token, personId: 'p9' }, 2_000_000)).toBe(false);
    expect(revocations.size).toBe(0);
  });
});

describe('rate limit', () => {
  it('gives a burst, then the rate', () => {
    const limit = createRateLimit({ burst: 3, perSecond: 2 });
    const at = (nowMs: number) => limit.take(nowMs);
    expect([at(1_000), at(1_000), at(1_000), at(1_000)]).toEqual([true, true, true, false]);
    expect([at(1_500), at(1_500)]).toEqual([true, false]);
    expect([at(60_000), at(60_000), at(60_000), at(60_000)]).toEqual([true, true, true, false]);
  });
});
