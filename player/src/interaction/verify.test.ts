import type { Draw } from '@walnut-live/contracts';
import { expect, it } from 'vitest';
import { verifyDraw } from './verify.ts';

/** The example of docs/11-draws.md. */
const ids = [
  '2c420535813883f6e296b02adb46268e',
  '2db66baa6946f4db3176e758d6a4b04b',
  '8c94f79e75fc2304143bc6cbf6111e4a',
  'c7441b549433cc27196db6a37621bacd',
  'ffadae65e1aa56fa48d9c6c37d8eb7da',
];
const prize = (no: number) => ({ no, name: '奖', kind: 'parcel' as const, valueFen: 100, count: 1 });
const draw: Draw = {
  ...{
    id: '01980000-0000-7000-8000-0000000000aa',
    roomId: '01980000-0000-7000-8000-0000000000ab',
    state: 'closed',
    title: '抽奖',
  },
  ...{
    rules: { keyword: null, followers: false, customers: false },
    prizes: [prize(2), prize(1)],
    durationSeconds: 60,
  },
  ...{ preparedAt: '2026-11-22T12:00:00.000Z', openedAt: null, closesAt: null, closedAt: null, claimUntil: null },
  commitment: '4bb06f8e4e3a7715d201d573d0aa423762e55dabd61a2c02278fa56cc6d294e0',
  seed: '07'.repeat(32),
  listHash: '53877e32aa8a0b22da006657660b8a2e6f7f58f73d57684fde071a068bfc9ba0',
  entries: 5,
  winners: [
    { rank: 1, prizeNo: 1, publicId: 'c7441b549433cc27196db6a37621bacd', name: '安*' },
    { rank: 2, prizeNo: 2, publicId: 'ffadae65e1aa56fa48d9c6c37d8eb7da', name: '贝*' },
  ],
};
const failed = async (given: Draw, list: readonly string[]) =>
  Object.entries((await verifyDraw(given, list)).checks).flatMap(([check, ok]) => (ok ? [] : [check]));

it('G2 the browser comes to the result of the example', async () => {
  expect(await verifyDraw(draw, ids)).toEqual({
    ok: true,
    checks: { commitment: true, sorted: true, list: true, winners: true },
  });
});

it('G2 whatever was changed afterwards is seen', async () => {
  expect(await failed({ ...draw, seed: '08'.repeat(32) }, ids)).toEqual(['commitment', 'winners']);
  expect(await failed({ ...draw, winners: [...draw.winners].reverse() }, ids)).toEqual(['winners']);
  expect(await failed(draw, ids.slice(1))).toContain('list');
  expect(await failed(draw, [...ids].reverse())).toEqual(expect.arrayContaining(['sorted', 'list']));
  expect(await failed(draw, [...ids, ids[4] ?? ''])).toEqual(expect.arrayContaining(['sorted', 'list']));
  await expect(verifyDraw({ ...draw, seed: null }, ids)).rejects.toThrow('not drawn');
});
