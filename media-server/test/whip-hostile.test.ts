/** Offers and fragments that nobody sends by accident: they are refused, quickly, and cost nothing afterwards. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { MediaServer } from '../src/media-server.ts';
import { createAddressLimit } from '../src/platform/address-limit.ts';
import { isMediaFailure } from '../src/platform/failure.ts';
import { readIceFragment } from '../src/whip/ice-fragment.ts';
import { acceptPublication, lowestFirst, offeredPayloadTypes } from '../src/whip/negotiation.ts';
import { readOffer } from '../src/whip/offer.ts';
import { mintToken, startServer, until } from './kit.ts';
import { makeFragment, makeOffer } from './sdp-kit.ts';

const CLIENT_ERRORS = new Set([
  'media_sdp_invalid',
  'media_sdp_refused',
  'media_codec_unsupported',
  'media_body_too_large',
]);

/** Small and seeded, so that a failure comes back (mulberry32). */
function randomFrom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

const POISON = [
  '',
  '\0',
  '%s%n',
  '-1',
  '4294967296',
  '1e309',
  '__proto__',
  '٣',
  'a'.repeat(5_000),
  '../../etc',
  '*',
  '"',
  ';;;',
  '🦆',
];

function mutate(text: string, random: () => number): string {
  const pick = <T>(items: T[]): T => items[Math.floor(random() * items.length)] as T;
  const lines = text.split('\r\n');
  const count = 1 + Math.floor(random() * 4);
  for (let step = 0; step < count; step += 1) {
    const index = Math.floor(random() * lines.length);
    const line = lines[index] ?? '';
    const kind = random();
    if (kind < 0.2) lines.splice(index, 1);
    else if (kind < 0.4) lines.splice(index, 0, pick(lines));
    else if (kind < 0.5) lines.push(...Array.from({ length: 200 }, () => line));
    else if (kind < 0.8) {
      const words = line.split(/([ :;=/])/);
      words[Math.floor(random() * words.length)] = pick(POISON);
      lines[index] = words.join('');
    } else {
      const at = Math.floor(random() * (line.length + 1));
      lines[index] = line.slice(0, at) + String.fromCharCode(Math.floor(random() * 0x2100)) + line.slice(at + 1);
    }
  }
  return lines.join('\r\n');
}

describe('mutated text', () => {
  it('is an offer or a client error, never anything else', () => {
    const random = randomFrom(1);
    let accepted = 0;
    for (let round = 0; round < 1_500; round += 1) {
      const text = mutate(makeOffer({ direction: round % 2 ? 'sendonly' : 'recvonly' }), random);
      try {
        const offer = readOffer(text);
        if (round % 2) acceptPublication(offer);
        else offeredPayloadTypes(offer);
        accepted += 1;
      } catch (error) {
        if (!isMediaFailure(error) || !CLIENT_ERRORS.has(error.code))
          throw new Error(JSON.stringify(text), { cause: error });
      }
    }
    // Both happen, or nothing was tried.
    expect(accepted).toBeGreaterThan(100);
    expect(accepted).toBeLessThan(1_400);
  });

  it('is an ICE fragment or a client error', () => {
    const random = randomFrom(2);
    let accepted = 0;
    for (let round = 0; round < 1_500; round += 1) {
      const text = mutate(makeFragment(), random);
      try {
        readIceFragment(text);
        accepted += 1;
      } catch (error) {
        if (!isMediaFailure(error) || !CLIENT_ERRORS.has(error.code))
          throw new Error(JSON.stringify(text), { cause: error });
      }
    }
    expect(accepted).toBeGreaterThan(100);
    expect(accepted).toBeLessThan(1_400);
  });

  it('does not take the parser long, whatever is repeated', () => {
    const startedAt = performance.now();
    for (const part of [
      'a=rid:q send;',
      'a=simulcast:send q;',
      'a=candidate:1 ',
      'a=ssrc-group:FID 1 ',
      'a=fmtp:108 x=',
      'm=',
    ]) {
      const line = part + ' ;,=:'.repeat(300);
      try {
        readOffer(`${makeOffer()}${`${line}\r\n`.repeat(15)}`);
      } catch (error) {
        expect(isMediaFailure(error)).toBe(true);
      }
    }
    expect(performance.now() - startedAt).toBeLessThan(2_000);
  });
});

describe('the server', () => {
  let server: MediaServer;
  beforeAll(async () => {
    server = await startServer({ OFFERS_PER_SECOND_PER_ADDRESS: '10' });
  });
  afterAll(() => server?.close());

  it('answers hundreds of broken offers with client errors, then refuses the address for a while', async () => {
    const random = randomFrom(3);
    const token = await mintToken({ right: 'publish', streamId: 'hostile' });
    const statuses = new Map<number, number>();
    for (let round = 0; round < 600; round += 1) {
      const response = await fetch(`${server.url}/whip/hostile`, {
        method: 'POST',
        headers: { authorization: `Bearer ${token}`, 'content-type': 'application/sdp' },
        body: mutate(makeOffer(), random),
      });
      await response.arrayBuffer();
      statuses.set(response.status, (statuses.get(response.status) ?? 0) + 1);
      if (response.status === 429) {
        expect(response.headers.get('retry-after')).not.toBeNull();
        break;
      }
    }
    expect([...statuses.keys()].filter((status) => status >= 500)).toEqual([]);
    expect(statuses.get(400)).toBeGreaterThan(20);
    expect(statuses.get(429)).toBe(1);
    // What was accepted belonged to one person and stream: one publication at most.
    await until(
      'one',
      () => server.census(),
      ({ webRtcTransports }) => webRtcTransports <= 1,
    );
  }, 60_000);
});

describe('addresses', () => {
  it('are all offered, as they are announced, UDP before TCP', async () => {
    const server = await startServer({
      RTC_LISTEN_IP: '127.0.0.1, 127.0.0.2,127.0.0.3',
      RTC_ANNOUNCED_ADDRESS: '203.0.113.10,2001:db8::5,',
      WORKERS: '1',
    });
    const token = await mintToken({ right: 'publish', streamId: 'homes' });
    const response = await fetch(`${server.url}/whip/homes`, {
      method: 'POST',
      headers: { authorization: `Bearer ${token}`, 'content-type': 'application/sdp' },
      body: makeOffer(),
    });
    const candidates = [...(await response.text()).matchAll(/a=candidate:\S+ 1 (\S+) (\d+) (\S+) /g)];
    await server.close();
    const best = candidates
      .sort((a, b) => Number(b[2]) - Number(a[2]))
      .map(([, protocol, , ip]) => `${protocol} ${ip}`);
    const all = ['203.0.113.10', '2001:db8::5', '127.0.0.3'];
    expect(best).toEqual([...all.map((ip) => `udp ${ip}`), ...all.map((ip) => `tcp ${ip}`)]);
    await expect(
      startServer({ RTC_LISTEN_IP: '127.0.0.1,127.0.0.2', RTC_ANNOUNCED_ADDRESS: '203.0.113.10' }),
    ).rejects.toThrow('one announced address for each');
  });
});

describe('limits and orders', () => {
  it('limits each address by itself', () => {
    const limit = createAddressLimit({ perSecond: 1 });
    const taken = Array.from({ length: 12 }, () => limit.take('192.0.2.1', 1_000));
    expect(taken.filter(Boolean)).toHaveLength(10);
    expect(limit.take('192.0.2.2', 1_000)).toBe(true);
    expect(limit.take('192.0.2.1', 3_000)).toBe(true);
  });

  it.each([
    [
      ['q', 'h', 'f'],
      ['q', 'h', 'f'],
    ],
    [
      ['f', 'h', 'q'],
      ['q', 'h', 'f'],
    ],
    [
      ['high', 'low'],
      ['low', 'high'],
    ],
    // OBS: 0 is the full picture.
    [
      ['0', '1', '2'],
      ['2', '1', '0'],
    ],
    [
      ['left', 'right'],
      ['left', 'right'],
    ],
  ])('orders the layers %j from low to high', (given, ordered) => {
    expect(lowestFirst(given.map((rid) => ({ rid, parameters: '' })))).toEqual(ordered);
  });

  it('believes what the offer says about the size of a layer', () => {
    const layers = [
      { rid: 'q', parameters: 'max-width=1280;max-height=720' },
      { rid: 'h', parameters: 'max-width=320' },
    ];
    expect(lowestFirst(layers)).toEqual(['h', 'q']);
  });
});
