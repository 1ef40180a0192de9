import type { AddressInfo } from 'node:net';
import express from 'express';
import { afterEach, expect, it } from 'vitest';
import { createHlsRoutes } from './routes.ts';

const undos: (() => void)[] = [];
afterEach(() => {
  for (const undo of undos.splice(0)) undo();
});

it('gives the rest of a stream that ended at once, though its encoder may come back', async () => {
  const packager = { ready: () => Promise.resolve(true), window: { playlist: () => '#EXTM3U' } };
  const routes = createHlsRoutes({
    streams: {
      get: () => ({ id: 'ended', isLocal: true, status: { state: 'idle' } }),
      onChange: () => () => undefined,
    } as never,
    packagers: { peek: () => packager, touch: () => packager, seen: () => undefined } as never,
    tokens: { verifyHlsSession: () => Promise.resolve({ jti: 'viewer' }) } as never,
    elsewhere: () => Promise.resolve(null),
    onRequest: () => undefined,
  });
  const server = express().use('/hls', routes).listen(0, '127.0.0.1');
  undos.push(() => void server.close());
  await new Promise((resolve) => server.once('listening', resolve));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/hls/ended/media.m3u8?session=x`;
  const answer = await fetch(url, { signal: AbortSignal.timeout(2_000) });
  expect([answer.status, await answer.text()]).toEqual([200, '#EXTM3U']);
});
