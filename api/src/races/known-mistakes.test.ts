/**
 * Mistakes that good systems have made with money, stock and people, each with its attacks in this folder. An attack's title is
 * `mistake · rule ids: what is done`; the table is checked against the files, so that none of it is lost by a rename.
 *
 * What is known of media (lip sync, retransmission through pipes, ports per worker, floods of key-frame requests, reconnects in
 * step, a player restarted in a loop) has its tests beside the engine, the client and the player.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';

/** How the naive way fails, and where it must be attacked. */
const mistakes: Readonly<Record<string, { readonly fails: string; readonly in: readonly string[] }>> = {
  'check then use': {
    fails: 'what was read (pieces, seats, coupons, vouchers, limits, clicks) is believed when it is taken',
    in: ['stock', 'coupons-and-groups', 'credit-and-commission', 'wallet', 'refunds'],
  },
  'stock in another transaction': {
    fails: 'pieces are counted in one transaction and held in the next',
    in: ['stock'],
  },
  'refund under a new key': {
    fails: 'a lost answer is taken for a refusal, and the money is sent again under another number',
    in: ['payments'],
  },
  'late payment on a closed order': {
    fails: 'money that comes for what is closed pays it after all, stays, or goes back as often as it is told',
    in: ['payments', 'coupons-and-groups', 'credit-and-commission', 'wallet'],
  },
  'partial refund voids a commission': {
    fails: 'a part reverses the whole, or each part is rounded by itself',
    in: ['credit-and-commission'],
  },
  'commission on coupon money': {
    fails: 'the basis is the price before the coupon, or has the shipping fee in it',
    in: ['credit-and-commission'],
  },
  'credit resolved at payment': {
    fails: 'who brought an order is looked up again when the money comes',
    in: ['credit-and-commission'],
  },
  'balance checked outside': {
    fails: 'a balance is compared before the statement that lowers it',
    in: ['wallet', 'refunds'],
  },
  'callback believed unchecked': {
    fails: 'a callback is taken without its signature, GCM tag, time, amount or subject',
    in: ['payments'],
  },
  'banned, and back': {
    fails: 'a token from before the ban goes on being good',
    in: ['stock'],
  },
  // Not on anybody's list, and no better for it.
  'double click': { fails: 'one wish under one key is done twice', in: ['stock', 'payments', 'wallet'] },
  'circle of locks': { fails: 'rivals lock in different order, and one is killed with what it holds', in: ['stock'] },
  'lost update': {
    fails: 'a state or a sum is written over by somebody who read it earlier',
    in: ['refunds', 'credit-and-commission', 'wallet'],
  },
  'price nobody saw': { fails: 'the price of the moment of booking is charged', in: ['stock'] },
};
const FEWEST_ATTACKS = 36;

const attacks = readdirSync(import.meta.dirname)
  .filter((name) => name.endsWith('.test.ts') && name !== 'known-mistakes.test.ts')
  .flatMap((name) =>
    [...readFileSync(join(import.meta.dirname, name), 'utf8').matchAll(/^ *it\('([^']+)'/gm)].map(([, title = '']) => {
      const [, mistake = '', rules = ''] = /^(.+?) · ([^:]+): ./.exec(title) ?? [];
      return { file: name.replace('.test.ts', ''), title, mistake, rules: rules.split(' ') };
    }),
  );

it('every attack names a known mistake and the rules that it is against', () => {
  expect(attacks.length).toBeGreaterThanOrEqual(FEWEST_ATTACKS);
  expect(new Set(attacks.map(({ title }) => title)).size).toBe(attacks.length);
  for (const { title, mistake, rules } of attacks) {
    expect(Object.keys(mistakes), title).toContain(mistake);
    for (const rule of rules) expect(rule, title).toMatch(/^[AGKMS]\d{1,2}$/);
  }
});

it.each(Object.entries(mistakes))('%s: attacked wherever it could be made', (mistake, { in: files }) => {
  const found = new Set(attacks.filter((attack) => attack.mistake === mistake).map(({ file }) => file));
  expect([...found].sort()).toEqual([...files].sort());
});
