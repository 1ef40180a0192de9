import { routes } from '@walnut-live/contracts';
import { describe, expect, test } from 'vitest';
import { createPageJudge, EMBEDDED_ROUTES, isEmbeddedAnyhow, isEmbeddedPath } from './embedding.policy.ts';

const judge = createPageJudge({
  ownOrigins: ['https://live.brand.example', 'https://m.brand.example'],
  embedOrigins: [
    'https://www.brand.example',
    'http://localhost:3000',
    'https://alias.example',
    'https://m.brand.example',
  ],
});

describe('which page asks', () => {
  test.each([
    ['a program', {}, 'own'],
    ['our page', { origin: 'https://live.brand.example' }, 'own'],
    [
      'our page by another name, as the browser says',
      { origin: 'http://10.0.0.5:8080', 'sec-fetch-site': 'same-origin' },
      'own',
    ],
    ['our page by another name, by its socket', { origin: 'http://10.0.0.5:8080', host: '10.0.0.5:8080' }, 'own'],
    [
      '… behind a proxy',
      { origin: 'https://b.example:8443', host: 'api', 'x-forwarded-host': 'b.example:8443' },
      'own',
    ],
    ['… behind one that drops the port', { origin: 'https://b.example:8443', 'x-forwarded-host': 'b.example' }, 'own'],
    [
      'our page by a name of the list, whatever the proxy asks for',
      { origin: 'https://m.brand.example', host: 'api' },
      'own',
    ],
    [
      'our page by a name that EMBED_ORIGINS has too, in a browser that does not say',
      { origin: 'https://alias.example', host: 'alias.example' },
      'own',
    ],
    [
      '… behind a proxy that asks for another: a named site, until OWN_ORIGINS names it',
      { origin: 'https://alias.example', host: 'api' },
      'allowed',
    ],
    [
      'a named site on another port of our host, behind a proxy that drops ours: the browser knows',
      { origin: 'https://alias.example', host: 'alias.example', 'sec-fetch-site': 'same-site' },
      'allowed',
    ],
    ['… and one whose own port is dropped', { origin: 'http://localhost:3000', host: 'localhost' }, 'allowed'],
    ['a named site', { origin: 'https://www.brand.example', host: 'live.brand.example' }, 'allowed'],
    ['a named site with a port', { origin: 'http://localhost:3000', 'sec-fetch-site': 'cross-site' }, 'allowed'],
    ['the same name by http', { origin: 'http://www.brand.example', host: 'live.brand.example' }, 'foreign'],
    ['another port', { origin: 'http://localhost:3001', host: 'live.brand.example' }, 'foreign'],
    ['another port of our own host', { origin: 'http://10.0.0.5:9999', host: '10.0.0.5:8080' }, 'foreign'],
    ['a name that begins alike', { origin: 'https://www.brand.example.evil.example' }, 'foreign'],
    ['a sandboxed frame', { origin: 'null', host: 'null' }, 'foreign'],
    ['a page of the same site', { origin: 'https://evil.brand.example', 'sec-fetch-site': 'same-site' }, 'foreign'],
  ] as const)('%s', (_what, headers, page) => {
    expect(judge(headers)).toBe(page);
  });
});

test('nothing that staff, money or a signed-in consumer is needed for is open to embedded pages', () => {
  for (const { id, access } of EMBEDDED_ROUTES)
    expect([id, ['public', 'person'].includes(access as string)]).toEqual([id, true]);
  const money = new Set(['orders', 'payments', 'refunds', 'wallet', 'payouts', 'coupons', 'carts', 'settlements']);
  expect(EMBEDDED_ROUTES.filter(({ tag }) => money.has(tag))).toEqual([]);
});

test('a path is open by the method of its route alone', () => {
  expect(isEmbeddedPath('POST', '/api/v1/rooms/0190/join')).toBe(true);
  expect(isEmbeddedPath('GET', '/api/v1/rooms/0190')).toBe(true);
  expect(isEmbeddedPath('PATCH', '/api/v1/rooms/0190')).toBe(false);
  expect(isEmbeddedPath('PUT', '/api/v1/rooms/0190/bag')).toBe(false);
  expect(isEmbeddedPath('POST', '/api/v1/rooms/0190/join/more')).toBe(false);
  expect(isEmbeddedPath('GET', '/pictures/walnut.svg')).toBe(true);
  expect(isEmbeddedPath('POST', '/pictures/walnut.svg')).toBe(false);
  expect(isEmbeddedAnyhow('/api/v1/rooms/0190')).toBe(true);
  expect(isEmbeddedAnyhow('/api/v1/orders')).toBe(false);
  expect(routes.length).toBeGreaterThan(EMBEDDED_ROUTES.length * 10);
});
