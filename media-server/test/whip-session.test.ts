/** WHIP sessions request by request; sections in brackets are of RFC 9725. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createRegistryBoard, openMemoryRegistry } from '../src/cluster/memory-registry.ts';
import type { MediaServer } from '../src/media-server.ts';
import { CONTROL, control, startServer, until } from './kit.ts';
import { makeFragment, makeOffer } from './sdp-kit.ts';
import { problemOf, publishToken, whipCalls } from './whip-kit.ts';

let server: MediaServer;
beforeAll(async () => {
  server = await startServer({ OFFERS_PER_SECOND_PER_ADDRESS: '5000' });
});
afterAll(() => server?.close());
const { stateOf, send, publish } = whipCalls(() => server);

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

describe('placement', () => {
  it('turns newcomers away while the server stops, sessions go on [4.6]', async () => {
    const stopping = await startServer();
    const token = await publishToken('last');
    const first = await send(`${stopping.url}/whip/last`, { token, body: makeOffer() });
    expect(first.status).toBe(201);
    await fetch(`${stopping.url}/control/drain`, { method: 'POST', headers: { authorization: `Bearer ${CONTROL}` } });
    const late = await send(`${stopping.url}/whip/late`, { token: await publishToken('late'), body: makeOffer() });
    expect([late.status, late.headers.get('retry-after')]).toEqual([503, '5']);
    expect(await problemOf(late)).toMatchObject({ code: 'media_draining' });
    expect((await send(first.headers.get('location') ?? '', { method: 'GET' })).status).toBe(204);
    await stopping.close();
  });

  it('sends a publisher to the host that has the stream [4.6]', async () => {
    const board = createRegistryBoard();
    const environment = (name: string) => ({ NODE_ID: name, PUBLIC_URL: `https://${name}.example`, WORKERS: '1' });
    const [one, two] = [
      await startServer(environment('one'), { registry: openMemoryRegistry(board, Date.now) }),
      await startServer(environment('two'), { registry: openMemoryRegistry(board, Date.now) }),
    ];
    const token = await publishToken('there', { sub: 'guide' });
    expect((await send(`${one.url}/whip/there`, { token, body: makeOffer() })).status).toBe(201);
    const sent = await until(
      'redirected',
      () => send(`${two.url}/whip/there`, { token, body: makeOffer() }),
      ({ status }) => status === 307,
    );
    expect(sent.headers.get('location')).toBe('https://one.example/whip/there?hop=1');
    await Promise.all([one.close(), two.close()]);
  });
});
