import { AfterSaleKind, AfterSaleState, OrderState } from '@walnut-live/contracts';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  afterSaleEvents,
  askableUntil,
  type CaseFacts,
  deadlineOf,
  decision,
  deeds,
  grant,
  grantDue,
  inspection,
  isProtected,
  kindsFor,
  nextCaseState,
  openStates,
  overdueEvent,
  overStates,
  refusalOfRequest,
  waiting,
} from './after-sales.policy.ts';

const DAY = 86_400_000;
const now = new Date('2026-06-10T08:00:00Z');
const ago = (days: number) => new Date(now.getTime() - days * DAY);
const facts = (over: Partial<CaseFacts> = {}): CaseFacts => ({
  ...{ kind: 'return_and_refund', state: 'requested', protected: false, goodsSent: false },
  ...over,
});

/** Rule S7, written down a second time. */
const allowed = new Map<string, AfterSaleState>([
  ['requested approve_refund', 'refunding'],
  ['requested approve_goods', 'awaiting_goods'],
  ['requested reject', 'rejected'],
  ['requested refuse', 'refused'],
  ['requested escalate', 'escalated'],
  ['requested escalate_overdue', 'escalated'],
  ['requested withdraw', 'withdrawn'],
  ['requested overtaken', 'withdrawn'],
  ['escalated approve_refund', 'refunding'],
  ['escalated approve_goods', 'awaiting_goods'],
  ['escalated approve_replacement', 'to_replace'],
  ['escalated refuse', 'refused'],
  ['escalated withdraw', 'withdrawn'],
  ['escalated overtaken', 'withdrawn'],
  ['rejected escalate', 'escalated'],
  ['rejected lapse', 'refused'],
  ['awaiting_goods send_goods', 'goods_on_way'],
  ['awaiting_goods withdraw', 'withdrawn'],
  ['awaiting_goods lapse', 'withdrawn'],
  ['awaiting_goods overtaken', 'withdrawn'],
  ['goods_on_way approve_refund', 'refunding'],
  ['goods_on_way approve_replacement', 'to_replace'],
  ['goods_on_way turn_down_goods', 'rejected'],
  ['goods_on_way escalate', 'escalated'],
  ['goods_on_way escalate_overdue', 'escalated'],
  ['goods_on_way overtaken', 'withdrawn'],
  ['to_replace replace', 'exchanged'],
  ['to_replace escalate', 'escalated'],
  ['to_replace escalate_overdue', 'escalated'],
  ['to_replace overtaken', 'withdrawn'],
  ['refunding finish_refund', 'refunded'],
  ['refunding refund_failed', 'escalated'],
]);
const everyPair = AfterSaleState.options.flatMap((state) => afterSaleEvents.map((event) => [state, event] as const));

describe('S7 the life of an after-sale case', () => {
  it.each(everyPair)('S7 %s + %s', (state, event) => {
    expect(nextCaseState(state, event)).toBe(allowed.get(`${state} ${event}`));
  });

  it('S7 every state is open, over or may be asked about; each waits for somebody or for money', () => {
    for (const state of AfterSaleState.options)
      expect([openStates.includes(state), overStates.includes(state), state === 'rejected'].filter(Boolean)).toEqual([
        true,
      ]);
    expect([...Object.values(waiting).flat(), 'refunding'].sort()).toEqual([...AfterSaleState.options].sort());
  });

  it.each([
    ['store', {}, true, 'approve_goods'],
    ['store', { kind: 'refund_only' }, true, 'approve_refund'],
    ['store', { kind: 'exchange' }, true, 'approve_goods'],
    ['store', {}, false, 'reject'],
    ['store', { protected: true }, false, undefined], // the seven days: only headquarters say no
    ['store', { state: 'escalated' }, true, undefined],
    ['store', { state: 'escalated' }, false, undefined],
    ['hq', { protected: true }, false, 'refuse'],
    ['hq', { state: 'escalated' }, false, 'refuse'],
    ['hq', { state: 'escalated' }, true, 'approve_goods'],
    ['hq', { state: 'escalated', goodsSent: true }, true, 'approve_refund'],
    ['hq', { state: 'escalated', goodsSent: true, kind: 'exchange' }, true, 'approve_replacement'],
    ['hq', { state: 'awaiting_goods' }, true, undefined],
    ['hq', { state: 'refunded' }, false, undefined],
  ] as const)('a word of the %s on %o (yes: %s) is %s', (by, over, yes, event) => {
    expect(decision(by, facts(over), yes)).toBe(event);
  });

  it('goods that were looked at: money, other pieces, the buyer hears no, or headquarters look too', () => {
    const arrived = facts({ state: 'goods_on_way', goodsSent: true });
    expect(inspection('store', arrived, true)).toBe('approve_refund');
    expect(inspection('store', { ...arrived, kind: 'exchange' }, true)).toBe('approve_replacement');
    expect(inspection('store', arrived, false)).toBe('turn_down_goods');
    expect(inspection('store', { ...arrived, protected: true }, false)).toBe('escalate');
    expect(inspection('hq', { ...arrived, protected: true }, false)).toBe('turn_down_goods');
  });

  it.each([
    ['buyer', 'requested', ['withdraw']],
    ['buyer', 'escalated', ['withdraw']],
    ['buyer', 'rejected', ['escalate']],
    ['buyer', 'awaiting_goods', ['send_back', 'withdraw']],
    ['buyer', 'goods_on_way', []],
    ['buyer', 'refunding', []],
    ['store', 'requested', ['decide', 'escalate']],
    ['store', 'escalated', []],
    ['store', 'goods_on_way', ['inspect']],
    ['store', 'to_replace', ['replace', 'escalate']],
    ['hq', 'to_replace', ['replace']],
    ['hq', 'requested', ['decide']],
    ['hq', 'escalated', ['decide']],
    ['hq', 'refused', []],
  ] as const)('a %s may with a case that is %s: %j', (side, state, expected) => {
    expect(deeds(side, facts({ state }))).toEqual(expected);
  });
  it('a case before headquarters is not withdrawn once the goods were sent', () => {
    expect(deeds('buyer', facts({ state: 'escalated', goodsSent: true }))).toEqual([]);
  });

  it('whatever somebody may do, the table knows', () => {
    const events = { escalate: ['escalate'], withdraw: ['withdraw'], send_back: ['send_goods'], replace: ['replace'] };
    for (const state of AfterSaleState.options)
      for (const kind of AfterSaleKind.options)
        for (const goodsSent of [true, false])
          for (const side of ['buyer', 'store', 'hq'] as const) {
            const given = facts({ state, kind, goodsSent });
            for (const deed of deeds(side, given)) {
              if (side === 'buyer' || (deed !== 'decide' && deed !== 'inspect')) {
                for (const event of events[deed as keyof typeof events])
                  expect(nextCaseState(state, event as 'replace')).toBeDefined();
                continue;
              }
              for (const yes of [true, false]) {
                const event = deed === 'decide' ? decision(side, given, yes) : inspection(side, given, yes);
                if (goodsSent === (state === 'goods_on_way') || state === 'escalated')
                  expect(event && nextCaseState(state, event)).toBeDefined();
              }
            }
          }
  });
});

describe('what may be asked for, and when', () => {
  it.each(OrderState.options)('an order that is %s', (state) => {
    const open = ['paid', 'shipped', 'received'].includes(state);
    expect(kindsFor(state, false)).toEqual(open ? ['refund_only'] : []);
    expect(kindsFor(state, true)).toEqual(open ? ['refund_only', 'return_and_refund', 'exchange'] : []);
  });

  it.each([
    ['return_and_refund', 0, true],
    ['return_and_refund', 7, true],
    ['return_and_refund', 7.001, false],
    ['refund_only', 1, false],
    ['exchange', 1, false],
  ] as const)('seven days: %s %d days after receipt: %s', (kind, days, is) => {
    expect(isProtected(kind, { state: 'received', receivedAt: ago(days) }, now)).toBe(is);
  });
  it('seven days: goods that are still on their way count as in time', () => {
    expect(isProtected('return_and_refund', { state: 'shipped', receivedAt: null }, now)).toBe(true);
  });

  it('is over fifteen days after receipt, and never before', () => {
    const ask = (days: number) =>
      refusalOfRequest({ kind: 'exchange' }, { state: 'received', receivedAt: ago(days), anySent: true }, now);
    expect([ask(0), ask(15), ask(15.001)]).toEqual([undefined, undefined, 'too_late']);
    expect(askableUntil({ state: 'shipped', receivedAt: null })).toBeNull();
    expect(refusalOfRequest({ kind: 'exchange' }, { state: 'paid', receivedAt: null, anySent: false }, now)).toBe(
      'state_conflict',
    );
  });
});

describe('what happens by itself', () => {
  it.each(AfterSaleState.options)('S7 a case that is %s', (state) => {
    const week = 7 * 24;
    const hours = { requested: 48, awaiting_goods: week, goods_on_way: 240, to_replace: week, rejected: week }[
      state as string
    ];
    const due = deadlineOf(state, now);
    expect(due && (due.getTime() - now.getTime()) / 3_600_000).toBe(hours ?? null);
    for (const unsent of [true, false])
      for (const kind of AfterSaleKind.options) {
        const event = overdueEvent(facts({ state, kind }), unsent);
        expect(event !== undefined).toBe(due !== null);
        if (event) expect(nextCaseState(state, event)).toBeDefined();
      }
  });
  it('nobody answered: money that was asked for before anything was sent goes back, everything else to headquarters', () => {
    expect(overdueEvent(facts({ kind: 'refund_only' }), true)).toBe('approve_refund');
    expect(overdueEvent(facts({ kind: 'refund_only' }), false)).toBe('escalate_overdue');
    expect(overdueEvent(facts(), true)).toBe('escalate_overdue');
    expect(overdueEvent(facts({ state: 'awaiting_goods' }), true)).toBe('lapse');
    expect(overdueEvent(facts({ state: 'rejected' }), true)).toBe('lapse');
    expect(overdueEvent(facts({ state: 'to_replace' }), true)).toBe('escalate_overdue');
  });
});

it('M4 a grant is split without losing a fen, and gives no part more than was asked for it', () => {
  const amount = fc.bigInt({ min: 0n, max: 10n ** 9n });
  fc.assert(
    fc.property(fc.array(amount, { minLength: 1, maxLength: 6 }), amount, fc.nat(1_000), (amounts, shipping, part) => {
      const asked = {
        lines: amounts.map((amountFen, n) => ({ itemId: `${n}`, quantity: 1, amountFen })),
        shippingFen: shipping,
      };
      const total = amounts.reduce((sum, fen) => sum + fen, shipping);
      const given = (total * BigInt(part)) / 1_000n;
      const granted = grant(asked, given);
      expect(granted.lines.reduce((sum, line) => sum + line.amountFen, granted.shippingFen)).toBe(given);
      granted.lines.forEach((line, n) => {
        expect(line.amountFen <= (amounts[n] ?? 0n)).toBe(true);
      });
      expect(granted.shippingFen <= shipping).toBe(true);
    }),
  );
});

it('M4 of a grant that is back in part the rest is due, whatever was back: together exactly the grant, of no part more than asked', () => {
  const part = fc.record({ asked: fc.bigInt({ min: 0n, max: 10n ** 6n }), back: fc.nat(100) });
  fc.assert(
    fc.property(fc.array(part, { minLength: 2, maxLength: 6 }), fc.nat(100), (parts, share) => {
      const [shipping = { asked: 0n, back: 0 }, ...items] = parts;
      const backOf = ({ asked, back }: { asked: bigint; back: number }) => (asked * BigInt(back)) / 100n;
      const line = (n: number, amountFen: bigint) => ({ itemId: `${n}`, quantity: 1, amountFen });
      const asked = { lines: items.map((one, n) => line(n, one.asked)), shippingFen: shipping.asked };
      const back = { lines: items.map((one, n) => line(n, backOf(one))), shippingFen: backOf(shipping) };
      const sum = (of: typeof asked) => of.lines.reduce((all, { amountFen }) => all + amountFen, of.shippingFen);
      const grantedFen = (sum(asked) * BigInt(share)) / 100n;
      const reckoned = grantDue(asked, grantedFen, back);
      expect(reckoned === undefined).toBe(grantedFen < sum(back));
      if (!reckoned) return;
      expect(sum(reckoned.due) + sum(back)).toBe(grantedFen);
      expect([reckoned.dueFen, sum(reckoned.granted)]).toEqual([sum(reckoned.due), grantedFen]);
      reckoned.granted.lines.forEach((one, n) => {
        expect(one.amountFen <= (items[n]?.asked ?? 0n)).toBe(true);
      });
      expect(reckoned.granted.shippingFen <= shipping.asked).toBe(true);
    }),
  );
  // A hundred each of two, fifty of the second are back, sixty are granted: ten more go.
  const two = (...amounts: bigint[]) => ({
    lines: amounts.map((amountFen, n) => ({ itemId: `${n}`, quantity: 0, amountFen })),
    shippingFen: 0n,
  });
  expect(grantDue(two(100n, 100n), 60n, two(0n, 50n))?.due).toEqual(two(10n, 0n));
});
