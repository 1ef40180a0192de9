// @vitest-environment jsdom
/** Units are made, renamed and closed; what stands in the way is told; who may not is offered nothing. */
import { ApiError } from '@walnut-live/live-client/http';
import { afterEach, expect, it } from 'vitest';
import { type Answers, all, click, createDesk, hq, write } from '../../testing/desk.tsx';
import OrganisationPage from './organisation-page.tsx';

const desk = createDesk();
afterEach(desk.leave);
const rest = { legalName: '', licenceNo: '', address: '', servicePhone: '', staff: 0, closedAt: null };
const store = { id: 'st', kind: 'store', path: 'hq.lake', name: '湖滨店' } as const;
const tree = [
  { ...rest, unit: hq, legalName: '核桃集团' },
  { ...rest, unit: store, staff: 2 },
  { ...rest, unit: { ...store, id: 'old', path: 'hq.old', name: '老店' }, closedAt: '2026-11-01T00:00:00.000Z' },
];
const answers: Answers = { 'org.tree': () => ({ items: tree }), 'org.list': () => ({ items: [hq, store] }) };

it('a unit is made once, under the one chosen; a path that is taken is said at its field', async () => {
  let isTaken = true;
  const create = () => {
    if (isTaken) throw new ApiError({ status: 409, code: 'conflict', facts: { field: 'slug' } });
    return tree[1];
  };
  await desk.show(<OrganisationPage />, { ...answers, 'org.create': create });
  await desk.shown('湖滨店');
  expect(document.body.textContent).not.toContain('老店');
  await click('unit-new');
  await write('unit-name', ' 城南店 ');
  await write('unit-slug', 'South');
  await click('unit-submit');
  await desk.shown('1 至 30 位小写字母');
  expect(desk.sent()).toEqual([]);
  await write('unit-slug', 'south');
  await click('unit-submit');
  await desk.shown('同一上级下已有这个代号');
  isTaken = false;
  await click('unit-submit');
  await desk.until(() => expect(all('unit-slug')).toEqual([]));
  const [, again] = desk.sent();
  expect(again?.[1].body).toEqual({
    ...{ parentId: 'hq', kind: 'store', slug: 'south', name: '城南店' },
    ...{ legalName: '', licenceNo: '', address: '', servicePhone: '' },
  });
});

it('a unit with something open is not closed: what it is, is told, and the dialog stays', async () => {
  const close = () => {
    throw new ApiError({ status: 409, code: 'state_conflict', facts: { blocks: ['accounts', 'orders'] } });
  };
  await desk.show(<OrganisationPage />, { ...answers, 'org.close': close });
  await desk.shown('湖滨店');
  // Headquarters cannot be closed; the only such button is the store's.
  expect(all('unit-close').length).toBe(1);
  await click('unit-close');
  await write('reason', '停业');
  await click('reason-submit');
  await desk.shown('还不能关闭：有在职账号、有未完成订单');
  expect(desk.sent().map(([, { params, body }]) => [params, body])).toEqual([[{ id: 'st' }, { reason: '停业' }]]);
  expect(all('reason').length).toBe(1);
});

it('closed ones are shown when asked for, and cannot be changed; who may only read is offered nothing', async () => {
  await desk.show(<OrganisationPage />, answers, { at: '/?closed=1' });
  await desk.shown('老店');
  expect(all('unit-row').length).toBe(3);
  expect(all('unit-change').length).toBe(2);
  await desk.leave();
  await desk.show(<OrganisationPage />, answers, { role: 'store_manager' });
  await desk.shown('湖滨店');
  expect([...all('unit-new'), ...all('unit-change'), ...all('unit-close')]).toEqual([]);
});
