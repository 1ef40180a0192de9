/**
 * What tests of waves share: a day with a plan of store A, whose customers are Anna and Bella (Chris is store B's).
 * `useWaves()` in a test file gives each of its tests an api and a brand of its own.
 */
import {
  type addWaveAction,
  type BodyInputOf,
  createWave,
  getWave,
  moveWave,
  myMessages,
  type Wave,
} from '@walnut-live/contracts';
import { afterEach, beforeEach } from 'vitest';
import { MESSAGES_JOB } from '../features/messages/index.ts';
import { WAVES_JOB } from '../features/waves/index.ts';
import type { Principal, StaffPrincipal } from '../platform/principal.ts';
import { type Brand, seedBrand } from './fixtures.ts';
import { startTestApi, type TestApi } from './test-api.ts';

export const HOUR = 60;
/** The plan begins at ten in the morning, outside of quiet hours. */
export const START = new Date('2031-03-04T10:00:00+08:00');
/** So many minutes into the plan. */
export const at = (minutes: number): Date => new Date(START.getTime() + minutes * 60_000);
export const iso = (minutes: number): string => at(minutes).toISOString();
type Plan = BodyInputOf<typeof createWave>;
export type Action = BodyInputOf<typeof addWaveAction>;
export const phases: Plan['phases'] = [
  { phase: 'build_up', from: iso(0), until: iso(2 * HOUR) },
  { phase: 'pre_sale', from: iso(2 * HOUR), until: iso(4 * HOUR) },
  { phase: 'sale', from: iso(4 * HOUR), until: iso(6 * HOUR) },
  { phase: 'follow_up', from: iso(6 * HOUR), until: iso(8 * HOUR) },
];

export let api: TestApi;
export let brand: Brand;
/** Store A's manager, who plans. */
export let as: StaffPrincipal;
export function useWaves(): void {
  beforeEach(async () => {
    api = await startTestApi();
    api.clock.set(new Date(START.getTime() - 60 * 60_000));
    brand = await seedBrand(api);
    as = brand.staff.a.manager;
    for (const [who, store] of [
      [brand.consumers.anna, brand.stores.a],
      [brand.consumers.bella, brand.stores.a],
      [brand.consumers.chris, brand.stores.b],
    ] as const)
      await api.api.platform.db.sql`INSERT INTO owner_bindings (id, customer_id, store_id, reason, bound_at)
        VALUES (${crypto.randomUUID()}, ${who.personId}, ${store.id}, 'sharer_store', ${api.clock.now()})`;
  });
  afterEach(() => api[Symbol.asyncDispose]());
}

export const openRoom = (minutes = 5): Action => ({
  phase: 'build_up',
  at: iso(minutes),
  deed: {
    kind: 'room_open',
    title: '新品发售夜',
    hostId: brand.staff.a.guide.personId,
    scheduledAt: iso(5 * HOUR),
    productIds: [brand.products.milk.id],
  },
});
export const invite = (minutes = 10, text = '今晚新品发售，先来预约'): Action => ({
  phase: 'build_up',
  at: iso(minutes),
  deed: { kind: 'message', audience: 'customers', text },
});
export const openOffer = (minutes = 2 * HOUR + 5): Action => ({
  phase: 'pre_sale',
  at: iso(minutes),
  deed: { kind: 'offer_open', skuId: brand.products.milk.sku.id, priceFen: 490, until: iso(6 * HOUR) },
});
export const plan = (...actions: Action[]): Promise<Wave> =>
  api.ok(createWave, { body: { title: '春日上新', phases, actions }, as });
export const move = (wave: Wave, to: BodyInputOf<typeof moveWave>['to']) =>
  api.call(moveWave, { params: { id: wave.id }, body: { to, reason: '换货' }, as });
export const run = (wave: Wave): Promise<Wave> =>
  api.ok(moveWave, { params: { id: wave.id }, body: { to: 'running' }, as });
/** A turn of the jobs, so many minutes into the plan. */
export async function turn(minutes?: number): Promise<void> {
  if (minutes !== undefined) api.clock.set(at(minutes));
  for (const job of [WAVES_JOB, MESSAGES_JOB]) await api.api.platform.jobs.runNow(job);
}
export const read = (wave: Wave, by = as): Promise<Wave> => api.ok(getWave, { params: { id: wave.id }, as: by });
export const states = async (wave: Wave, by = as): Promise<string[]> =>
  (await read(wave, by)).actions.map(({ deed, state, reason }) => [deed.kind, state, reason].filter(Boolean).join(' '));
/** What a person reads under their messages, the newest first. */
export const heard = async (who: Principal = brand.consumers.anna): Promise<string[]> =>
  (await api.ok(myMessages, { as: who })).items.map(({ content, why }) => `${why} ${content.text}`);
