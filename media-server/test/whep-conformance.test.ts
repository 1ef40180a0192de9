/** WHEP (draft-ietf-wish-whep) request by request. */
import type { RtpIngest } from '@walnut-live/contracts';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { MediaServer } from '../src/media-server.ts';
import { control, startServer, until } from './kit.ts';
import { type RtpSource, startRtpSource } from './rtp-source.ts';
import { H264, makeFragment, makeOffer, VP8 } from './sdp-kit.ts';
import { problemOf, publishToken, watchToken, whipCalls } from './whip-kit.ts';

let server: MediaServer;
let source: RtpSource;
const { stateOf, send } = whipCalls(() => server);

beforeAll(async () => {
  server = await startServer();
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

  it('makes routers for a bounded number of payload numberings, from ports of their own', async () => {
    const before = await server.census();
    const sessions: string[] = [];
    const statuses: number[] = [];
    const call = async (main: number): Promise<number> => {
      const video = H264.map((line) => line.replaceAll('108', String(main)));
      // Each by a person of their own: one person has a handful of sessions only.
      const token = await watchToken('encoded');
      const response = await send('/whep/encoded', { token, body: makeOffer({ direction: 'recvonly', video }) });
      if (response.status === 201) sessions.push(response.headers.get('location') ?? '');
      else expect(await problemOf(response)).toMatchObject({ code: 'media_over_capacity' });
      return response.status;
    };
    for (let main = 35; main < 55; main += 1) statuses.push(await call(main));
    // Eight beside each of the audience's two routers.
    expect(statuses.slice(0, 8)).toEqual(Array(8).fill(201));
    expect(sessions.length).toBeLessThanOrEqual(16);
    expect(statuses.at(-1)).toBe(503);
    const during = await server.census();
    expect(during.numberedRouters).toBe(sessions.length);
    // At most the pipe to the other audience router.
    expect(during.internalPorts - before.internalPorts).toBeLessThanOrEqual(2);
    // A numbering that is there already costs nothing more.
    expect(await call(35)).toBe(201);
    for (const session of sessions) await send(session, { method: 'DELETE' });
    const after = await until(
      'routers closed',
      () => server.census(),
      ({ numberedRouters }) => numberedRouters === 0,
    );
    expect(after.routers).toBeLessThanOrEqual(before.routers + 1);
    expect(await call(60)).toBe(201);
    await send(sessions.at(-1) ?? '', { method: 'DELETE' });
  });

  it('keeps nothing of all this', async () => {
    await until(
      'freed',
      () => server.census(),
      ({ peers, webRtcTransports }) => peers === 0 && webRtcTransports === 0,
    );
  });
});
