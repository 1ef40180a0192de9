/** WHIP (RFC 9725) and WHEP (draft-ietf-wish-whep) request by request; sections in brackets are of RFC 9725. */
import { createHmac } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { MediaServer } from '../src/media-server.ts';
import { control, mintToken, startServer } from './kit.ts';
import { AV1_ONLY, H264_SINGLE_NAL, makeOffer, VP8 } from './sdp-kit.ts';
import { problemOf, publishToken, type Sent, watchToken, whipCalls } from './whip-kit.ts';

const TURN_SECRET = 'secret-shared-with-the-turn-server';
let server: MediaServer;

beforeAll(async () => {
  server = await startServer({
    OFFERS_PER_SECOND_PER_ADDRESS: '5000',
    STUN_URLS: 'stun:stun.example.net:3478',
    TURN_URLS: 'turn:turn.example.net:3478?transport=udp, turns:turn.example.net:443?transport=tcp',
    TURN_SECRET,
    TURN_CREDENTIAL_SECONDS: '600',
    ALLOWED_ORIGINS: 'https://studio.example',
  });
}, 40_000);
afterAll(async () => {
  await server?.close();
});

const { stateOf, send, publish } = whipCalls(() => server);

describe('WHIP endpoint', () => {
  it('answers an offer with 201: session, entity tag, whole answer, ICE servers [4.2, 4.7]', async () => {
    const { response, answer, location } = await publish('one');
    expect(response.status).toBe(201);
    expect(response.headers.get('content-type')).toBe('application/sdp');
    expect(location).toMatch(new RegExp(`^${server.url}/whip/one/[A-Za-z0-9_-]{43}$`));
    expect(response.headers.get('etag')).toMatch(/^"[^"]+"$/);
    expect(response.headers.get('accept-patch')).toBe('application/trickle-ice-sdpfrag');
    const proxied = await send('/whip/proxied', {
      token: await publishToken('proxied'),
      body: makeOffer(),
      headers: { 'x-forwarded-host': 'live.example, inner.example', 'x-forwarded-proto': 'https' },
    });
    expect(proxied.headers.get('location')).toMatch(/^https:\/\/live\.example\/whip\/proxied\/[A-Za-z0-9_-]{43}$/);
    const links = (response.headers.get('link') ?? '').split(', ');
    expect(links).toHaveLength(3);
    expect(links[0]).toBe('<stun:stun.example.net:3478>; rel="ice-server"');
    const [, username = '', credential] =
      /^<turn:turn\.example\.net:3478\?transport=udp>; rel="ice-server"; username="([^"]+)"; credential="([^"]+)"; credential-type="password"$/.exec(
        links[1] ?? '',
      ) ?? [];
    expect(credential).toBe(createHmac('sha1', TURN_SECRET).update(username).digest('base64'));
    expect(Number(username.split(':')[0]) - Date.now() / 1_000).toBeGreaterThan(500);

    const lines = answer.split('\r\n');
    expect(lines).toContain('a=ice-lite');
    expect(lines).toContain('a=group:BUNDLE 0 1');
    expect(lines.filter((line) => line.startsWith('m='))).toEqual([
      'm=audio 9 UDP/TLS/RTP/SAVPF 111',
      'm=video 9 UDP/TLS/RTP/SAVPF 108 109',
    ]);
    for (const line of ['a=recvonly', 'a=rtcp-mux', 'a=rtcp-mux-only', 'a=setup:passive', 'a=ice-options:trickle']) {
      expect(lines.filter((candidate) => candidate === line)).toHaveLength(2);
    }
    expect(lines).not.toContain('a=sendonly');
    // All candidates at once, in the first section of the bundle.
    expect(lines.filter((line) => line.startsWith('a=candidate:'))).toHaveLength(2);
    expect(lines.indexOf('a=end-of-candidates')).toBeLessThan(lines.indexOf('m=video 9 UDP/TLS/RTP/SAVPF 108 109'));
    await send(location, { method: 'DELETE' });
  });

  it('takes the DTLS role that the client leaves to it [4.5.4]', async () => {
    for (const [setup, answered] of [
      ['active', 'passive'],
      ['passive', 'active'],
    ] as const) {
      const { answer, location } = await publish('roles', makeOffer({ setup }));
      expect(answer).toContain(`a=setup:${answered}`);
      await send(location, { method: 'DELETE' });
    }
  });

  it('answers simulcast layer by layer [4.9, RFC 8853]', async () => {
    const layers = ['a=rid:q send', 'a=rid:h send', 'a=rid:f send', 'a=simulcast:send q;h;f'];
    const extensions = ['a=extmap:10 urn:ietf:params:rtp-hdrext:sdes:rtp-stream-id'];
    const offer = makeOffer({ sections: ['video'], video: [...VP8, ...extensions, ...layers] }).replace(
      /a=ssrc.*\r\n/g,
      '',
    );
    const { response, answer, location } = await publish('layers', offer);
    expect(response.status, answer).toBe(201);
    expect(answer).toContain('a=simulcast:recv q;h;f\r\n');
    for (const rid of ['q', 'h', 'f']) expect(answer).toContain(`a=rid:${rid} recv\r\n`);
    expect(answer).toContain('a=extmap:10 urn:ietf:params:rtp-hdrext:sdes:rtp-stream-id');
    await send(location, { method: 'DELETE' });
  });

  const bodies: Array<[string, Sent, number, string]> = [
    ['another content type [4.2]', { type: 'text/plain', body: makeOffer() }, 415, 'media_type_unsupported'],
    ['no content type', { type: null, body: makeOffer() }, 415, 'media_type_unsupported'],
    [
      'an Accept that rules the answer out',
      { body: makeOffer(), headers: { accept: 'text/html' } },
      406,
      'media_not_acceptable',
    ],
    ['no body', { body: '' }, 400, 'media_sdp_invalid'],
    ['no SDP [4.2]', { body: '{"sdp":true}' }, 400, 'media_sdp_invalid'],
    ['a body beyond any offer', { body: `v=0\r\n${'a=x\r\n'.repeat(10_000)}` }, 413, 'media_body_too_large'],
    ['no media', { body: 'v=0\r\no=- 1 1 IN IP4 0.0.0.0\r\ns=-\r\nt=0 0\r\n' }, 400, 'media_sdp_invalid'],
    ['recvonly [4.2]', { body: makeOffer({ direction: 'recvonly' }) }, 422, 'media_sdp_refused'],
    ['inactive [4.2]', { body: makeOffer({ direction: 'inactive' }) }, 422, 'media_sdp_refused'],
    ['two videos [4.5.2]', { body: makeOffer({ sections: ['audio', 'video', 'video'] }) }, 422, 'media_sdp_refused'],
    ['a data channel [4.5.3]', { body: makeOffer({ sections: ['audio', 'application'] }) }, 422, 'media_sdp_refused'],
    ['no bundle [4.5.1]', { body: makeOffer({ bundle: false }) }, 422, 'media_sdp_refused'],
    ['no rtcp-mux [4.5.1]', { body: makeOffer({ rtcpMux: false }) }, 422, 'media_sdp_refused'],
    ['a codec that nobody can play', { body: makeOffer({ video: AV1_ONLY }) }, 422, 'media_codec_unsupported'],
    ['H.264 without fragmentation', { body: makeOffer({ video: H264_SINGLE_NAL }) }, 422, 'media_codec_unsupported'],
    ['ICE credentials that are none', { body: makeOffer({ ufrag: 'x' }) }, 400, 'media_sdp_invalid'],
  ];
  it.each(bodies)('refuses %s', async (_name, sent, status, code) => {
    const response = await send('/whip/refused', { token: await publishToken('refused'), ...sent });
    expect(response.status).toBe(status);
    expect(await problemOf(response)).toMatchObject({ code });
    expect(await stateOf('refused')).toBe('idle');
  });

  it('refuses tokens that are not good for it [4.8]', async () => {
    const body = makeOffer();
    const none = await send('/whip/private', { body });
    expect(none.status).toBe(401);
    expect(none.headers.get('www-authenticate')).toContain('Bearer');
    expect(await problemOf(none)).toMatchObject({ code: 'media_token_invalid' });
    const now = Math.floor(Date.now() / 1_000);
    const cases: Array<[string, number]> = [
      ['x.y.z', 401],
      [await mintToken({ right: 'publish', streamId: 'private' }, 'another-secret-altogether'), 401],
      [await publishToken('private', { iat: now - 200, exp: now - 100 }), 401],
      [await publishToken('private', { exp: now + 3_600 }), 401],
      [await watchToken('private'), 403],
      [await publishToken('another'), 403],
    ];
    for (const [token, status] of cases) expect((await send('/whip/private', { token, body })).status).toBe(status);
  });

  it('takes a stream key for the day, nowhere else, until it is revoked', async () => {
    const now = Math.floor(Date.now() / 1_000);
    const keyFor = (claims = {}) =>
      mintToken({
        ...{ sub: 'guide', streamId: 'desk', jti: 'key-1', exp: now + 20 * 3_600 },
        ...(claims as object),
        right: 'publish-key' as 'publish',
      });
    const key = await keyFor();
    const post = (path: string, token: string) => send(path, { token, body: makeOffer() });
    const first = await post('/whip/desk', key);
    expect(first.status).toBe(201);
    // The encoder starts anew with the same key, hours later.
    const second = await post('/whip/desk', key);
    expect(second.status).toBe(201);
    expect((await send(first.headers.get('location') ?? '', { method: 'GET' })).status).toBe(404);
    expect((await post('/whip/another', key)).status).toBe(403);
    expect((await post('/whip/desk', await keyFor({ exp: now + 25 * 3_600 }))).status).toBe(401);
    const watching = await send('/whep/desk', { token: key, body: makeOffer({ direction: 'recvonly' }) });
    expect(watching.status).toBe(401);
    // Revoked alone: the person's other tokens stay good.
    const revoked = await control(server, 'POST', '/revocations', {
      personId: 'guide',
      streamId: 'desk',
      jti: 'key-1',
    });
    expect(await revoked.json()).toEqual({ disconnected: 1 });
    expect((await send(second.headers.get('location') ?? '', { method: 'GET' })).status).toBe(404);
    expect((await post('/whip/desk', key)).status).toBe(403);
    const other = await post('/whip/desk', await keyFor({ jti: 'key-2' }));
    expect(other.status).toBe(201);
    await send(other.headers.get('location') ?? '', { method: 'DELETE' });
  });

  it('answers OPTIONS, with ICE servers only for those who may come in [4.2, 4.7]', async () => {
    const preflight = await send('/whip/one', {
      method: 'OPTIONS',
      headers: { origin: 'https://studio.example', 'access-control-request-method': 'POST' },
    });
    expect(preflight.status).toBe(200);
    expect(preflight.headers.get('accept-post')).toBe('application/sdp');
    expect(preflight.headers.get('access-control-allow-origin')).toBe('https://studio.example');
    expect(preflight.headers.get('access-control-allow-methods')).toContain('POST');
    expect(preflight.headers.get('access-control-allow-headers')).toContain('Authorization');
    expect(preflight.headers.get('access-control-expose-headers')).toMatch(/Location.*Link.*ETag/);
    expect(preflight.headers.get('link')).toBeNull();
    const known = await send('/whip/one', { method: 'OPTIONS', token: await publishToken('one') });
    expect(known.headers.get('link')).toContain('rel="ice-server"');
    const strange = await send('/whip/one', { method: 'OPTIONS', headers: { origin: 'https://elsewhere.example' } });
    expect(strange.headers.get('access-control-allow-origin')).toBeNull();
  });

  it('answers GET with nothing, other methods with 405 [4.1]', async () => {
    const got = await send('/whip/one', { method: 'GET' });
    expect(got.status).toBe(204);
    for (const method of ['PUT', 'PATCH', 'DELETE']) {
      const refused = await send('/whip/one', { method });
      expect(refused.status).toBe(405);
      expect(refused.headers.get('allow')).toBe('OPTIONS, GET, HEAD, POST');
      expect(await problemOf(refused)).toMatchObject({ code: 'media_method_not_allowed' });
    }
    const head = await send('/whep/one', { method: 'HEAD' });
    expect([head.status, head.headers.get('content-type')]).toEqual([200, 'application/sdp']);
    expect((await send('/whip/..%2F..', { body: makeOffer() })).status).toBe(404);
  });

  it('lets a person replace their own publication and nobody else without the right to', async () => {
    const mine = await publish('shared', makeOffer(), { sub: 'guide' });
    const other = await publish('shared', makeOffer(), { sub: 'somebody' });
    expect(other.response.status).toBe(409);
    expect(JSON.parse(other.answer)).toMatchObject({ code: 'media_stream_busy' });
    const again = await publish('shared', makeOffer(), { sub: 'guide' });
    expect(again.response.status).toBe(201);
    expect((await send(mine.location, { method: 'GET' })).status).toBe(404);
    const cutIn = await publish('shared', makeOffer(), { sub: 'colleague', takeOver: true });
    expect(cutIn.response.status).toBe(201);
    expect((await send(again.location, { method: 'DELETE' })).status).toBe(404);
    expect((await send(cutIn.location, { method: 'DELETE' })).status).toBe(200);
  });
});
