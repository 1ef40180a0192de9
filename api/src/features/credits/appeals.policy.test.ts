import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  APPEAL_DAYS,
  answerOf,
  appealUntil,
  mayAppeal,
  type Parties,
  roleOf,
  type Traced,
  touchOf,
  traceOfRuling,
  type Version,
} from './appeals.policy.ts';

const NOW = new Date('2026-11-22T12:00:00Z');
const daysAgo = (days: number) => new Date(NOW.getTime() - days * 86_400_000);
const parties: Parties = {
  buyerIds: new Set(['buyer', 'former-guest']),
  considered: [
    { reason: 'share_link', personId: 'won' },
    { reason: 'share_link', personId: 'lost' },
    { reason: 'share_link', personId: 'former-guest' },
    { reason: 'owner_guide', personId: 'owner' },
    { reason: 'room_guide', personId: 'host' },
    { reason: 'store', personId: null },
  ],
  creditedId: 'ruled',
  ownerGuideId: 'new-owner',
  unitPaths: new Set(['hq.east.a', 'hq.east.b']),
};
const staff = (role: 'store_manager' | 'guide' | 'channel_manager' | 'hq_admin', orgPath: string) => ({
  role,
  orgPath,
});

describe('who may ask for another look', () => {
  it.each([
    ['the sharer who won', { personId: 'won' }, 'sharer'],
    ['a sharer who lost', { personId: 'lost' }, 'sharer'],
    ['whom a ruling gave it to', { personId: 'ruled' }, 'sharer'],
    ['the guide who owned the customer', { personId: 'owner' }, 'owner_guide'],
    ['the guide who owns them now', { personId: 'new-owner' }, 'owner_guide'],
    ['the guide of the room', { personId: 'host' }, 'room_guide'],
    ['a manager of a store concerned', { personId: 'm', staff: staff('store_manager', 'hq.east.b') }, 'store_manager'],
    ['a manager of another store', { personId: 'm', staff: staff('store_manager', 'hq.east.c') }, null],
    ['a guide of a store concerned', { personId: 'g', staff: staff('guide', 'hq.east.a') }, null],
    ['a channel', { personId: 'c', staff: staff('channel_manager', 'hq.east') }, null],
    ['headquarters', { personId: 'h', staff: staff('hq_admin', 'hq') }, null],
    ['the buyer', { personId: 'buyer' }, null],
    ['the guest the buyer was', { personId: 'former-guest' }, null],
    ['anybody else', { personId: 'x' }, null],
  ] as const)('A3 %s', (_what, who, role) => {
    expect(roleOf(who, parties)).toBe(role);
  });

  const version = (no: number, personId: string | null, days: number, reason: Version['reason'] = 'hq_ruling') => ({
    ...{ version: no, personId, reason, at: daysAgo(days) },
  });
  it.each([
    ['no ruling: the decision', [version(1, 'a', 20, 'share_link')], 1],
    ['an upheld one is no new answer', [version(1, 'a', 20, 'share_link'), version(2, 'a', 2, 'share_link')], 1],
    ['a change is', [version(1, 'a', 20, 'share_link'), version(2, 'b', 9), version(3, 'b', 1)], 2],
    ['to nobody and back', [version(1, 'a', 20, 'share_link'), version(2, null, 9), version(3, 'a', 1)], 3],
  ] as const)('A4 what stands was said by: %s', (_what, versions, no) => {
    expect(answerOf([...versions].reverse()).version).toBe(no);
  });

  const base = { role: 'sharer', paid: true, answer: { version: 2, at: daysAgo(1) }, asked: [], now: NOW } as const;
  it.each([
    ['a party of a sale', base, 'yes'],
    ['nobody of the case', { ...base, role: null }, 'not_a_party'],
    ['A7 an order that nobody paid', { ...base, paid: false }, 'not_a_sale'],
    ['who asked about this answer', { ...base, asked: [2] }, 'asked_already'],
    ['who asked about this answer after it was upheld', { ...base, asked: [3] }, 'asked_already'],
    ['who asked about an earlier answer', { ...base, asked: [1] }, 'yes'],
    ['on the last day', { ...base, answer: { version: 2, at: daysAgo(APPEAL_DAYS) } }, 'yes'],
    ['a moment later', { ...base, now: new Date(appealUntil(daysAgo(1)).getTime() + 1) }, 'too_late'],
  ] as const)('A3 %s', (_what, facts, wanted) => {
    expect(mayAppeal(facts)).toBe(wanted);
  });
});

describe('what a ruling makes of the reasoning', () => {
  const traced = (reason: Traced['reason'], personId: string | null, won = false): Traced => ({
    ...{ reason, personId, won, why: won ? 'won' : reason === 'hq_ruling' ? 'none' : 'outranked' },
    ...{ touchId: reason === 'share_link' ? `t-${personId}` : null, at: null, channel: null },
  });
  const decided = [
    traced('hq_ruling', null),
    traced('share_link', 'a', true),
    { ...traced('share_link', 'b'), why: 'older_click' as const },
    traced('hq', null),
  ];
  it('A3 the ruling stands above everything, and what was considered keeps why it lost', () => {
    fc.assert(
      fc.property(fc.array(fc.option(fc.constantFrom('a', 'b', 'x')), { minLength: 1, maxLength: 4 }), (holders) => {
        const last = holders.reduce<Traced[]>(
          (trace, personId) => traceOfRuling(trace, { personId, at: NOW }),
          decided,
        );
        expect(last.map(({ reason }) => reason)).toEqual(decided.map(({ reason }) => reason));
        expect(last.filter(({ won }) => won)).toEqual([
          expect.objectContaining({ reason: 'hq_ruling', personId: holders.at(-1) ?? null, why: 'won' }),
        ]);
        expect(last[2]).toEqual(decided[2]);
      }),
      { numRuns: 50 },
    );
  });
  it('A3 a sharer comes to it by their newest click, others by none', () => {
    expect([touchOf(decided, 'b'), touchOf(decided, 'x'), touchOf(decided, null)]).toEqual(['t-b', null, null]);
  });
});
