import { randomUUID } from 'node:crypto';
import type { MediaTokenClaims } from '@walnut-live/contracts';
import { io, type Socket } from 'socket.io-client';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { MAX_PEERS_PER_PERSON } from '../src/domain/admission.ts';
import type { MediaServer } from '../src/media-server.ts';
import { control, mintToken, startServer, until } from './kit.ts';
import { makeOffer } from './sdp-kit.ts';

let server: MediaServer;
const sockets: Socket[] = [];

beforeAll(async () => {
  server = await startServer({ WORKERS: '1' });
});
afterEach(() => {
  for (const socket of sockets.splice(0)) socket.disconnect();
});
afterAll(() => server?.close());

/** Connects; resolves with the socket or with the code of the refusal. */
function connect(
  token: unknown,
  namespace = '/media',
  via: { url?: string; headers?: Record<string, string> } = {},
): Promise<Socket | string> {
  const socket = io(`${via.url ?? server.url}${namespace}`, {
    auth: { token },
    transports: ['websocket'],
    extraHeaders: via.headers ?? {},
    forceNew: true,
    reconnection: false,
  });
  sockets.push(socket);
  return new Promise((resolve) => {
    socket.on('connect', () => resolve(socket));
    socket.on('connect_error', (error: Error & { data?: { code: string } }) =>
      resolve(error.data?.code ?? error.message),
    );
  });
}

async function peer(claims: Partial<MediaTokenClaims>): Promise<Socket> {
  const socket = await connect(await mintToken(claims));
  if (typeof socket === 'string') throw new Error(socket);
  return socket;
}

const nowSeconds = (): number => Math.floor(Date.now() / 1000);

describe('tokens', () => {
  it.each([
    ['none', undefined],
    ['an object', { sub: 'x' }],
    ['garbage', 'a.b.c'],
    ['a very long one', 'x'.repeat(5_000)],
  ])('refuses %s', async (_what, token) => {
    expect(await connect(token)).toBe('media_token_invalid');
  });

  it('refuses forged, expired, too long-lived and bent ones', async () => {
    const bad = await Promise.all([
      mintToken({}, 'another-secret-of-media-tokens'),
      mintToken({ exp: nowSeconds() - 30 }),
      mintToken({ exp: nowSeconds() + 3_600 }),
      mintToken({ right: 'admin' as 'watch' }),
      mintToken({ streamId: '../../etc/passwd' }),
      mintToken({ extra: 1 } as Partial<MediaTokenClaims>),
    ]);
    // `alg: none`, the oldest trick.
    const [, payload] = (await mintToken()).split('.');
    bad.push(`${Buffer.from('{"alg":"none"}').toString('base64url')}.${payload}.`);
    for (const token of bad) expect(await connect(token)).toBe('media_token_invalid');
  });

  it('lets a token do only what it is for', async () => {
    const viewer = await peer({ right: 'watch' });
    expect(await viewer.emitWithAck('publish:open', {})).toEqual({ ok: false, error: { code: 'media_forbidden' } });
    const publisher = await peer({ right: 'publish' });
    expect(await publisher.emitWithAck('watch:open', {})).toEqual({ ok: false, error: { code: 'media_forbidden' } });
    const token = await mintToken({ streamId: 'stream-a' });
    expect((await fetch(`${server.url}/hls/stream-b/master.m3u8?token=${token}`)).status).toBe(403);
    const publish = await mintToken({ right: 'publish' });
    expect((await fetch(`${server.url}/hls/stream-a/master.m3u8?token=${publish}`)).status).toBe(403);
    expect((await fetch(`${server.url}/hls/stream-a/master.m3u8`)).status).toBe(401);
  });

  it('does not let a media token into /control', async () => {
    expect(await connect(await mintToken(), '/control')).toBe('media_token_invalid');
    const reply = await fetch(`${server.url}/control/streams`, {
      headers: { authorization: `Bearer ${await mintToken()}` },
    });
    expect(reply.status).toBe(401);
    expect((await fetch(`${server.url}/control/streams`)).status).toBe(401);
  });

  it('refuses a revoked token by its jti and leaves the person otherwise alone', async () => {
    const sub = `person-${randomUUID()}`;
    const revoked = await mintToken({ sub, jti: 'stolen-token' });
    await control(server, 'POST', '/revocations', { personId: sub, jti: 'stolen-token' });
    expect(await connect(revoked)).toBe('media_token_revoked');
    expect(typeof (await connect(await mintToken({ sub })))).toBe('object');
  });
});

describe('places', () => {
  it('gives one person a handful of sessions of a stream, and the next one when another ends', async () => {
    const claims = { sub: `person-${randomUUID()}`, streamId: 'cosy' };
    const token = await mintToken(claims);
    const before = (await server.census()).peers;
    const taken = await Promise.all(Array.from({ length: MAX_PEERS_PER_PERSON }, () => connect(token)));
    expect(taken.map((one) => typeof one)).toEqual(taken.map(() => 'object'));
    // Told while it connects: clients count it as a failure and wait longer each time.
    expect(await connect(token)).toBe('media_too_many_sessions');
    expect(await connect(await mintToken(claims))).toBe('media_too_many_sessions');
    const publish = await mintToken({ ...claims, right: 'publish' });
    const byHttp = await fetch(`${server.url}/whip/cosy`, {
      ...{ method: 'POST', body: makeOffer() },
      headers: { authorization: `Bearer ${publish}`, 'content-type': 'application/sdp' },
    });
    expect(byHttp.status).toBe(429);
    expect(await byHttp.json()).toMatchObject({ code: 'media_too_many_sessions' });
    expect((await server.census()).peers).toBe(before + MAX_PEERS_PER_PERSON);

    expect(typeof (await connect(await mintToken({ streamId: 'cosy' })))).toBe('object');
    expect(typeof (await connect(await mintToken({ ...claims, streamId: 'another' })))).toBe('object');
    (taken[0] as Socket).disconnect();
    await until(
      'a place',
      () => connect(token),
      (one) => typeof one === 'object',
    );
  });

  it('counts the sockets of each address behind the gateway, however they are named within their line', async () => {
    const small = await startServer({ WORKERS: '1', OFFERS_PER_SECOND_PER_ADDRESS: '0.5' });
    try {
      const from = async (address: string): Promise<string> => {
        const one = await connect(await mintToken(), '/media', {
          url: small.url,
          headers: { 'x-forwarded-for': address },
        });
        return typeof one === 'string' ? one : 'in';
      };
      const line = [];
      for (let host = 1; host <= 8; host += 1) line.push(await from(`2001:db8:1:2::${host}`));
      expect(line.slice(0, 5)).toEqual(line.slice(0, 5).map(() => 'in'));
      expect(line).toContain('media_rate_limited');
      expect(await from('203.0.113.7')).toBe('in');
      expect(await from('2001:db8:1:3::1')).toBe('in');
    } finally {
      await small.close();
    }
  });
});

describe('payloads', () => {
  it.each([
    ['unknown event', 'rooms:delete', {}, 'media_event_unknown'],
    ['event named like a prototype key', 'constructor', {}, 'media_event_unknown'],
    ['no payload', 'watch:open', undefined, 'media_payload_invalid'],
    ['unknown field', 'watch:open', { admin: true }, 'media_payload_invalid'],
    ['wrong type', 'watch:quality', { level: 7 }, 'media_payload_invalid'],
    ['unknown level', 'watch:quality', { level: '4k' }, 'media_payload_invalid'],
    ['array for object', 'watch:resume', [], 'media_payload_invalid'],
    ['too many ids', 'watch:resume', { consumerIds: Array.from({ length: 99 }, () => 'x') }, 'media_payload_invalid'],
    ['transport of nobody', 'transport:restart-ice', { transportId: randomUUID() }, 'media_session_unknown'],
    ['session of nobody', 'session:resume', { sessionKey: 'k'.repeat(32) }, 'media_session_unknown'],
    ['consume before open', 'watch:consume', { transportId: 'x', rtpCapabilities: {} }, 'media_session_unknown'],
    ['stream without a picture', 'watch:open', {}, 'media_stream_not_live'],
  ])('%s', async (_what, event, payload, code) => {
    const socket = await peer({ right: 'watch' });
    const ack = payload === undefined ? await socket.emitWithAck(event) : await socket.emitWithAck(event, payload);
    expect(ack).toMatchObject({ ok: false, error: { code } });
  });

  it('refuses RTP parameters that mediasoup cannot take, and goes on', async () => {
    const socket = await peer({ right: 'publish', streamId: 'bent' });
    const opened = await socket.emitWithAck('publish:open', {});
    expect(opened.ok).toBe(true);
    const transportId = opened.data.transport.id;
    const produce = (rtpParameters: unknown) =>
      socket.emitWithAck('publish:produce', { transportId, kind: 'video', rtpParameters });
    const codec = { mimeType: 'video/H264', payloadType: 96, clockRate: 90_000 };
    for (const bad of [
      { codecs: [] },
      { codecs: [codec] }, // no encodings, no mid
      { codecs: [{ ...codec, mimeType: 'video/MAGIC' }], encodings: [{ ssrc: 1 }] },
      { codecs: [codec], encodings: Array.from({ length: 50 }, (_, ssrc) => ({ ssrc })) },
      { codecs: [codec], encodings: [{ ssrc: 1 }], surprise: true },
    ]) {
      expect(await produce(bad)).toMatchObject({ ok: false, error: { code: 'media_payload_invalid' } });
    }
    const connectAck = await socket.emitWithAck('transport:connect', {
      transportId,
      dtlsParameters: { fingerprints: [{ algorithm: 'sha-256', value: 'zz' }] },
    });
    expect(connectAck).toMatchObject({ ok: false, error: { code: 'media_payload_invalid' } });
    expect(server.workerPids()).toHaveLength(1);
  });

  it('cuts a socket that sends a megabyte', async () => {
    const socket = await peer({ right: 'watch' });
    const gone = new Promise((resolve) => socket.on('disconnect', resolve));
    socket.emit('watch:quality', { level: 'x'.repeat(1_000_000) });
    await gone;
  });

  it('slows down a socket that asks too much', async () => {
    const socket = await peer({ right: 'watch' });
    const acks = await Promise.all(Array.from({ length: 80 }, () => socket.emitWithAck('watch:open', {})));
    expect(acks.filter((ack) => ack.error?.code === 'media_rate_limited').length).toBeGreaterThan(20);
  });

  it('answers bent control requests with 400, unknown paths with 404', async () => {
    expect((await control(server, 'POST', '/revocations', { personId: 5 })).status).toBe(400);
    expect((await control(server, 'POST', '/revocations', { personId: 'p', surprise: 1 })).status).toBe(400);
    expect((await control(server, 'POST', '/revocations', { personId: 'p'.repeat(20_000) })).status).toBe(413);
    expect((await control(server, 'GET', '/streams/..%2f..%2fetc')).status).toBe(400);
    expect((await control(server, 'GET', '/nothing')).status).toBe(404);
    expect(await (await control(server, 'GET', '/streams/unheard-of')).json()).toMatchObject({ state: 'idle' });
  });
});

describe('operations', () => {
  it('reports health, readiness and metrics', async () => {
    expect((await fetch(`${server.url}/healthz`)).status).toBe(200);
    expect((await fetch(`${server.url}/readyz`)).status).toBe(200);
    const metrics = await (await fetch(`${server.url}/metrics`)).text();
    expect(metrics).toContain('media_worker_cpu_ratio{worker=');
    expect(metrics).toContain('media_signaling_requests_total{event="watch:open",outcome="media_stream_not_live"}');
  });

  it('stops taking newcomers when it is drained', async () => {
    const drained = await startServer({ WORKERS: '1' });
    try {
      await control(drained, 'POST', '/drain');
      const socket = io(`${drained.url}/media`, {
        auth: { token: await mintToken() },
        transports: ['websocket'],
        reconnection: false,
      });
      sockets.push(socket);
      const code = await new Promise((resolve) =>
        socket.on('connect_error', (error: Error & { data?: { code: string } }) => resolve(error.data?.code)),
      );
      expect(code).toBe('media_draining');
      expect((await fetch(`${drained.url}/readyz`)).status).toBe(503);
    } finally {
      await drained.close();
    }
  });
});
