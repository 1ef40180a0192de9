import { randomUUID } from 'node:crypto';
import type { MediaTokenClaims } from '@walnut-live/contracts';
import { expect, it, onTestFinished } from 'vitest';
import { MAX_PEERS_PER_PERSON } from '../domain/admission.ts';
import type { Engine, ViewerLink } from '../engine/index.ts';
import { createLogger } from '../platform/logger.ts';
import type { PeerPort } from './peer.ts';
import { createStreams } from './streams.ts';

function begin() {
  const noWorker = (): Promise<never> => Promise.reject(new Error('no worker'));
  const streams = createStreams({
    engine: { createOrigin: noWorker, chooseIngestAddress: noWorker } as unknown as Engine,
    claims: { claim: async () => undefined, release: () => undefined },
    log: createLogger('silent'),
    now: Date.now,
  });
  onTestFinished(() => streams.close());
  return streams;
}

const claimsOf = (sub: string, right: 'watch' | 'publish' = 'watch'): MediaTokenClaims => ({
  ...{ sub, right, streamId: 'stream-a' },
  ...{ jti: randomUUID(), iat: 0, exp: 60 },
});
const port = (): PeerPort => ({ send: () => undefined, putOut: () => undefined, cut: () => undefined });
const picture = (): ViewerLink => ({ options: { id: 't' }, close: () => undefined }) as unknown as ViewerLink;

it('lets a person who reloads the page in again: the viewer whose socket is gone makes room', () => {
  const streams = begin();
  const ports = Array.from({ length: MAX_PEERS_PER_PERSON }, port);
  const peers = ports.map((one) => streams.connect(claimsOf('anna'), one));
  for (const peer of peers) peer.viewerLink = picture();
  expect(streams.refusalOf(claimsOf('anna'))).toBe('media_too_many_sessions');
  expect(() => streams.connect(claimsOf('anna'), port())).toThrow('media_too_many_sessions');
  expect(streams.refusalOf(claimsOf('ben'))).toBeNull();

  streams.disconnected(peers[3]!, ports[3]!);
  expect(peers[3]!.closed).toBe(false);
  expect(streams.refusalOf(claimsOf('anna'))).toBeNull();
  streams.connect(claimsOf('anna'), port());
  expect(peers.map(({ closed }) => closed)).toEqual(peers.map((_peer, index) => index === 3));
  expect(streams.peerCount).toBe(MAX_PEERS_PER_PERSON);
  expect(streams.refusalOf(claimsOf('anna'))).toBe('media_too_many_sessions');
});

it('gives a session back by its key, to its person, with its right, and to nobody else', () => {
  const streams = begin();
  const first = port();
  const peer = streams.connect(claimsOf('anna'), first);
  peer.viewerLink = picture();
  streams.disconnected(peer, first);
  const newcomer = streams.connect(claimsOf('anna'), port());
  const resume = (claims: MediaTokenClaims, key: string) => streams.resume(streams.connect(claims, port()), key);
  expect(() => resume(claimsOf('ben'), peer.sessionKey)).toThrow('media_session_unknown');
  expect(() => resume(claimsOf('anna', 'publish'), peer.sessionKey)).toThrow('media_session_unknown');
  expect(() => streams.resume(newcomer, newcomer.sessionKey)).toThrow('media_session_unknown');
  expect(streams.resume(newcomer, peer.sessionKey)).toBe(peer);
  expect(newcomer.closed).toBe(true);
  streams.leave(peer);
  expect(() => resume(claimsOf('anna'), peer.sessionKey)).toThrow('media_session_unknown');
});

it('keeps nothing of a local encoder that was refused', async () => {
  const streams = begin();
  await expect(streams.openIngest('stream-a')).rejects.toThrow('no worker');
  expect(streams.list()).toEqual([]);
});
