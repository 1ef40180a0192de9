import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Click, type CreditInputs, decideCredit } from './credits.policy.ts';

const NOW = new Date('2026-11-22T12:00:00Z');
const ago = (minutes: number) => new Date(NOW.getTime() - minutes * 60_000);
const click = (sharerId: string, minutes: number, more: Partial<Click> = {}): Click => ({
  touchId: `${sharerId}@${minutes}`,
  sharerId,
  sharerActive: true,
  roomId: 'room',
  channel: 'copy',
  at: ago(minutes),
  ...more,
});
const owner = { guideId: 'owner', guideActive: true, valid: true, boundAt: ago(9_999) };
const base: CreditInputs = {
  at: NOW,
  buyerIds: new Set(['buyer', 'former-guest']),
  roomId: 'room',
  windowSeconds: 86_400,
  clicks: [],
  previousOrderAt: null,
  owner,
  host: { id: 'host', active: true },
  storeRoom: true,
};
/** Short form of a decision: who won by what, and why each candidate stands where it does. */
const summary = (inputs: Partial<CreditInputs>) => {
  const { reason, personId, considered } = decideCredit({ ...base, ...inputs });
  return [`${reason}:${personId ?? '-'}`, considered.map((one) => `${one.reason}=${one.why}`).join(' ')];
};
const rest = 'owner_guide=outranked room_guide=outranked store=outranked hq=outranked';

describe('A3 precedence', () => {
  it.each<[string, Partial<CreditInputs>, string, string]>([
    [
      'a click wins over guides and stores',
      { clicks: [click('ann', 5)] },
      'share_link:ann',
      `hq_ruling=none share_link=won ${rest}`,
    ],
    [
      'the last of several clicks wins',
      { clicks: [click('ann', 50), click('bob', 5)] },
      'share_link:bob',
      `hq_ruling=none share_link=won share_link=older_click ${rest}`,
    ],
    [
      'the last click wins in whatever order they are given',
      { clicks: [click('bob', 5), click('ann', 50)] },
      'share_link:bob',
      `hq_ruling=none share_link=won share_link=older_click ${rest}`,
    ],
    [
      'exactly 24 h old still counts',
      { clicks: [click('ann', 24 * 60)] },
      'share_link:ann',
      `hq_ruling=none share_link=won ${rest}`,
    ],
    [
      'a minute later it does not',
      { clicks: [click('ann', 24 * 60 + 1)] },
      'owner_guide:owner',
      'hq_ruling=none share_link=expired owner_guide=won room_guide=outranked store=outranked hq=outranked',
    ],
    [
      'an order of the same room closes it',
      { clicks: [click('ann', 30)], previousOrderAt: ago(10) },
      'owner_guide:owner',
      'hq_ruling=none share_link=closed_by_order owner_guide=won room_guide=outranked store=outranked hq=outranked',
    ],
    [
      'a click after that order counts',
      { clicks: [click('ann', 5), click('bob', 30)], previousOrderAt: ago(10) },
      'share_link:ann',
      `hq_ruling=none share_link=won share_link=closed_by_order ${rest}`,
    ],
    [
      'a click into another room does not count',
      { clicks: [click('ann', 5, { roomId: 'other' })] },
      'owner_guide:owner',
      'hq_ruling=none share_link=foreign_room owner_guide=won room_guide=outranked store=outranked hq=outranked',
    ],
    [
      'nor does it close an earlier one',
      { clicks: [click('ann', 5, { roomId: 'other' }), click('bob', 9)] },
      'share_link:bob',
      `hq_ruling=none share_link=foreign_room share_link=won ${rest}`,
    ],
    [
      'no click, no owner: the room guide',
      { owner: null },
      'room_guide:host',
      'hq_ruling=none share_link=none owner_guide=none room_guide=won store=outranked hq=outranked',
    ],
    [
      'an owner no longer valid',
      { owner: { ...owner, valid: false } },
      'room_guide:host',
      'hq_ruling=none share_link=none owner_guide=expired room_guide=won store=outranked hq=outranked',
    ],
    [
      'an owner who left',
      { owner: { ...owner, guideActive: false } },
      'room_guide:host',
      'hq_ruling=none share_link=none owner_guide=inactive room_guide=won store=outranked hq=outranked',
    ],
    [
      'guides gone: the store',
      { owner: null, host: { id: 'host', active: false } },
      'store:-',
      'hq_ruling=none share_link=none owner_guide=none room_guide=inactive store=won hq=outranked',
    ],
    [
      'a room of HQ without a guide: HQ',
      { owner: null, host: null, storeRoom: false },
      'hq:-',
      'hq_ruling=none share_link=none owner_guide=none room_guide=none store=none hq=won',
    ],
  ])('A3 %s', (_what, inputs, winner, why) => {
    expect(summary(inputs)).toEqual([winner, why]);
  });

  it.each<[string, Partial<CreditInputs>, string]>([
    [
      'one’s own click earns nothing and closes nothing',
      { clicks: [click('buyer', 1), click('ann', 9)] },
      'share_link:ann',
    ],
    ['a click by a guest one was earns nothing', { clicks: [click('former-guest', 1)] }, 'owner_guide:owner'],
    [
      'a sharer who is not active any more earns nothing',
      { clicks: [click('ann', 1, { sharerActive: false }), click('bob', 9)] },
      'share_link:bob',
    ],
    ['a buyer who is their own owner guide', { owner: { ...owner, guideId: 'buyer' } }, 'room_guide:host'],
    ['a buyer who is the host', { owner: null, host: { id: 'buyer', active: true } }, 'store:-'],
  ])('A5 %s', (_what, inputs, winner) => {
    expect(summary(inputs)[0]).toBe(winner);
  });
});

/** The rule again, as one would say it: the newest click that nothing speaks against, else the first person in line. */
function reference(inputs: CreditInputs): string {
  const good = inputs.clicks.filter(
    (one) =>
      one.roomId === inputs.roomId &&
      one.sharerActive &&
      !inputs.buyerIds.has(one.sharerId) &&
      inputs.at.getTime() - one.at.getTime() <= inputs.windowSeconds * 1000 &&
      !(inputs.previousOrderAt !== null && one.at <= inputs.previousOrderAt),
  );
  let best: Click | undefined;
  for (const one of good) {
    if (!best || one.at > best.at || (one.at.getTime() === best.at.getTime() && one.touchId > best.touchId)) best = one;
  }
  if (best) return `share_link:${best.sharerId}:${best.touchId}`;
  const { owner: bond, host } = inputs;
  if (bond?.valid && bond.guideActive && !inputs.buyerIds.has(bond.guideId)) return `owner_guide:${bond.guideId}:`;
  if (host?.active && !inputs.buyerIds.has(host.id)) return `room_guide:${host.id}:`;
  return inputs.storeRoom ? 'store::' : 'hq::';
}

const moment = fc.integer({ min: 0, max: 200 }).map(ago);
const people = ['ann', 'bob', 'buyer', 'former-guest', 'host'];
const anyInputs = fc.record<CreditInputs>({
  at: fc.constant(NOW),
  buyerIds: fc.constantFrom(new Set(['buyer']), new Set(['buyer', 'former-guest'])),
  roomId: fc.constant('room'),
  windowSeconds: fc.constantFrom(0, 60, 3_600, 86_400),
  clicks: fc
    .array(
      fc.record({
        sharerId: fc.constantFrom(...people),
        sharerActive: fc.boolean(),
        roomId: fc.constantFrom('room', 'room', 'other'),
        channel: fc.constant('copy'),
        at: moment,
      }),
      { maxLength: 8 },
    )
    .map((clicks) => clicks.map((one, index) => ({ ...one, touchId: `t${index}` }))),
  previousOrderAt: fc.option(moment, { nil: null }),
  owner: fc.option(
    fc.record({ guideId: fc.constantFrom(...people), guideActive: fc.boolean(), valid: fc.boolean(), boundAt: moment }),
    { nil: null },
  ),
  host: fc.option(fc.record({ id: fc.constantFrom(...people), active: fc.boolean() }), { nil: null }),
  storeRoom: fc.boolean(),
});

describe('A3 against a reference', () => {
  it('A3 decides like the plain reading of the rule', () => {
    fc.assert(
      fc.property(anyInputs, (inputs) => {
        const { reason, personId, touchId } = decideCredit(inputs);
        expect(`${reason}:${personId ?? ''}:${touchId ?? ''}`).toBe(reference(inputs));
      }),
      { numRuns: 2_000 },
    );
  });

  it('A3 names exactly one winner, every click once, and nobody who is the buyer; order of clicks does not matter', () => {
    fc.assert(
      fc.property(anyInputs, (inputs) => {
        const decision = decideCredit(inputs);
        const winners = decision.considered.filter((one) => one.won);
        expect(winners).toHaveLength(1);
        expect(winners[0]).toMatchObject({ why: 'won', reason: decision.reason, personId: decision.personId });
        expect(decision.considered.filter((one) => one.why === 'won')).toHaveLength(1);
        const seen = decision.considered.map((one) => one.touchId).filter((id) => id !== null);
        expect(seen.toSorted()).toEqual(inputs.clicks.map((one) => one.touchId).toSorted());
        expect(inputs.buyerIds.has(decision.personId ?? '')).toBe(false);
        expect(decideCredit({ ...inputs, clicks: inputs.clicks.toReversed() })).toEqual(decision);
      }),
    );
  });
});
