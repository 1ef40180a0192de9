import { describe, expect, it, test } from 'vitest';
import { type BillLine, differencesOf, type OurRow } from './matching.policy.ts';
import { dueDays, lastReadyDay, MOST_DAYS_BACK, tryAgainAt } from './schedule.policy.ts';

const line = (more: Partial<BillLine> = {}): BillLine => ({
  ...{ kind: 'payment', number: 'p1', amountFen: 100n, state: 'captured' },
  ...more,
});
const row = (more: Partial<OurRow> = {}): OurRow => ({
  ...{ number: 'p1', paymentId: 'id-1', amountFen: 100n, state: 'captured', isBooked: true },
  ...more,
});
const none = { payment: [], refund: [] };
const kinds = (bill: BillLine[], ours: OurRow[]) =>
  differencesOf({ bill, ours: { payment: ours, refund: ours }, notInBills: none }).map(({ kind }) => kind);

describe('a line of a bill', () => {
  it.each<[string, BillLine, OurRow[], string[]]>([
    ['agrees', line(), [row()], []],
    ['is unknown here', line(), [], ['missing_here']],
    ['was revoked and is unknown here', line({ state: 'revoked' }), [], []],
    ['has another amount', line({ amountFen: 101n }), [row()], ['amount_differs']],
    ['was paid, and is open here', line(), [row({ state: 'pending', isBooked: false })], ['state_differs']],
    ['was paid, and is closed here', line(), [row({ state: 'closed', isBooked: false })], ['state_differs']],
    ['was paid late, and noted as such', line(), [row({ state: 'closed', isBooked: true })], []],
    ['was revoked, and is paid here', line({ state: 'revoked' }), [row()], ['state_differs']],
    ['is a refund that agrees', line({ kind: 'refund', state: 'refund_succeeded' }), [row({ state: 'succeeded' })], []],
    [
      'is a refund that is under way on both sides',
      line({ kind: 'refund', state: 'refund_processing' }),
      [row({ state: 'processing', isBooked: false })],
      [],
    ],
    [
      'is a refund that failed there and is done here',
      line({ kind: 'refund', state: 'refund_failed' }),
      [row({ state: 'succeeded' })],
      ['state_differs'],
    ],
    [
      'is a refund that is done there and failed here',
      line({ kind: 'refund', state: 'refund_succeeded' }),
      [row({ state: 'failed', isBooked: false })],
      ['state_differs'],
    ],
  ])('%s', (_what, given, ours, expected) => expect(kinds([given], ours)).toEqual(expected));

  it('that is not there is missing there', () => {
    const found = differencesOf({
      bill: [],
      ours: none,
      notInBills: { payment: [row()], refund: [row({ number: 'r1' })] },
    });
    expect(found.map(({ kind, number, theirs }) => [kind, number, theirs])).toEqual([
      ['missing_there', 'p1', null],
      ['missing_there', 'r1', null],
    ]);
  });
});

describe('when', () => {
  const at = (china: string) => new Date(`${china}+08:00`);
  test('a bill can be had at ten in the morning of the next day, in China', () => {
    expect(lastReadyDay(at('2026-11-22T09:59:59'))).toBe('2026-11-20');
    expect(lastReadyDay(at('2026-11-22T10:00:00'))).toBe('2026-11-21');
    expect(lastReadyDay(at('2027-01-01T00:30:00'))).toBe('2026-12-30');
  });
  test('days that were missed are caught up, the oldest first, and not without end', () => {
    const now = at('2026-11-22T12:00:00');
    expect(dueDays({ now, firstDay: '2026-11-18', done: new Set(['2026-11-19']) })).toEqual([
      '2026-11-18',
      '2026-11-20',
      '2026-11-21',
    ]);
    expect(dueDays({ now, firstDay: '2026-11-22', done: new Set() })).toEqual([]);
    expect(dueDays({ now, firstDay: '2020-01-01', done: new Set() })).toHaveLength(MOST_DAYS_BACK);
  });
  test('one that failed is tried again after 10 minutes, later and later up to two hours', () => {
    const now = at('2026-11-22T12:00:00');
    const minutes = [1, 2, 3, 4, 5, 50].map(
      (attempts) => (tryAgainAt(now, attempts).getTime() - now.getTime()) / 60_000,
    );
    expect(minutes).toEqual([10, 20, 40, 80, 120, 120]);
  });
});
