// @vitest-environment jsdom
/** A store's set-up goes to others after a look at it, once, and what was done stays readable. */
import type { TemplateLine } from '@walnut-live/contracts';
import { ApiError } from '@walnut-live/live-client/http';
import { findMessageProblems } from '@walnut-live/ui';
import { act } from 'react';
import { afterEach, expect, it } from 'vitest';
import { type Answers, all, click, createDesk, hq, write } from '../../testing/desk.tsx';
import CopyTemplatesPage from './copy-page.tsx';
import { templateI18n } from './messages.ts';
import { draftOf, wishOf } from './wish.ts';

const desk = createDesk();
afterEach(async () => {
  await desk.leave();
  sessionStorage.clear();
});
const unit = (no: number, name: string) => ({
  ...{ id: `00000000-0000-4000-8000-00000000000${no}`, kind: 'store' as const, path: `hq.s${no}`, name },
});
const [lake, hill, west] = [unit(1, '湖滨店'), unit(2, '山前店'), unit(3, '城西店')];
const line = (act: TemplateLine['act'], name: string, why: TemplateLine['why'] = null): TemplateLine => ({
  ...{ kind: 'coupon_kinds', name, act, why },
});
const plan = {
  source: lake,
  stores: [
    { orgUnit: hill, lines: [line('make', '满减十元'), line('cannot', '老客券', 'in_use')] },
    {
      orgUnit: west,
      lines: [line('skip', '满减十元'), { ...line('same', 'stock_low'), kind: 'alert_rules' as const }],
    },
  ],
  sums: { make: 1, replace: 0, skip: 1, same: 1, cannot: 1 },
};
const chosen = `/?from=${lake.id}&what=coupon_kinds,alert_rules`;
const answers: Answers = { 'org.list': () => ({ items: [hq, lake, hill, west] }), 'templates.preview': () => plan };
const copies = () => desk.sent().filter(([id]) => id === 'templates.copy');
const begin = () => all('copy-begin')[0] as HTMLButtonElement;

it('every text is there in both languages, with the same parameters', () => {
  expect(findMessageProblems(templateI18n.messages)).toEqual([]);
});

it('the address says what is wished: a store is not copied to itself, and what is unknown is not there', () => {
  const stores = [lake, hill, west];
  const wish = (search: string) => {
    const params = new URLSearchParams(search);
    return wishOf(draftOf({ get: (name) => params.get(name) ?? undefined }, stores));
  };
  expect(wish(`from=${lake.id}`)).toBeUndefined();
  expect(wish(`from=${unit(9, '').id}&what=coupon_kinds`)).toBeUndefined();
  expect(wish(`from=${lake.id}&what=coupon_kinds&only=1&to=${lake.id}`)).toBeUndefined();
  expect(wish(`from=${lake.id}&what=shipping_rule,orders,room_slots&existing=all`)).toEqual({
    ...{ sourceId: lake.id, kinds: ['room_slots', 'shipping_rule'], to: 'all', existing: 'skip' },
  });
  expect(wish(`from=${lake.id}&what=coupon_kinds&only=1&to=${west.id},x,${hill.id}&existing=replace`)).toEqual({
    ...{ sourceId: lake.id, kinds: ['coupon_kinds'], to: [hill.id, west.id], existing: 'replace' },
  });
});

it('nothing is asked before all is chosen', async () => {
  await desk.show(
    <CopyTemplatesPage />,
    { 'org.list': () => ({ items: [hq, lake, hill] }) },
    { at: `/?from=${lake.id}` },
  );
  await desk.shown('先选门店、内容和复制到哪里');
  expect(desk.sent()).toEqual([]);
});

it('what would be made, kept or impossible stands there with its reason; one copy, and what it did stays', async () => {
  let answer: (value: unknown) => void = () => undefined;
  const done = {
    ...plan,
    sums: { ...plan.sums, make: 0, same: 2 },
    stores: [{ orgUnit: hill, lines: [line('same', '满减十元')] }],
  };
  await desk.show(
    <CopyTemplatesPage />,
    { ...answers, 'templates.copy': () => new Promise((resolve) => (answer = resolve)) },
    { at: chosen },
  );
  await desk.shown('同名券正在活动');
  expect(document.body.textContent).toContain('库存不足'); // a rule is told by what it watches
  expect(begin().textContent).toBe('复制到 1 家门店');
  await click('copy-begin');
  const submit = () => all('reason-submit')[0] as HTMLButtonElement;
  expect(submit().disabled).toBe(true);
  await write('reason', '开业统一配置');
  await click('reason-submit');
  await click('reason-submit');
  expect(copies().map(([, { body }]) => body)).toEqual([
    {
      ...{ sourceId: lake.id, kinds: ['coupon_kinds', 'alert_rules'], to: 'all', existing: 'skip' },
      reason: '开业统一配置',
    },
  ]);
  await act(async () => answer(done));
  await desk.shown('上次复制的结果');
  const result = () => all('copy-result')[0]?.textContent ?? '';
  expect(result()).toContain('开业统一配置');
  expect(result()).toContain('与复制前看到的不同');
  await desk.leave();
  // After a reload it is still there, until it is folded away.
  await desk.show(<CopyTemplatesPage />, answers, { at: chosen });
  expect(result()).toContain('山前店');
  await act(async () => all('copy-result')[0]?.querySelector('button')?.click());
  expect(all('copy-result')).toEqual([]);
});

it('a lost answer is asked for again under the same key; a store closed meanwhile is told, and nothing kept', async () => {
  const keys: unknown[] = [];
  const copy = (asked: object) => {
    keys.push('idempotencyKey' in asked ? asked.idempotencyKey : undefined);
    throw keys.length === 1
      ? new ApiError({ status: 0, code: 'offline' })
      : new ApiError({ status: 400, code: 'invalid_request' });
  };
  await desk.show(<CopyTemplatesPage />, { ...answers, 'templates.copy': copy }, { at: chosen });
  await desk.until(() => expect(begin().disabled).toBe(false));
  await click('copy-begin');
  await write('reason', '开业');
  await click('reason-submit');
  await desk.until(() => expect((all('reason-submit')[0] as HTMLButtonElement).className).not.toContain('loading'));
  await click('reason-submit');
  await desk.shown('有门店在此期间关闭');
  expect(keys[0]).toBeTruthy();
  expect(keys[1]).toBe(keys[0]);
  expect(all('copy-result')).toEqual([]);
});

it('where nothing is left to copy, or it could not be seen, nothing can be begun', async () => {
  const nothing = { ...plan, stores: [{ orgUnit: hill, lines: [line('same', '满减十元')] }] };
  await desk.show(<CopyTemplatesPage />, { ...answers, 'templates.preview': () => nothing }, { at: chosen });
  await desk.shown('没有需要复制的');
  expect(begin().disabled).toBe(true);
  await desk.leave();
  const gone = () => {
    throw new ApiError({ status: 404, code: 'not_found' });
  };
  await desk.show(<CopyTemplatesPage />, { ...answers, 'templates.preview': gone }, { at: chosen });
  await desk.shown('所选门店已关闭或不存在');
  expect(begin().disabled).toBe(true);
});
