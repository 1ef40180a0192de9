import { expect, test } from 'vitest';
import { route } from './routes.ts';

test.each([
  ['/api/v1/rooms?x=1', { to: 'api', path: '/api/v1/rooms?x=1', onlyLoopback: false }],
  ['/s/abc', { to: 'api', path: '/s/abc', onlyLoopback: false }],
  ['/docs', { to: 'api', path: '/docs', onlyLoopback: false }],
  ['/healthz', { to: 'api', path: '/healthz', onlyLoopback: false }],
  ['/metrics', { to: 'api', path: '/metrics', onlyLoopback: true }],
  ['/socket.io/?EIO=4', { to: 'api', path: '/socket.io/?EIO=4', onlyLoopback: false }],
  ['/media/socket.io/?EIO=4', { to: 'media', path: '/socket.io/?EIO=4', onlyLoopback: false }],
  ['/hls/s1/master.m3u8', { to: 'media', path: '/hls/s1/master.m3u8', onlyLoopback: false }],
  ['/whip/s1', { to: 'media', path: '/whip/s1', onlyLoopback: false }],
  ['/studio', { to: 'redirect', location: '/studio/' }],
  ['/console?tab=1', { to: 'redirect', location: '/console/?tab=1' }],
  ['/studio/rooms/1', { to: 'app', app: 'broadcaster' }],
  ['/console/', { to: 'app', app: 'console' }],
  ['/embed/v1/walnut-live.js?x', { to: 'embed', path: '/embed/v1/walnut-live.js' }],
  ['/embedded', { to: 'app', app: 'player' }],
  ['/', { to: 'app', app: 'player' }],
  ['/rooms/1', { to: 'app', app: 'player' }],
  ['/apiary', { to: 'app', app: 'player' }],
  // Between our own processes; nobody outside has a way there.
  ['/control/streams', { to: 'app', app: 'player' }],
  ['/cluster', { to: 'app', app: 'player' }],
  ['/metricsx', { to: 'app', app: 'player' }],
])('%s', (url, target) => {
  expect(route(url)).toEqual(target);
});
