import { expect, test } from 'vitest';
import { afterEnd, afterStart, mayHost, roleInRoom, troubleOf, worstFirst } from './rooms.policy.ts';

const room = { hostId: 'h', orgPath: 'hq.east.hangzhou' };

test.each([
  ['the host at their store', 'h', { role: 'guide', orgPath: 'hq.east.hangzhou' }, 'host'],
  ['a host who moved to another store', 'h', { role: 'guide', orgPath: 'hq.east.shanghai' }, 'viewer'],
  ['a host who became an analyst', 'h', { role: 'hq_analyst', orgPath: 'hq' }, 'viewer'],
  ['a colleague', 'x', { role: 'guide', orgPath: 'hq.east.hangzhou' }, 'operator'],
  ['an assistant', 'x', { role: 'assistant', orgPath: 'hq.east.hangzhou' }, 'operator'],
  ['HQ operations', 'x', { role: 'hq_operations', orgPath: 'hq' }, 'operator'],
  ['the channel', 'x', { role: 'channel_manager', orgPath: 'hq.east' }, 'viewer'],
  ['a store whose path only begins alike', 'x', { role: 'guide', orgPath: 'hq.east.hang' }, 'viewer'],
  ['a customer', 'x', undefined, 'viewer'],
] as const)('%s', (_, id, staff, role) => {
  expect(roleInRoom({ id, staff }, room)).toBe(role);
});

test('a host is staff who may go live where the room is', () => {
  expect(mayHost({ role: 'guide', orgPath: 'hq.east.hangzhou' }, 'hq.east.hangzhou')).toBe(true);
  expect(mayHost({ role: 'guide', orgPath: 'hq.east.hangzhou' }, 'hq')).toBe(false);
  expect(mayHost({ role: 'assistant', orgPath: 'hq.east.hangzhou' }, 'hq.east.hangzhou')).toBe(false);
  expect(mayHost(undefined, 'hq')).toBe(false);
});

test('S7 a room goes scheduled, live, ended and never back', () => {
  expect(afterStart).toEqual({ scheduled: 'live', live: 'live', ended: undefined });
  expect(afterEnd).toEqual({ scheduled: undefined, live: 'ended', ended: 'ended' });
});

test('the wall puts the worst first, among equals the fullest room', () => {
  const item = (
    id: string,
    streamState: 'idle' | 'live' | 'interrupted',
    viewersNow: number,
    health: 'good' | 'poor' | null = null,
  ) => ({
    room: { id },
    viewersNow,
    trouble: troubleOf({ streamState, viewersNow, health }),
  });
  const items = [
    item('fine', 'live', 5, 'good'),
    item('lossy', 'live', 5, 'poor'),
    item('alone', 'live', 0),
    item('stumbling', 'interrupted', 3),
    item('dark', 'idle', 2),
    item('dark and full', 'idle', 900),
    item('dark and empty', 'idle', 0),
  ];
  expect(worstFirst(items).map(({ room: { id } }) => id)).toEqual([
    'dark and empty',
    'dark and full',
    'dark',
    'stumbling',
    'lossy',
    'alone',
    'fine',
  ]);
});
