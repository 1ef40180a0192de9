import { randomUUID } from 'node:crypto';
import {
  claimCoupon,
  deleteMyData,
  myNewcomerGift,
  sandboxSignIn,
  startNewcomerGift,
  takeNewcomerGift,
} from '@walnut-live/contracts';
import { expect, test } from 'vitest';
import type { Principal } from '../../platform/principal.ts';
import { makeCouponKind } from '../../testing/coupons.ts';
import { makeConsumer, seedBrand } from '../../testing/fixtures.ts';
import { giveBudget } from '../../testing/sharing.ts';
import { startTestApi } from '../../testing/test-api.ts';
import { DATA_REQUESTS_JOB } from '../personal-data/index.ts';

const DAY_SECONDS = 86_400;

test('K7 a person is new once: not again with the phone, WeChat account or identity of another account, nor after being forgotten', async () => {
  await using api = await startTestApi();
  const brand = await seedBrand(api);
  const { staff, hq } = brand;
  const { sql } = api.api.platform.db;
  await giveBudget(api, staff.finance, hq, 100_000);
  const gift = await api.ok(startNewcomerGift, {
    as: staff.admin,
    body: { orgUnitId: hq.id, title: '新人红包', amountFen: 100, count: 50, days: 30 },
  });
  const take = (as: Principal, phone: string = randomUUID()) =>
    api.call(takeNewcomerGift, { as, params: { id: gift.id }, headers: { 'user-agent': `Safari ${phone}` } });
  const sees = async (as: Principal) => (await api.ok(myNewcomerGift, { as })).state;
  const phone = '13712340001';
  const signIn = async (): Promise<Principal> => {
    const { me } = await api.ok(sandboxSignIn, { body: { phone } });
    return { personId: me.id, kind: 'consumer', name: me.name };
  };
  const wechat = (person: Principal, openid: string) =>
    sql`INSERT INTO wechat_accounts (person_id, app_id, openid, seen_at) VALUES (${person.personId}, 'app', ${openid}, now())`;
  const checked = async (person: Principal, subject: string) => {
    await sql`INSERT INTO adult_checks (person_id, adult, birth_year, subject, verifier, checked_at) VALUES (${person.personId}, true, 1990, ${subject}, 'test', now())`;
  };

  const first = await signIn();
  await wechat(first, 'openid-1');
  await checked(first, 'subject-1');
  expect((await take(first)).status).toBe(200);
  // Others with something of theirs, the account still being there.
  const [samePhone, samePayer, sameIdentity] = [
    await makeConsumer(api),
    await makeConsumer(api),
    await makeConsumer(api),
  ];
  await sql`UPDATE people SET phone = ${phone} WHERE id = ${samePhone.personId}`;
  await wechat(samePayer, 'openid-1');
  await checked(sameIdentity, 'subject-1');
  for (const one of [samePhone, samePayer, sameIdentity]) {
    expect(await sees(one)).toBe('none');
    expect((await take(one)).problem).toMatchObject({ code: 'state_conflict', facts: { state: 'not_new' } });
  }
  // Two new accounts of one payer, at once: the database lets one through.
  const rivals = await Promise.all(Array.from({ length: 4 }, () => makeConsumer(api)));
  for (const one of rivals) await wechat(one, 'openid-2');
  expect((await Promise.all(rivals.map((one) => take(one)))).filter(({ status }) => status === 200)).toHaveLength(1);
  // Of one kind of browser on one network three a day.
  const here = await Promise.all(Array.from({ length: 5 }, () => makeConsumer(api)));
  const got = await Promise.all(here.map((one) => take(one, 'one phone')));
  expect(got.filter(({ status }) => status === 200)).toHaveLength(3);

  // Forgotten, and back: somebody else by id, but nobody new.
  const forget = async (person: Principal) => {
    await api.ok(deleteMyData, { as: person, body: {} });
    for (const seconds of [7 * DAY_SECONDS + 1, 1_000, 1]) {
      api.clock.advanceSeconds(seconds);
      await api.api.platform.jobs.runNow(DATA_REQUESTS_JOB);
    }
    expect(await sql`SELECT phone, name FROM people WHERE id = ${person.personId}`).toMatchObject([{ phone: null }]);
  };
  const kind = await makeCouponKind(api, brand, hq, { newcomersOnly: true, listed: true });
  const buyer = await makeConsumer(api);
  await sql`UPDATE people SET phone = '13712340002', sandbox_account = '13712340002' WHERE id = ${buyer.personId}`;
  await forget(buyer); // never took one
  const { me } = await api.ok(sandboxSignIn, { body: { phone: '13712340002' } });
  const back: Principal = { personId: me.id, kind: 'consumer', name: me.name };
  expect(back.personId).not.toBe(buyer.personId);
  expect(await sees(back)).toBe('none');
  expect((await take(back)).problem.facts).toEqual({ state: 'not_new' });
  const claimed = await api.call(claimCoupon, { as: back, body: { kindId: kind.id } });
  expect(claimed.problem.facts).toMatchObject({ reason: 'not_newcomer' });
  // A number that nobody had is still somebody new, and nothing that was kept says whose it was.
  const { me: fresh } = await api.ok(sandboxSignIn, { body: { phone: '13712340003' } });
  expect((await take({ personId: fresh.id, kind: 'consumer', name: fresh.name })).status).toBe(200);
  const marks = await sql<{ row: string }>`SELECT m::text AS row FROM newcomer_marks m`;
  for (const { row } of marks) expect(row).not.toMatch(/1371234|openid|subject-/);
}, 60_000);
