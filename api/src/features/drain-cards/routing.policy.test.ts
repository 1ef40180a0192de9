import type { DrainCardKind } from '@walnut-live/contracts';
import { expect, test } from 'vitest';
import { type CardPlace, ownerFor, routeCard } from './routing.policy.ts';

const card = (kind: DrainCardKind, unitPath: string, guideId: string | null = null): CardPlace => ({
  ...{ id: `${kind} ${unitPath}${guideId ? ` ${guideId}` : ''}`, kind, unitPath, guideId },
});
const A = 'hq.east.a';
const B = 'hq.east.b';
const C = 'hq.north.c';
const cards = [
  card('official_account', 'hq'),
  card('official_account', B),
  card('store_group', 'hq'),
  card('store_group', A),
  card('store_group', B),
  card('guide', A, 'anna'),
  card('guide', A),
  card('guide', B, 'ben'),
  card('guide', B, 'bob'),
];
const roomOf = {
  a: { unitPath: A, hostId: 'anna', hostIsThere: true },
  hq: { unitPath: 'hq', hostId: 'henry', hostIsThere: true },
};
const bond = (unitPath: string, guideId: string | null, guideIsThere = true) => ({
  ...{ unitKind: 'store' as const, unitPath, guideId, guideIsThere },
});

test.each([
  ['unbound in a store’s room', undefined, roomOf.a, 'guide', 'guide hq.east.a anna'],
  ['unbound, the host has gone', undefined, { ...roomOf.a, hostIsThere: false }, 'guide', 'guide hq.east.a'],
  ['unbound in a store’s room', undefined, roomOf.a, 'store_group', 'store_group hq.east.a'],
  ['unbound in a store’s room', undefined, roomOf.a, 'official_account', 'official_account hq'],
  ['unbound in headquarters’ room', undefined, roomOf.hq, 'store_group', 'store_group hq'],
  ['unbound in headquarters’ room', undefined, roomOf.hq, 'guide', 'store_group hq'],
  ['bound here', bond(A, 'anna'), roomOf.a, 'guide', 'guide hq.east.a anna'],
  ['bound here, to no guide', bond(A, null), roomOf.a, 'guide', 'guide hq.east.a'],
  ['bound elsewhere', bond(B, 'ben'), roomOf.a, 'guide', 'guide hq.east.b ben'],
  ['bound elsewhere', bond(B, 'ben'), roomOf.hq, 'store_group', 'store_group hq.east.b'],
  [
    'bound elsewhere, with an account of its own',
    bond(B, null),
    roomOf.a,
    'official_account',
    'official_account hq.east.b',
  ],
  ['bound elsewhere, the guide has gone', bond(B, 'ben', false), roomOf.a, 'guide', 'store_group hq.east.b'],
  ['bound elsewhere, the guide has no card', bond(B, 'bea'), roomOf.a, 'guide', 'store_group hq.east.b'],
  ['bound to a store without any card', bond(C, 'carl'), roomOf.a, 'guide', undefined],
  ['bound to a store without a group', bond(C, 'carl'), roomOf.a, 'store_group', undefined],
  ['bound to a store without a group', bond(C, 'carl'), roomOf.hq, 'store_group', undefined],
  ['bound to a store without an account', bond(C, null), roomOf.a, 'official_account', 'official_account hq'],
  [
    'bound to headquarters',
    { ...bond('hq', null), unitKind: 'hq' as const },
    roomOf.a,
    'guide',
    'guide hq.east.a anna',
  ],
  [
    'bound to a channel',
    { ...bond('hq.east', null), unitKind: 'channel' as const },
    roomOf.a,
    'store_group',
    'store_group hq.east.a',
  ],
] as const)('%s: %o in %o sees for %s the card %s', (_, bound, room, kind, expected) => {
  expect(routeCard(kind, ownerFor(bound, room), cards)?.id).toBe(expected);
});

test('whatever the cards, nobody who is bound to a store sees another store’s', () => {
  for (const own of [A, B, C])
    for (const room of [roomOf.a, roomOf.hq])
      for (const kind of ['official_account', 'store_group', 'guide'] as const)
        for (const guide of ['anna', 'ben', 'bob', null]) {
          const found = routeCard(kind, ownerFor(bond(own, guide), room), cards);
          if (found) expect(own === found.unitPath || own.startsWith(`${found.unitPath}.`)).toBe(true);
        }
});
