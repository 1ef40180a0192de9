import { randomUUID } from 'node:crypto';
import type { MediaTokenClaims } from '@walnut-live/contracts';
import { describe, expect, it } from 'vitest';
import type { PipeInlet } from '../engine/index.ts';
import { createLogger } from '../platform/logger.ts';
import { createPeer, type Peer } from './peer.ts';
import { createStream } from './stream.ts';

/** A stream whose claim is given when the test says so; its engine has no worker. */
function makeStream() {
  const claimed: string[] = [];
  const answers: Array<() => void> = [];
  let held = false;
  const noWorker = (): Promise<never> => Promise.reject(new Error('no worker'));
  const stream = createStream({
    id: 'stream-a',
    engine: { createOrigin: noWorker, chooseIngestAddress: noWorker },
    claims: {
      async claim(_streamId, publisher) {
        claimed.push(publisher === 'rtp' ? 'rtp' : publisher.claims.sub);
        await new Promise<void>((resolve) => answers.push(resolve));
        held = true;
      },
      release: () => {
        held = false;
      },
    },
    log: createLogger('silent'),
    now: Date.now,
    onChange: () => undefined,
  });
  return { stream, claimed, answers, isHeld: () => held };
}

function publisherOf(sub: string): Peer {
  const claims: MediaTokenClaims = { sub, streamId: 'stream-a', right: 'publish', jti: randomUUID(), iat: 0, exp: 60 };
  const port = { send: () => undefined, putOut: () => undefined, cut: () => undefined };
  return createPeer(claims, port);
}

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
const inlet = (): PipeInlet => ({
  end: { ip: '127.0.0.1', port: 1, srtpParameters: { cryptoSuite: 'AEAD_AES_256_GCM', keyBase64: 'key' } },
  connect: () => Promise.resolve(),
  apply: () => Promise.resolve(),
  flowing: true,
  stats: () => Promise.resolve([]),
  freeze: () => undefined,
  close: () => undefined,
});

describe('the claim of a stream', () => {
  it('is not asked for by a publisher who left while waiting for their turn', async () => {
    const { stream, claimed, answers } = makeStream();
    const [first, second] = [publisherOf('ann'), publisherOf('ann')];
    for (const peer of [first, second]) stream.join(peer);
    const opening = [stream.openPublisher(first), stream.openPublisher(second)].map((one) => one.catch(String));
    await turn();
    stream.remove(second, 'publisher_left');
    answers[0]?.();
    await Promise.all(opening);
    expect(claimed).toEqual(['ann']);
  });

  it('is given back when the publisher left meanwhile and another host feeds the stream', async () => {
    const { stream, answers, isHeld } = makeStream();
    stream.attachRelay({ onReplaced: () => undefined, onLost: () => undefined }).use(inlet());
    const peer = publisherOf('ann');
    stream.join(peer);
    const opening = expect(stream.openPublisher(peer)).rejects.toThrow('media_session_unknown');
    await turn();
    stream.remove(peer, 'publisher_left');
    answers[0]?.();
    await opening;
    expect(stream.isRelayed).toBe(true);
    expect(isHeld()).toBe(false);
  });

  it('is given back when an encoder gets no ports, and what another host feeds goes on', async () => {
    const { stream, answers, isHeld } = makeStream();
    stream.attachRelay({ onReplaced: () => undefined, onLost: () => undefined }).use(inlet());
    const opening = expect(stream.openIngest()).rejects.toThrow('no worker');
    await turn();
    answers[0]?.();
    await opening;
    expect(isHeld()).toBe(false);
    expect(stream.isRelayed).toBe(true);
  });
});
