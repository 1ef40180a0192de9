/** What shows how the demo brand sells: what parcels cost in its eastern stores, something to buy together, something in advance. */
import type { ShippingTerms } from '@walnut-live/contracts';
import type { Random } from '../../src/platform/clock.ts';
import type { Tx } from '../../src/platform/db.ts';
import { seedId } from './write-brand.ts';

/** The fee everywhere else is the product's own default, so that the demo costs what its pages say. */
export const demoShipping: { path: string; terms: ShippingTerms } = {
  path: 'hq.east',
  terms: {
    zones: [
      {
        name: '江浙沪皖',
        provinces: ['310000', '320000', '330000', '340000'],
        fee: { by: 'flat', feeFen: 800, freeFromFen: 5_900 },
      },
      {
        name: '西部按重量',
        provinces: ['540000', '630000', '650000'],
        fee: { by: 'weight', first: 1_000, firstFen: 1_800, next: 1_000, nextFen: 900, freeFromFen: null },
      },
    ],
    excluded: ['710000', '810000', '820000'],
    other: { by: 'flat', feeFen: 800, freeFromFen: 5_900 },
    pickup: true,
  },
};

/** Written once: whoever changes the rule makes a version of their own. */
export async function writeShipping(tx: Tx, at: Date): Promise<void> {
  const { path, terms } = demoShipping;
  await tx`INSERT INTO shipping_rules (org_unit_id, version, org_path, terms, set_by, at)
    VALUES (${seedId(`unit ${path}`)}, 1, ${path}, ${JSON.stringify(terms)}::jsonb, ${seedId('person hq-operations')}, ${at})
    ON CONFLICT DO NOTHING`;
}

export const demoGroup = {
  ...{ path: 'hq', sku: 'kernels-200', title: '核桃仁三人团', priceFen: 3_590, size: 3, hours: 24, perPerson: 2 },
} as const;
const GROUP_DAYS = 30;
const DAY_MS = 86_400_000;

/**
 * A campaign whenever none of its SKU is left of headquarters, stopped ones included: whoever stopped it wants none for now. None
 * either where people have changed the price so that the terms hold no more.
 */
export async function writeGroupCampaign(tx: Tx, at: Date, random: Random): Promise<void> {
  const { path, sku, title, priceFen, size, hours, perPerson } = demoGroup;
  await tx`INSERT INTO group_campaigns (id, org_unit_id, org_path, product_id, sku_id, title, price_fen, size, hours, max_groups, per_person,
      starts_at, ends_at, created_by, created_at)
    SELECT ${random.id()}, ${seedId(`unit ${path}`)}, ${path}, k.product_id, k.id, ${title}, ${priceFen}, ${size}, ${hours}, NULL,
      ${perPerson}, ${at}, ${new Date(at.getTime() + GROUP_DAYS * DAY_MS)}, ${seedId('person hq-operations')}, ${at}
    FROM skus k WHERE k.id = ${seedId(`sku ${sku}`)} AND k.active AND k.price_fen > ${priceFen} AND coalesce(k.floor_price_fen, 0) <= ${priceFen}
      AND NOT EXISTS (SELECT 1 FROM group_campaigns c WHERE c.sku_id = k.id AND c.org_path = ${path} AND c.ends_at > ${at})`;
}

export const demoPreSale = {
  ...{ path: 'hq', sku: 'gift-1', title: '臻选礼盒预售', priceFen: 16_800, depositFen: 2_000, worthFen: 3_000 },
  ...{ keepsDeposit: false, cap: 200, perPerson: 2 },
} as const;
/** Days from the seed: deposits until, balances from and until, sent by. */
const PRE_SALE_DAYS = { depositUntil: 3, balanceFrom: 3, balanceUntil: 5, shipsBy: 12 } as const;

/** Likewise: whenever none of its SKU goes on, where its terms still hold. */
export async function writePreSale(tx: Tx, at: Date, random: Random): Promise<void> {
  const { path, sku, title, priceFen, depositFen, worthFen, keepsDeposit, cap, perPerson } = demoPreSale;
  const after = (days: number): Date => new Date(at.getTime() + days * DAY_MS);
  await tx`INSERT INTO pre_sale_campaigns (id, org_unit_id, org_path, product_id, sku_id, title, price_fen, deposit_fen, worth_fen, keeps_deposit,
      cap, per_person, starts_at, deposit_until, balance_from, balance_until, ships_by, created_by, created_at)
    SELECT ${random.id()}, ${seedId(`unit ${path}`)}, ${path}, k.product_id, k.id, ${title}, ${priceFen}, ${depositFen}, ${worthFen}, ${keepsDeposit},
      ${cap}, ${perPerson}, ${at}, ${after(PRE_SALE_DAYS.depositUntil)}, ${after(PRE_SALE_DAYS.balanceFrom)}, ${after(PRE_SALE_DAYS.balanceUntil)},
      ${after(PRE_SALE_DAYS.shipsBy)}, ${seedId('person hq-operations')}, ${at}
    FROM skus k WHERE k.id = ${seedId(`sku ${sku}`)} AND k.active AND k.price_fen >= ${priceFen}
      AND coalesce(k.floor_price_fen, 0) <= ${priceFen - worthFen + depositFen}
      AND NOT EXISTS (SELECT 1 FROM pre_sale_campaigns c WHERE c.sku_id = k.id AND c.org_path = ${path} AND c.balance_until > ${at})`;
}
