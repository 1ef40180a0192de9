import type { EntryRefusalReason, RoomAudience } from '@walnut-live/contracts';
import { describe, expect, test } from 'vitest';
import { type EntryPerson, type EntryRoom, marksCount, mayEnter } from './room-access.policy.ts';

const began = new Date('2026-11-01T12:00:00Z');
const before = new Date('2026-10-01T12:00:00Z');
const during = new Date('2026-11-01T12:10:00Z');
const guest: EntryPerson = {
  kind: 'guest',
  staffPath: undefined,
  firstPaidAt: undefined,
  isBoundBuyer: false,
  marks: [],
};
const consumer: EntryPerson = { ...guest, kind: 'consumer' };
const staff = (staffPath: string): EntryPerson => ({ ...guest, kind: 'staff', staffPath });
const room = (audience: RoomAudience, more: Partial<EntryRoom> = {}): EntryRoom => ({
  ...{ audience, orgPath: 'hq.east.hangzhou', startedAt: began, isInvited: false },
  ...more,
});
const marked = (kind: 'member' | 'koc', orgPath: string): EntryPerson => ({ ...consumer, marks: [{ kind, orgPath }] });

const people: Record<string, EntryPerson> = {
  guest,
  consumer,
  buyer: { ...consumer, firstPaidAt: before },
  boundBuyer: { ...consumer, firstPaidAt: before, isBoundBuyer: true },
  boughtHere: { ...consumer, firstPaidAt: during, isBoundBuyer: true },
  markedMember: marked('member', 'hq.east.hangzhou'),
  memberOfOther: marked('member', 'hq.east.shanghai'),
  koc: marked('koc', 'hq.east'),
  kocOfStore: marked('koc', 'hq.east.hangzhou'),
  kocOfOther: marked('koc', 'hq.north'),
  crew: staff('hq.east.hangzhou'),
  dealer: staff('hq.east'),
  headquarters: staff('hq'),
  otherStore: staff('hq.east.shanghai'),
  below: staff('hq.east.hangzhou.counter'),
};
type Expected = Record<string, EntryRefusalReason | 'in'>;
const inAll = { crew: 'in', dealer: 'in', headquarters: 'in' } as const;
const table: Record<RoomAudience, Expected> = {
  everyone: Object.fromEntries(Object.keys(people).map((who) => [who, 'in' as const])),
  members: {
    ...{ guest: 'sign_in', consumer: 'not_member', buyer: 'not_member', boundBuyer: 'in', boughtHere: 'in' },
    ...{ markedMember: 'in', memberOfOther: 'not_member', koc: 'not_member', kocOfStore: 'not_member' },
    ...{ kocOfOther: 'not_member', otherStore: 'not_member', below: 'not_member', ...inAll },
  },
  newcomers: {
    ...{ guest: 'in', consumer: 'in', buyer: 'not_newcomer', boundBuyer: 'not_newcomer', boughtHere: 'in' },
    ...{ markedMember: 'in', memberOfOther: 'in', koc: 'in', kocOfStore: 'in', kocOfOther: 'in' },
    ...{ otherStore: 'not_newcomer', below: 'not_newcomer', ...inAll },
  },
  koc: {
    ...{ guest: 'sign_in', consumer: 'not_koc', buyer: 'not_koc', boundBuyer: 'not_koc', boughtHere: 'not_koc' },
    ...{ markedMember: 'not_koc', memberOfOther: 'not_koc', koc: 'in', kocOfStore: 'in', kocOfOther: 'not_koc' },
    ...{ otherStore: 'not_koc', below: 'not_koc', ...inAll },
  },
  invited: {
    ...Object.fromEntries(Object.keys(people).map((who) => [who, 'not_invited' as const])),
    ...{ guest: 'sign_in', ...inAll },
  },
};

describe.each(Object.entries(table))('a room for %s', (audience, expected) => {
  test.each(Object.entries(people))('%s', (who, person) => {
    const answer = mayEnter(person, room(audience as RoomAudience), undefined);
    expect(answer.mayEnter ? 'in' : answer.reason).toBe(expected[who]);
  });
  test('who is on its list enters, whoever they are', () => {
    for (const person of Object.values(people))
      expect(mayEnter(person, room(audience as RoomAudience, { isInvited: true }), undefined).mayEnter).toBe(true);
  });
  test('a co-host enters', () => {
    expect(mayEnter(people.otherStore ?? consumer, room(audience as RoomAudience), undefined, true).mayEnter).toBe(
      true,
    );
  });
});

test('before a room has begun, a newcomer is who has paid for nothing yet', () => {
  const early = room('newcomers', { startedAt: undefined });
  expect(mayEnter(consumer, early, undefined).mayEnter).toBe(true);
  expect(mayEnter({ ...consumer, firstPaidAt: during }, early, undefined).mayEnter).toBe(false);
});

test('a relay has two doors: its own, and that of the programme; the crew of the relaying store passes both', () => {
  const programme = room('members', { orgPath: 'hq' });
  const open = room('everyone');
  expect(mayEnter(consumer, open, programme)).toEqual({ mayEnter: false, audience: 'members', reason: 'not_member' });
  expect(mayEnter({ ...consumer, isBoundBuyer: true }, open, programme).mayEnter).toBe(true);
  expect(mayEnter({ ...consumer, isBoundBuyer: true }, room('koc'), programme)).toMatchObject({ audience: 'koc' });
  expect(mayEnter(staff('hq.east.hangzhou'), open, programme).mayEnter).toBe(true);
  expect(mayEnter(staff('hq.east.shanghai'), open, programme).mayEnter).toBe(false);
});

test.each([
  ['hq.east.hangzhou', 'hq.east.hangzhou', true],
  ['hq.east', 'hq.east.hangzhou', true],
  ['hq.east.hangzhou', 'hq', true],
  ['hq.east.hangzhou', 'hq.east.shanghai', false],
  ['hq.east.hang', 'hq.east.hangzhou', false],
  ['hq.north', 'hq.east.hangzhou', false],
])('a mark of %s in a room of %s counts: %s', (mark, path, counts) => {
  expect(marksCount(mark, path)).toBe(counts);
});
