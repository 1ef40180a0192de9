import { guestSignIn, me, refreshSession, sandboxSignIn, signOut, staffSignIn } from '@walnut-live/contracts';
import { beforeAll, describe, expect, test, vi } from 'vitest';
import { systemRandom } from '../../platform/clock.ts';
import { seedBrand } from '../../testing/fixtures.ts';
import { startTestApi, type TestApi } from '../../testing/test-api.ts';
import { hashPassword } from './index.ts';
import { createRefreshTokens } from './refresh-tokens.ts';

const CLIENT = { 'x-walnut-client': 'test' };
const PHONE = '13800000001';

/** Keeps cookies like a browser does, as far as these tests need it. */
function browser(api: TestApi) {
  const jar = new Map<string, string>();
  const attributes = new Map<string, string>();
  return {
    jar,
    attributes,
    async call(
      route: typeof guestSignIn | typeof sandboxSignIn | typeof staffSignIn | typeof refreshSession | typeof signOut,
      body: object,
      more: { token?: string; headers?: Record<string, string> } = {},
    ) {
      const cookie = [...jar].map(([name, value]) => `${name}=${value}`).join('; ');
      const answer = await api.call(route as typeof refreshSession, {
        body: body as never,
        ...(more.token ? { token: more.token } : {}),
        headers: { ...CLIENT, ...(cookie ? { cookie } : {}), ...more.headers },
      });
      for (const line of answer.headers.getSetCookie()) {
        const [pair = '', ...rest] = line.split('; ');
        const [name = '', value = ''] = [pair.slice(0, pair.indexOf('=')), pair.slice(pair.indexOf('=') + 1)];
        attributes.set(name, rest.join('; '));
        if (value) jar.set(name, value);
        else jar.delete(name);
      }
      return answer;
    },
  };
}

describe('guests and consumers', () => {
  test('the same browser is the same guest; a visitor cookie alone never gives a consumer session', async () => {
    await using api = await startTestApi();
    const phone = browser(api);
    const first = await phone.call(guestSignIn, {});
    expect(first.body.me).toMatchObject({ kind: 'guest', phoneMasked: null, staff: null });
    expect(phone.attributes.get('wl_visitor')).toMatch(/Path=\/; HttpOnly; SameSite=Lax/);
    expect((await phone.call(guestSignIn, {})).body.me.id).toBe(first.body.me.id);

    const consumer = await phone.call(sandboxSignIn, { phone: PHONE }, { token: first.body.accessToken });
    expect(consumer.body.me).toMatchObject({
      kind: 'consumer',
      name: expect.stringMatching(/^顾客\d{4}$/),
      phoneMasked: '138****0001',
    });
    expect(phone.attributes.get('wl_consumer')).toMatch(/Path=\/api\/v1\/auth; HttpOnly; SameSite=Strict/);
    expect((await phone.call(guestSignIn, {})).body.me).toMatchObject({ kind: 'consumer', id: consumer.body.me.id });

    phone.jar.delete('wl_consumer');
    const again = await phone.call(guestSignIn, {});
    expect(again.body.me.kind).toBe('guest');
    expect(again.body.me.id).not.toBe(consumer.body.me.id);
  });

  test('a guest becomes a new consumer with their own row, and is merged into a known one', async () => {
    await using api = await startTestApi();
    const first = browser(api);
    const guest = (await first.call(guestSignIn, {})).body;
    const consumer = (await first.call(sandboxSignIn, { phone: PHONE, name: '安然' }, { token: guest.accessToken }))
      .body;
    expect(consumer.me).toMatchObject({ id: guest.me.id, kind: 'consumer', name: '安然' });

    const second = browser(api);
    const other = (await second.call(guestSignIn, {})).body;
    const known = (await second.call(sandboxSignIn, { phone: PHONE })).body; // by visitor cookie, without a bearer token
    expect(known.me).toMatchObject({ id: consumer.me.id, name: '安然' });
    const rows = await api.api.platform.db.sql`SELECT merged_into FROM people WHERE id = ${other.me.id}`;
    expect(rows).toEqual([{ merged_into: consumer.me.id }]);
    expect((await api.call(me, { token: other.accessToken })).problem.code).toBe('session_expired');
  });

  test('many sign-ins of one phone at once make one person', async () => {
    await using api = await startTestApi({ AUTH_RATE_PER_MINUTE: '600' });
    const answers = await Promise.all(
      Array.from({ length: 12 }, () => browser(api).call(sandboxSignIn, { phone: PHONE })),
    );
    expect(new Set(answers.map((answer) => answer.body.me.id)).size).toBe(1);
  });

  test('an outdated access token does not stop a sign-in', async () => {
    await using api = await startTestApi();
    const phone = browser(api);
    const guest = (await phone.call(guestSignIn, {})).body;
    api.clock.advanceSeconds(3_600);
    expect((await api.call(me, { token: guest.accessToken })).problem.code).toBe('session_expired');
    const consumer = await phone.call(sandboxSignIn, { phone: PHONE }, { token: guest.accessToken });
    expect(consumer.body.me.id).toBe(guest.me.id);
  });
});

describe('staff', () => {
  let hash: string;
  beforeAll(async () => {
    hash = await hashPassword('walnut-2026', systemRandom);
  });

  async function withAccount(api: TestApi) {
    const brand = await seedBrand(api);
    const { sql } = api.api.platform.db;
    await sql`UPDATE staff_accounts SET username = 'lin', password_hash = ${hash} WHERE person_id = ${brand.staff.a.guide.personId}`;
    return { brand, sql };
  }

  test('signs in with the right password only; unknown name, wrong password and closed account look alike', async () => {
    await using api = await startTestApi();
    const { brand, sql } = await withAccount(api);
    const desk = browser(api);
    const session = (await desk.call(staffSignIn, { username: 'Lin', password: 'walnut-2026' })).body;
    expect(session.me.staff).toMatchObject({ username: 'lin', role: 'guide', orgUnit: { id: brand.stores.a.id } });
    expect(session.me.staff?.permissions).toContain('rooms:operate');
    expect((await api.ok(me, { token: session.accessToken })).id).toBe(brand.staff.a.guide.personId);

    const refusals = [
      await browser(api).call(staffSignIn, { username: 'lin', password: 'walnut-2027' }),
      await browser(api).call(staffSignIn, { username: 'nobody', password: 'walnut-2026' }),
    ];
    await sql`UPDATE staff_accounts SET active = false WHERE username = 'lin'`;
    refusals.push(await browser(api).call(staffSignIn, { username: 'lin', password: 'walnut-2026' }));
    for (const answer of refusals) {
      expect(answer.status).toBe(401);
      expect({ ...answer.problem, requestId: '' }).toEqual({ ...refusals[0]?.problem, requestId: '' });
      expect(answer.headers.getSetCookie()).toEqual([]);
    }
    const refreshed = await desk.call(refreshSession, { audience: 'staff' });
    expect(refreshed.problem.code).toBe('session_expired'); // a closed account ends its sessions
    expect(desk.jar.has('wl_staff')).toBe(false);
  });

  test('a changed role is in the next session', async () => {
    await using api = await startTestApi();
    const { sql } = await withAccount(api);
    const desk = browser(api);
    await desk.call(staffSignIn, { username: 'lin', password: 'walnut-2026' });
    await sql`UPDATE staff_accounts SET role = 'assistant' WHERE username = 'lin'`;
    expect((await desk.call(refreshSession, { audience: 'staff' })).body.me.staff?.role).toBe('assistant');
  });
});

describe('refresh tokens', () => {
  test('rotate; two tabs at the same moment end with the same newest token', async () => {
    await using api = await startTestApi();
    const phone = browser(api);
    await phone.call(sandboxSignIn, { phone: PHONE });
    const before = phone.jar.get('wl_consumer') ?? '';
    const tabs = [browser(api), browser(api), browser(api)];
    for (const tab of tabs) tab.jar.set('wl_consumer', before);
    const answers = await Promise.all(tabs.map((tab) => tab.call(refreshSession, { audience: 'consumer' })));
    expect(answers.map((answer) => answer.status)).toEqual([200, 200, 200]);
    const after = new Set(tabs.map((tab) => tab.jar.get('wl_consumer')));
    expect(after.size).toBe(1);
    expect(after.has(before)).toBe(false);
    expect((await tabs[0]?.call(refreshSession, { audience: 'consumer' }))?.status).toBe(200);
  });

  test('a used token that comes back later revokes its whole family', async () => {
    await using api = await startTestApi();
    const phone = browser(api);
    await phone.call(sandboxSignIn, { phone: PHONE });
    const thief = browser(api);
    thief.jar.set('wl_consumer', phone.jar.get('wl_consumer') ?? '');
    await phone.call(refreshSession, { audience: 'consumer' });
    api.clock.advanceSeconds(11);
    expect((await thief.call(refreshSession, { audience: 'consumer' })).problem.code).toBe('session_expired');
    expect((await phone.call(refreshSession, { audience: 'consumer' })).problem.code).toBe('session_expired');
  });

  test('signing out revokes the family and forgets the browser; expiry ends it by itself', async () => {
    await using api = await startTestApi();
    const phone = browser(api);
    await phone.call(sandboxSignIn, { phone: PHONE });
    const kept = phone.jar.get('wl_consumer') ?? '';
    expect((await phone.call(signOut, { audience: 'consumer' })).status).toBe(204);
    expect(phone.jar.size).toBe(0);
    phone.jar.set('wl_consumer', kept);
    expect((await phone.call(refreshSession, { audience: 'consumer' })).status).toBe(401);

    await phone.call(sandboxSignIn, { phone: PHONE });
    api.clock.advanceSeconds(91 * 86_400);
    expect((await phone.call(refreshSession, { audience: 'consumer' })).status).toBe(401);
  });

  test('a refresh that is under way while somebody signs out leaves no session behind', async () => {
    await using api = await startTestApi();
    const { db, clock, random } = api.api.platform;
    const { consumers } = await seedBrand(api);
    const tokens = createRefreshTokens({ secret: 'test', clock, random });
    const token = await db.transaction((tx) => tokens.issue(tx, consumers.anna.personId, 'consumer'));
    let signedOut = Promise.resolve();
    const rotation = await db.transaction(async (tx) => {
      const rotated = await tokens.rotate(tx, token, 'consumer');
      signedOut = db.transaction((other) => tokens.revokeByToken(other, token, 'consumer'));
      await vi.waitFor(async () => {
        expect(await db.sql`SELECT 1 FROM pg_locks WHERE NOT granted AND pid <> pg_backend_pid()`).not.toHaveLength(0);
      });
      return rotated;
    });
    await signedOut;
    if (rotation.outcome !== 'rotated') throw new Error(rotation.outcome);
    const after = await db.transaction((tx) => tokens.rotate(tx, rotation.token, 'consumer'));
    expect(after).toEqual({ outcome: 'refused', reused: false });
  });

  test('refresh and sign-out need the header X-Walnut-Client; a token of one audience is none of another', async () => {
    await using api = await startTestApi();
    const phone = browser(api);
    await phone.call(sandboxSignIn, { phone: PHONE });
    const cookie = `wl_consumer=${phone.jar.get('wl_consumer')}; wl_staff=${phone.jar.get('wl_consumer')}`;
    for (const route of [refreshSession, signOut] as const) {
      const answer = await api.call(route as typeof refreshSession, {
        body: { audience: 'consumer' },
        headers: { cookie },
      });
      expect(answer.status).toBe(403);
    }
    const crossed = await api.call(refreshSession, { body: { audience: 'staff' }, headers: { ...CLIENT, cookie } });
    expect(crossed.status).toBe(401);
    expect((await phone.call(refreshSession, { audience: 'consumer' })).status).toBe(200);
  });
});

test('limits: too many sign-ins of one name or from one address are told when to come back', async () => {
  await using api = await startTestApi({ AUTH_RATE_PER_MINUTE: '12' });
  const guess = (username: string, from = '198.51.100.1') =>
    api.call(staffSignIn, { body: { username, password: 'guess' }, headers: { 'x-forwarded-for': from } });
  expect((await guess('lin')).status).toBe(401);
  expect((await guess('lin')).status).toBe(401);
  const third = await guess('lin', '198.51.100.2');
  expect(third.problem.code).toBe('rate_limited');
  expect(Number(third.headers.get('retry-after'))).toBeGreaterThan(0);
  for (let i = 0; i < 10; i++) expect((await guess(`name-${i}`)).status).toBe(401);
  expect((await guess('another')).status).toBe(429);
  expect((await guess('another', '198.51.100.3')).status).toBe(401);
});

test('cookies are Secure when people come by https', async () => {
  await using api = await startTestApi({ PUBLIC_URL: 'https://live.example' });
  const phone = browser(api);
  await phone.call(sandboxSignIn, { phone: PHONE });
  expect(phone.attributes.get('wl_visitor')).toContain('Secure');
  expect(phone.attributes.get('wl_consumer')).toContain('Secure');
});

test('pages of other sites sign nobody in; our own and programs that are no browser do', async () => {
  await using api = await startTestApi({ PUBLIC_URL: 'https://live.example.com' });
  await seedBrand(api);
  const signIns = [
    [guestSignIn, {}],
    [sandboxSignIn, { phone: PHONE }],
    [staffSignIn, { username: 'nobody', password: 'wrong' }],
  ] as const;
  for (const [route, body] of signIns) {
    for (const headers of [
      { 'sec-fetch-site': 'cross-site' },
      { origin: 'https://evil.example' },
      { origin: 'null' },
      { 'sec-fetch-site': 'same-site', origin: 'https://other.example.com' },
    ] as Record<string, string>[]) {
      const answer = await browser(api).call(route, body, { headers });
      expect(answer, JSON.stringify(headers)).toMatchObject({ status: 403, problem: { code: 'forbidden' } });
      expect(answer.headers.getSetCookie()).toEqual([]);
    }
    for (const headers of [
      {},
      { origin: 'https://live.example.com', 'sec-fetch-site': 'same-origin' },
      { origin: 'https://live.example.com' },
      { origin: 'http://localhost:8080', 'sec-fetch-site': 'same-origin' },
    ] as Record<string, string>[])
      expect((await browser(api).call(route, body, { headers })).status).not.toBe(403);
  }
});
