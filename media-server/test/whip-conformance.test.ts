/** WHIP (RFC 9725) and WHEP (draft-ietf-wish-whep) request by request; sections in brackets are of RFC 9725. */
import { createHmac } from 'node:crypto';
import type { RtpIngest } from '@walnut-live/contracts';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { MediaServer } from '../src/media-server.ts';
import { control, mintToken, startServer, until } from './kit.ts';
import { type RtpSource, startRtpSource } from './rtp-source.ts';
import { AV1_ONLY, H264_SINGLE_NAL, makeFragment, makeOffer, VP8 } from './sdp-kit.ts';

const TURN_SECRET = 'secret-shared-with-the-turn-server';
let server: MediaServer;
let source: RtpSource;

beforeAll(async () => {
  server = await startServer({
    OFFERS_PER_SECOND_PER_ADDRESS: '5000',
    STUN_URLS: 'stun:stun.example.net:3478',
    TURN_URLS: 'turn:turn.example.net:3478?transport=udp, turns:turn.example.net:443?transport=tcp',
    TURN_SECRET,
    TURN_CREDENTIAL_SECONDS: '600',
    ALLOWED_ORIGINS: 'https://studio.example',
  });
  const ingest = (await (await control(server, 'POST', '/streams/encoded/rtp-ingest')).json()) as RtpIngest;
  source = startRtpSource(ingest, '320x180');
  await until(
    'live',
    () => stateOf('encoded'),
    (state) => state === 'live',
    20_000,
  );
}, 40_000);
afterAll(async () => {
  source?.stop();
  await server?.close();
});

async function stateOf(streamId: string): Promise<string> {
  return ((await (await control(server, 'GET', `/streams/${streamId}`)).json()) as { state: string }).state;
}

interface Sent {
  method?: string;
  token?: string | null;
  type?: string | null;
  body?: string;
  headers?: Record<string, string>;
}

function send(url: string, { method = 'POST', token, type = 'application/sdp', body, headers = {} }: Sent = {}) {
  return fetch(url.startsWith('http') ? url : `${server.url}${url}`, {
    method,
    redirect: 'manual',
    headers: {
      ...(token && { authorization: `Bearer ${token}` }),
      ...(body !== undefined && type !== null && { 'content-type': type }),
      ...headers,
    },
    ...(body !== undefined && { body }),
  });
}

const publishToken = (streamId: string, claims = {}) => mintToken({ right: 'publish', streamId, ...claims });
const watchToken = (streamId: string) => mintToken({ right: 'watch', streamId });

async function publish(streamId: string, body = makeOffer(), claims = {}) {
  const token = await publishToken(streamId, claims);
  const response = await send(`/whip/${streamId}`, { token, body });
  return {
    response,
    token,
    answer: await response.text(),
    location: response.headers.get('location') ?? '',
    etag: response.headers.get('etag') ?? '',
  };
}

/** [4.1] RFC 9457: what went wrong, for programs. */
async function problemOf(response: Response): Promise<Record<string, unknown>> {
  expect(response.headers.get('content-type')).toBe('application/problem+json');
  const problem = (await response.json()) as Record<string, unknown>;
  expect(problem).toMatchObject({
    type: `urn:walnut-live:error:${String(problem.code)}`,
    status: response.status,
    title: expect.any(String),
    requestId: expect.any(String),
  });
  return problem;
}

describe('WHIP endpoint', () => {
  it('answers an offer with 201: session, entity tag, whole answer, ICE servers [4.2, 4.7]', async () => {
    const { response, answer, location } = await publish('one');
    expect(response.status).toBe(201);
    expect(response.headers.get('content-type')).toBe('application/sdp');
    expect(location).toMatch(new RegExp(`^${server.url}/whip/one/[A-Za-z0-9_-]{43}$`));
    expect(response.headers.get('etag')).toMatch(/^"[^"]+"$/);
    expect(response.headers.get('accept-patch')).toBe('application/trickle-ice-sdpfrag');
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

describe('session', () => {
  const patch = (location: string, body: string, ifMatch?: string, type = 'application/trickle-ice-sdpfrag') =>
    send(location, { method: 'PATCH', type, body, headers: ifMatch === undefined ? {} : { 'if-match': ifMatch } });

  it('takes candidates for the present ICE session only [4.3.1, 4.3.2]', async () => {
    const { location, etag } = await publish('trickle');
    const taken = await patch(location, makeFragment(), etag);
    expect([taken.status, taken.headers.get('etag'), await taken.text()]).toEqual([204, null, '']);
    const cases: Array<[string | undefined, string, string, number]> = [
      [undefined, makeFragment(), 'application/trickle-ice-sdpfrag', 428],
      ['"other"', makeFragment(), 'application/trickle-ice-sdpfrag', 412],
      [`W/${etag}`, makeFragment(), 'application/trickle-ice-sdpfrag', 412],
      [etag, makeFragment(), 'application/sdp', 415],
      [etag, makeFragment({ candidates: 65 }), 'application/trickle-ice-sdpfrag', 400],
      [etag, makeFragment({ ufrag: '!!!!' }), 'application/trickle-ice-sdpfrag', 400],
      [etag, 'v=0\r\n', 'application/trickle-ice-sdpfrag', 400],
      [etag, '', 'application/trickle-ice-sdpfrag', 400],
      [etag, `a=x:${'y'.repeat(20_000)}`, 'application/trickle-ice-sdpfrag', 413],
    ];
    for (const [ifMatch, body, type, status] of cases) {
      const response = await patch(location, body, ifMatch, type);
      expect(response.status).toBe(status);
      await problemOf(response);
    }
    // Nothing of that ended the session [4.3.1].
    expect((await patch(location, makeFragment(), `"other", ${etag}`)).status).toBe(204);
    await send(location, { method: 'DELETE' });
  });

  it('restarts ICE under a new entity tag [4.3.3]', async () => {
    const { location, etag, answer } = await publish('restart');
    const restarted = await patch(location, makeFragment({ ufrag: 'Nwfg' }), '*');
    expect(restarted.status).toBe(200);
    expect(restarted.headers.get('content-type')).toBe('application/trickle-ice-sdpfrag');
    const next = restarted.headers.get('etag') ?? '';
    expect(next).not.toBe(etag);
    const fragment = await restarted.text();
    const ufrag = (text: string) => /a=ice-ufrag:(.+)\r\n/.exec(text)?.[1];
    expect(ufrag(fragment)).toBeTruthy();
    expect(ufrag(fragment)).not.toBe(ufrag(answer));
    expect(fragment).toMatch(
      /a=ice-lite\r\n.*m=audio.*a=mid:0.*a=ice-pwd:.+\r\na=candidate:.*a=end-of-candidates\r\n$/s,
    );
    // A late candidate of the session before.
    expect((await patch(location, makeFragment(), etag)).status).toBe(412);
    expect((await patch(location, makeFragment({ ufrag: 'Nwfg' }), next)).status).toBe(204);
    const both = await Promise.all(
      ['AAAA', 'BBBB'].map((name) => patch(location, makeFragment({ ufrag: name }), next)),
    );
    expect(both.map(({ status }) => status).sort()).toEqual([200, 412]);
    await send(location, { method: 'DELETE' });
  });

  it('ends by DELETE once; afterwards there is nothing [4.2]', async () => {
    const { location, etag } = await publish('ended');
    expect((await send(location, { method: 'GET' })).status).toBe(204);
    // An entity tag does not matter to DELETE [4.3.1].
    expect((await send(location, { method: 'DELETE', headers: { 'if-match': '"other"' } })).status).toBe(200);
    for (const method of ['DELETE', 'GET']) expect((await send(location, { method })).status).toBe(404);
    expect((await patch(location, makeFragment(), etag)).status).toBe(404);
    expect(await stateOf('ended')).toBe('idle');
  });

  it('is open to its URL, not to the tokens of others [4.8]', async () => {
    const { location, token, etag } = await publish('secret', makeOffer(), { sub: 'guide' });
    const attempt = (bearer: string | null, url = location) =>
      send(url, {
        method: 'PATCH',
        token: bearer,
        type: 'application/trickle-ice-sdpfrag',
        body: makeFragment(),
        headers: { 'if-match': etag },
      });
    expect((await attempt(await publishToken('secret', { sub: 'somebody' }))).status).toBe(403);
    expect((await attempt('x.y.z')).status).toBe(401);
    expect((await attempt(null)).status).toBe(204);
    expect((await attempt(token)).status).toBe(204);
    expect((await attempt(await publishToken('secret', { sub: 'guide' }))).status).toBe(204);
    // The same secret means nothing elsewhere.
    expect((await attempt(null, location.replace('/whip/', '/whep/'))).status).toBe(404);
    expect((await attempt(null, location.replace('/secret/', '/another/'))).status).toBe(404);
    expect((await send(location, { method: 'PUT' })).status).toBe(405);
    const options = await send(location, { method: 'OPTIONS' });
    expect([options.status, options.headers.get('accept-patch')]).toEqual([200, 'application/trickle-ice-sdpfrag']);
    await send(location, { method: 'DELETE' });
  });

  it('ends at once when its person is revoked or the stream is closed', async () => {
    const revoked = await publish('put-out', makeOffer(), { sub: 'guide' });
    await control(server, 'POST', '/revocations', { personId: 'guide', streamId: 'put-out' });
    expect((await send(revoked.location, { method: 'GET' })).status).toBe(404);
    expect((await send('/whip/put-out', { token: revoked.token, body: makeOffer() })).status).toBe(403);
    const closed = await publish('closed');
    await control(server, 'POST', '/streams/closed/close');
    expect((await send(closed.location, { method: 'GET' })).status).toBe(404);
  });
});

describe('WHEP endpoint', () => {
  it('answers a player with what is live', async () => {
    const response = await send('/whep/encoded', {
      token: await watchToken('encoded'),
      body: makeOffer({ direction: 'recvonly' }),
    });
    expect(response.status).toBe(201);
    const answer = await response.text();
    // The numbers of the offer, not ours (RFC 3264 section 6.1).
    expect(answer).toContain('m=audio 9 UDP/TLS/RTP/SAVPF 111\r\n');
    expect(answer).toContain('m=video 9 UDP/TLS/RTP/SAVPF 108 109\r\n');
    expect(answer.match(/a=sendonly\r\n/g)).toHaveLength(2);
    expect(answer).toMatch(/a=ssrc-group:FID \d+ \d+\r\n/);
    expect(answer).not.toContain('a=recvonly');
    const location = response.headers.get('location') ?? '';
    expect(location).toMatch(new RegExp(`^${server.url}/whep/encoded/`));
    // Older players send no entity tag; the credentials say which ICE session they mean.
    const trickle = (ufrag: string) =>
      send(location, { method: 'PATCH', type: 'application/trickle-ice-sdpfrag', body: makeFragment({ ufrag }) });
    expect((await trickle('EsAw')).status).toBe(204);
    expect((await trickle('Nwfg')).status).toBe(428);
    expect((await send(location, { method: 'DELETE' })).status).toBe(200);
    expect((await send(location, { method: 'DELETE' })).status).toBe(404);
  });

  it('leaves out what it cannot give', async () => {
    const token = await watchToken('encoded');
    const response = await send('/whep/encoded', {
      token,
      body: makeOffer({ direction: 'recvonly', sections: ['audio', 'video', 'application'], video: VP8 }),
    });
    const answer = await response.text();
    expect(response.status, answer).toBe(201);
    expect(answer).toContain('m=application 0 UDP/DTLS/SCTP 0\r\n');
    expect(answer).toMatch(/m=video 9 .*a=inactive/s);
    await send(response.headers.get('location') ?? '', { method: 'DELETE' });
    const videoOnly = await send('/whep/encoded', {
      token,
      body: makeOffer({ direction: 'recvonly', sections: ['video'], video: VP8 }),
    });
    expect(videoOnly.status).toBe(422);
    expect(await problemOf(videoOnly)).toMatchObject({ code: 'media_codec_unsupported' });
  });

  it('says when to come again while nothing is live (WHEP 4.4)', async () => {
    const response = await send('/whep/dark', {
      token: await watchToken('dark'),
      body: makeOffer({ direction: 'recvonly' }),
    });
    expect([response.status, response.headers.get('retry-after')]).toEqual([409, '2']);
    expect(await problemOf(response)).toMatchObject({ code: 'media_stream_not_live', retryAfterSeconds: 2 });
    for (const [token, body, status] of [
      [await publishToken('encoded'), makeOffer({ direction: 'recvonly' }), 403],
      [await watchToken('encoded'), makeOffer({ direction: 'sendonly' }), 422],
    ] as const) {
      expect((await send('/whep/encoded', { token, body })).status).toBe(status);
    }
  });

  it('keeps nothing of all this', async () => {
    await until(
      'freed',
      () => server.census(),
      ({ peers, webRtcTransports }) => peers === 0 && webRtcTransports === 0,
    );
  });
});
