import { createStreamKey, endRoom, readStreamKey, revokeStreamKey, StreamKeyClaims } from '@walnut-live/contracts';
import { decodeJwt } from 'jose';
import { expect, test, vi } from 'vitest';
import { seedBrand } from '../../testing/fixtures.ts';
import { configFor, startMediaServer } from '../../testing/media-stand-in.ts';
import { startTestApi } from '../../testing/test-api.ts';
import { STRANDED_KEYS_JOB } from './index.ts';

test('a key is told once, replaced by the next, and revoked at the media server, also after it started anew', async () => {
  const media = await startMediaServer();
  await using api = await startTestApi(configFor(media.port));
  const { rooms, staff, consumers } = await seedBrand(api);
  const params = { id: rooms.a.id };
  const as = staff.a.guide;
  expect((await api.ok(readStreamKey, { params, as })).key).toBeNull();

  const { status, body: first } = await api.call(createStreamKey, { params, body: {}, as });
  expect(status).toBe(201);
  const claims = StreamKeyClaims.parse(decodeJwt(first.bearerToken));
  expect(claims).toMatchObject({ right: 'publish-key', sub: as.personId, takeOver: true });
  expect(claims.exp - claims.iat).toBe(24 * 3600);
  expect(first.whipUrl).toMatch(new RegExp(`^https?://.+/whip/${claims.streamId}$`));
  expect(await api.ok(readStreamKey, { params, as })).toEqual({ whipUrl: first.whipUrl, key: first.key });

  const { body: second } = await api.call(createStreamKey, { params, body: {}, as });
  const next = StreamKeyClaims.parse(decodeJwt(second.bearerToken));
  const revokedAt = ({ orders }: typeof media) =>
    orders.filter(({ path }) => path === '/control/revocations').map(({ body }) => body);
  expect(revokedAt(media)).toEqual([{ personId: as.personId, streamId: claims.streamId, jti: claims.jti }]);

  for (let again = 0; again < 2; again += 1) expect((await api.call(revokeStreamKey, { params, as })).status).toBe(204);
  expect((await api.ok(readStreamKey, { params, as })).key).toBeNull();
  const both = [claims, next].map(({ streamId, jti }) => ({ personId: as.personId, streamId, jti }));
  expect(revokedAt(media)).toEqual(expect.arrayContaining(both));
  await media.stop();
  const anew = await startMediaServer(media.port);
  await vi.waitFor(() => expect(revokedAt(anew)).toEqual(expect.arrayContaining(both)), { timeout: 20_000 });

  const refusal = async (who: typeof as | typeof consumers.anna) =>
    (await api.call(createStreamKey, { params, body: {}, as: who })).problem.code;
  expect([await refusal(staff.b.guide), await refusal(consumers.anna)]).toEqual(['not_found', 'forbidden']);
});

test('a room that ended has no key and gets none', async () => {
  await using api = await startTestApi();
  const { rooms, staff } = await seedBrand(api);
  const params = { id: rooms.a.id };
  const as = staff.a.guide;
  await api.call(createStreamKey, { params, body: {}, as });
  await api.call(endRoom, { params, body: {}, as });
  await vi.waitFor(async () => expect((await api.ok(readStreamKey, { params, as })).key).toBeNull());
  expect((await api.call(createStreamKey, { params, body: {}, as })).problem.code).toBe('state_conflict');
});

test('many at once, more than there are connections to the database, make one key', async () => {
  await using api = await startTestApi({ DATABASE_POOL_SIZE: '4' });
  const { rooms, staff } = await seedBrand(api);
  const params = { id: rooms.a.id };
  const replies = await Promise.all(
    Array.from({ length: 12 }, () => api.call(createStreamKey, { params, body: {}, as: staff.a.guide })),
  );
  expect(replies.map(({ status }) => status)).toEqual(replies.map(() => 201));
  const { key } = await api.ok(readStreamKey, { params, as: staff.a.guide });
  expect(replies.map(({ body }) => body.key.createdAt)).toContain(key?.createdAt);
});

test.each([
  ['is switched off', 'UPDATE staff_accounts SET active = false WHERE person_id = $1'],
  ['goes to another store', "UPDATE staff_accounts SET org_path = 'hq.elsewhere' WHERE person_id = $1"],
  ['may only read now', "UPDATE staff_accounts SET role = 'hq_analyst' WHERE person_id = $1"],
])('a key ends when its person %s; that of somebody else stays', async (_what, change) => {
  const media = await startMediaServer();
  await using api = await startTestApi(configFor(media.port));
  const { rooms, staff } = await seedBrand(api);
  const { pool } = api.api.platform.db;
  await api.call(createStreamKey, { params: { id: rooms.a.id }, body: {}, as: staff.a.guide });
  // Above the room in the tree: may, all the same.
  await api.call(createStreamKey, { params: { id: rooms.b.id }, body: {}, as: staff.operations });
  const keyOf = async (room: { id: string }) =>
    (await api.ok(readStreamKey, { params: { id: room.id }, as: staff.operations })).key;
  await api.api.platform.jobs.runNow(STRANDED_KEYS_JOB);
  expect([await keyOf(rooms.a), await keyOf(rooms.b)]).toEqual([expect.anything(), expect.anything()]);
  await pool.query(change, [staff.a.guide.personId]);
  await api.api.platform.jobs.runNow(STRANDED_KEYS_JOB);
  expect([await keyOf(rooms.a), await keyOf(rooms.b)]).toEqual([null, expect.anything()]);
  await vi.waitFor(() =>
    expect(media.orders).toMatchObject([{ path: '/control/revocations', body: { personId: staff.a.guide.personId } }]),
  );
});
