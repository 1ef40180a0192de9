import { checkAdult, getAdultCheck, getWallet, topUpWallet, withdrawAdultCheck } from '@walnut-live/contracts';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Brand, makeConsumer, seedBrand } from '../../testing/fixtures.ts';
import { GIFT, give, idNumber, makeGiver, randomAdult, showAdult } from '../../testing/gifts.ts';
import { startTestApi, type TestApi } from '../../testing/test-api.ts';

let api: TestApi;
let brand: Brand;
beforeAll(async () => {
  api = await startTestApi();
  brand = await seedBrand(api);
});
afterAll(() => api[Symbol.asyncDispose]());
const sql = (...args: Parameters<TestApi['api']['platform']['db']['sql']>) => api.api.platform.db.sql(...args);
const topUp = (as: Brand['consumers']['anna']) =>
  api.call(topUpWallet, { as, body: { packageId: 'yuan-6', provider: 'sandbox' } });
const yearsAgo = (years: number, days: number): string => {
  const day = new Date(api.clock.now().getTime() + 8 * 3_600_000 + days * 86_400_000);
  return `${day.getUTCFullYear() - years}${day.toISOString().slice(4, 10)}`;
};

test('G1 before the check neither coins nor gifts, with a code that names the way', async () => {
  const person = await makeConsumer(api);
  expect(await api.ok(getAdultCheck, { as: person })).toEqual({ state: 'none', checkedAt: null, consentGivenAt: null });
  expect((await topUp(person)).problem).toMatchObject({ status: 403, code: 'adult_check_needed' });
  const gift = await give(api, person, brand.rooms.a.id, GIFT.walnut);
  expect(gift.problem).toMatchObject({ status: 403, code: 'adult_check_needed' });
  await showAdult(api, person);
  expect((await topUp(person)).status).toBe(201);
});

test('G1 eighteen today is an adult, eighteen tomorrow is not and is told so', async () => {
  const today = await makeConsumer(api);
  expect(await showAdult(api, today, idNumber(yearsAgo(18, 0)))).toMatchObject({ state: 'adult' });
  const tomorrow = await makeConsumer(api);
  expect(await showAdult(api, tomorrow, idNumber(yearsAgo(18, 1)))).toMatchObject({ state: 'minor' });
  expect((await topUp(tomorrow)).problem.code).toBe('adults_only');
  expect((await give(api, tomorrow, brand.rooms.a.id, GIFT.walnut)).problem.code).toBe('adults_only');
});

test('Z6 neither name nor number is kept: a keyed hash, a year and an answer are, beside the consent', async () => {
  const person = await makeConsumer(api);
  const number = idNumber('1988-07-09');
  await showAdult(api, person, number);
  const rows = await sql`SELECT * FROM adult_checks WHERE person_id = ${person.personId}`;
  expect(rows).toMatchObject([{ birth_year: 1988, adult: true, verifier: 'embedded' }]);
  expect(rows[0]).toHaveProperty('subject', expect.stringMatching(/^[\w-]{43}$/));
  const everything = await sql`
    SELECT (SELECT string_agg(t::text, ' ') FROM adult_checks t) || (SELECT string_agg(t::text, ' ') FROM consents t)
      || coalesce((SELECT string_agg(t::text, ' ') FROM audit_log t), '') || coalesce((SELECT string_agg(t::text, ' ') FROM idempotency_keys t), '') AS text`;
  for (const secret of [number, number.slice(6, 14), '林小桃'])
    expect(JSON.stringify(everything)).not.toContain(secret);
  const consents =
    await sql`SELECT purpose, wording_version, withdrawn_at FROM consents WHERE person_id = ${person.personId}`;
  expect(consents).toEqual([{ purpose: 'adult_check', wording_version: 1, withdrawn_at: null }]);
});

test('Z6 who withdraws is forgotten at once; coins stay, and a new check opens the way again', async () => {
  const giver = await makeGiver(api);
  await api.ok(withdrawAdultCheck, { as: giver });
  await api.ok(withdrawAdultCheck, { as: giver }); // twice is no error
  expect(await sql`SELECT 1 FROM adult_checks WHERE person_id = ${giver.personId}`).toEqual([]);
  const wallet = await api.ok(getWallet, { as: giver });
  expect(wallet).toMatchObject({ coins: 60, adult: { state: 'none', consentGivenAt: null } });
  expect((await give(api, giver, brand.rooms.a.id, GIFT.walnut)).problem.code).toBe('adult_check_needed');
  await showAdult(api, giver);
  expect((await give(api, giver, brand.rooms.a.id, GIFT.walnut)).status).toBe(201);
  const consents =
    await sql`SELECT withdrawn_at IS NULL AS stands FROM consents WHERE person_id = ${giver.personId} ORDER BY given_at`;
  expect(consents).toEqual([{ stands: false }, { stands: true }]);
});

test('a wrong number is refused, without a consent there is no check, and nobody searches for a number that passes', async () => {
  const person = await makeConsumer(api);
  const wrong = randomAdult().replace(/.$/, (last) => (last === '1' ? '2' : '1'));
  const body = { name: '林小桃', idNumber: wrong, consentWording: 1 } as const;
  expect((await api.call(checkAdult, { as: person, body })).problem).toMatchObject({ code: 'identity_refused' });
  const { consentWording: _, ...without } = body;
  expect((await api.call(checkAdult, { as: person, body: without as typeof body })).status).toBe(400);
  const answers = [];
  for (let i = 0; i < 8; i++) answers.push((await api.call(checkAdult, { as: person, body })).problem.code);
  expect(answers.at(-1)).toBe('rate_limited');
  expect(await sql`SELECT 1 FROM consents WHERE person_id = ${person.personId}`).toEqual([]);
  expect(JSON.stringify(await api.call(checkAdult, { as: person, body }))).not.toContain(wrong);
});
