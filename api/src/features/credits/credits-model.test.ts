/**
 * The credit decision against a second reading of the rules, which walks through the buyer's time forwards and holds one open claim,
 * where the product looks back over sorted clicks.
 */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type CreditInputs, decideCredit } from './credits.policy.ts';

const MINUTE_MS = 60_000;
const NOW = 10_000 * MINUTE_MS;
const time = (minutesAgo: number) => new Date(NOW - minutesAgo * MINUTE_MS);

interface Life {
  clicks: { sharer: string; room: string; ago: number }[];
  /** Orders the buyer placed before this one, in whatever room, paid or not. */
  orders: { room: string; ago: number; paid: boolean }[];
  windowMinutes: number;
  inactive: string[];
  selves: string[];
  owner: { guide: string; valid: boolean } | null;
  host: string | null;
  storeRoom: boolean;
}

/** A3, A5, A7 in the words of the rules: room `r` is where the order is made. */
function reference(life: Life): string {
  const mayEarn = (person: string) => !life.selves.includes(person) && !life.inactive.includes(person);
  const past = [
    ...life.clicks.map((click) => ({ ...click, kind: 'click' as const })),
    // At the same moment a click comes before the order that it led to.
    ...life.orders.map((order) => ({ ...order, kind: 'order' as const })),
  ].sort((a, b) => b.ago - a.ago);
  let claim: { sharer: string; ago: number } | null = null;
  for (const event of past) {
    if (event.room !== 'r') continue;
    if (event.kind === 'order') claim = event.paid ? null : claim;
    else if (mayEarn(event.sharer)) claim = event;
  }
  if (claim && claim.ago <= life.windowMinutes) return `share_link ${claim.sharer}`;
  if (life.owner?.valid && mayEarn(life.owner.guide)) return `owner_guide ${life.owner.guide}`;
  if (life.host !== null && mayEarn(life.host)) return `room_guide ${life.host}`;
  return life.storeRoom ? 'store -' : 'hq -';
}

function inputsOf(life: Life): CreditInputs {
  const active = (person: string) => !life.inactive.includes(person);
  const bought = life.orders.filter(({ room, paid }) => room === 'r' && paid).map(({ ago }) => time(ago));
  return {
    at: time(0),
    buyerIds: new Set(life.selves),
    roomId: 'r',
    windowSeconds: life.windowMinutes * 60,
    clicks: life.clicks.map(({ sharer, room, ago }, n) => ({
      touchId: `${n}`.padStart(4, '0'),
      sharerId: sharer,
      sharerActive: active(sharer),
      roomId: room,
      channel: 'copy',
      at: time(ago),
    })),
    previousOrderAt: bought.sort((a, b) => b.getTime() - a.getTime())[0] ?? null,
    owner: life.owner && {
      guideId: life.owner.guide,
      guideActive: active(life.owner.guide),
      valid: life.owner.valid,
      boundAt: time(9_999),
    },
    host: life.host === null ? null : { id: life.host, active: active(life.host) },
    storeRoom: life.storeRoom,
  };
}

const person = fc.constantFrom('ann', 'bob', 'cat', 'guide', 'host', 'me', 'guest-me');
const room = fc.constantFrom('r', 'r', 'other');
const ago = fc.integer({ min: 0, max: 60 });
const life: fc.Arbitrary<Life> = fc.record({
  clicks: fc.array(fc.record({ sharer: person, room, ago }), { maxLength: 8 }),
  orders: fc.array(fc.record({ room, ago, paid: fc.boolean() }), { maxLength: 4 }),
  windowMinutes: fc.integer({ min: 1, max: 60 }),
  inactive: fc.uniqueArray(person, { maxLength: 3 }),
  selves: fc.constantFrom(['me'], ['me', 'guest-me']),
  owner: fc.option(fc.record({ guide: person, valid: fc.boolean() })),
  host: fc.option(person),
  storeRoom: fc.boolean(),
});
const decided = (one: Life) => {
  const { reason, personId } = decideCredit(inputsOf(one));
  return `${reason} ${personId ?? '-'}`;
};

describe('the credit decision and a second reading of the rules', () => {
  it('A3 A5 A7 any clicks, orders, windows and people: both say the same', () => {
    fc.assert(
      fc.property(life, (one) => {
        // Two clicks at one moment have no order that both could know.
        const moments = one.clicks.map((click) => click.ago);
        fc.pre(new Set(moments).size === moments.length);
        expect(decided(one)).toBe(reference(one));
      }),
      { numRuns: 2_000 },
    );
  });

  it('A3 one candidate wins, in the order of precedence, and nothing that could have won stands above it', () => {
    fc.assert(
      fc.property(life, (one) => {
        const { considered, reason, personId, touchId } = decideCredit(inputsOf(one));
        const winners = considered.filter(({ won }) => won);
        expect(winners).toEqual([expect.objectContaining({ reason, personId, touchId, why: 'won' })]);
        const ranks = ['hq_ruling', 'share_link', 'owner_guide', 'room_guide', 'store', 'hq'];
        const order = considered.map((candidate) => ranks.indexOf(candidate.reason));
        expect(order).toEqual([...order].sort((a, b) => a - b));
        const place = considered.findIndex(({ won }) => won);
        for (const candidate of considered.slice(0, place))
          expect(['outranked', 'older_click', 'won']).not.toContain(candidate.why);
      }),
      { numRuns: 500 },
    );
  });

  it('A5 nobody who left, and no self of the buyer, is ever credited', () => {
    fc.assert(
      fc.property(life, (one) => {
        const { personId } = decideCredit(inputsOf(one));
        expect([...one.inactive, ...one.selves]).not.toContain(personId);
      }),
      { numRuns: 500 },
    );
  });
});
