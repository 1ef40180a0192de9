import type { MediaGrant } from '@walnut-live/contracts';
import { expect, it, vi } from 'vitest';
import { grantedEndpoint } from './granted-endpoint.ts';

const grant = (host: string): MediaGrant => ({
  streamId: 'stream-a',
  right: 'publish',
  token: `token for ${host}`,
  expiresAt: new Date(Date.now() + 120_000).toISOString(),
  socketUrl: `https://${host}.example`,
  socketPath: `/${host}/socket.io`,
  hlsUrl: '/hls/stream-a/master.m3u8',
  iceServers: [{ urls: [`turn:${host}.example`], username: 'walnut', credential: 'shell' }],
});

it('begins where the first grant says, and goes where the next one does', async () => {
  const next = vi.fn(() => Promise.resolve(grant('second')));
  const { token, ...way } = grantedEndpoint(grant('first'), next);
  expect(way).toEqual({
    url: 'https://first.example',
    path: '/first/socket.io',
    iceServers: [{ urls: ['turn:first.example'], username: 'walnut', credential: 'shell' }],
  });
  expect(next).not.toHaveBeenCalled();
  expect(await token({ moved: true })).toEqual({
    token: 'token for second',
    url: 'https://second.example',
    path: '/second/socket.io',
  });
  expect(next).toHaveBeenCalledWith({ moved: true });
});

it('says of a refusal whether it is for good', async () => {
  const refused = Object.assign(new Error('banned'), { permanent: true });
  const { token } = grantedEndpoint(grant('first'), () => Promise.reject(refused));
  await expect(token()).rejects.toBe(refused);
});
