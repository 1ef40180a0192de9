import { exportCatalogue, getProduct, type ImportResult, listProducts } from '@walnut-live/contracts';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Principal } from '../../platform/principal.ts';
import { type Brand, seedBrand } from '../../testing/fixtures.ts';
import { startTestApi, type TestApi } from '../../testing/test-api.ts';
import { decodeText, productsOf } from './import.policy.ts';

let api: TestApi;
let brand: Brand;
beforeAll(async () => {
  api = await startTestApi();
  brand = await seedBrand(api);
});
afterAll(() => api[Symbol.asyncDispose]());

const HEAD = '商品编码,商品名,定位,状态,图片,规格名1,规格值1,SKU编码,SKU名,售价(分),底价(分)';
const NUTS = [
  'NUT,山核桃仁,main,on_sale,/pictures/a.svg /pictures/b.svg,口味,原味,NUT-1,原味装,3900,3000',
  'NUT,山核桃仁,main,on_sale,/pictures/a.svg /pictures/b.svg,口味,奶香,NUT-2,奶香装,4200,',
];
const file = (...lines: string[]) => [HEAD, ...lines].join('\r\n');
async function send(content: string | Buffer, apply = false, as: Principal = brand.staff.admin) {
  const response = await fetch(`${api.url}/api/v1/catalogue/import?apply=${apply}`, {
    method: 'POST',
    headers: { authorization: `Bearer ${await api.token(as)}`, 'content-type': 'text/csv' },
    body: new Uint8Array(Buffer.from(content as string)),
  });
  return { status: response.status, body: (await response.json()) as ImportResult & { code?: string } };
}

test.each([
  ['a price with a point', 'NUT,山核桃仁,main,,/a.svg,,,NUT-1,原味装,39.00,', 2, 'priceFen', 'not_whole_fen'],
  ['an unknown role', 'NUT,山核桃仁,star,,/a.svg,,,NUT-1,原味装,3900,', 2, 'role', 'unknown_value'],
  ['no code', ',山核桃仁,main,,/a.svg,,,NUT-1,原味装,3900,', 2, 'productCode', 'needed'],
  ['a code with a space', 'NUT,山核桃仁,main,,/a.svg,,,NUT 1,原味装,3900,', 2, 'skuCode', 'not_a_code'],
  [
    'an address that is no picture of ours',
    'NUT,山核桃仁,main,,https://x.example/a.png,,,N,原味装,1,',
    2,
    'pictures',
    'not_a_picture',
  ],
  ['a title too long', `NUT,${'仁'.repeat(61)},main,,/a.svg,,,NUT-1,原味装,3900,`, 2, 'title', 'too_long'],
])('said by line and column: %s', (_what, line, at, column, issue) => {
  expect(productsOf(file(line)).errors).toContainEqual({ line: at, column, issue });
});

test('a file that is no catalogue says so: columns unknown, twice, missing; quotes without an end; a code twice', () => {
  expect(productsOf('商品编码,商品编码,颜色\r\n').errors.map(({ issue }) => issue)).toEqual([
    'column_twice',
    'unknown_column',
    ...Array(6).fill('column_missing'),
  ]);
  expect(productsOf(`${HEAD}\r\nNUT,"山核桃`).errors).toMatchObject([{ issue: 'not_csv' }]);
  const twice = productsOf(file(NUTS[0] ?? '', (NUTS[0] ?? '').replace('原味', '奶香')));
  expect(twice.errors).toEqual([{ line: 3, column: 'skuCode', issue: 'code_twice' }]);
  const other = productsOf(file(NUTS[0] ?? '', (NUTS[1] ?? '').replace('main', 'gift')));
  expect(other.errors).toEqual([{ line: 3, column: 'role', issue: 'differs_from_first_line' }]);
  // A cell with a line break: the next line is counted as a spreadsheet counts.
  const broken = productsOf(file((NUTS[0] ?? '').replace('原味装', '"原味\r\n装"'), 'NUT2,,main,,/a.svg,,,N2,装,1,'));
  expect(broken.errors).toEqual([{ line: 4, column: 'title', issue: 'needed' }]);
});

test('UTF-8 with its mark and GBK say the same; what is neither is no text', async () => {
  const gbk = Buffer.from([0xc9, 0xbd, 0xba, 0xcb, 0xcc, 0xd2]);
  expect(decodeText(gbk)).toBe('山核桃');
  expect(decodeText(Buffer.from('\uFEFF山核桃'))).toBe('山核桃');
  expect(decodeText(Buffer.from([0xff, 0xff, 0x00]))).toBeUndefined();
});

test('a dry run changes nothing; applied it is there; applied again nothing changes; a change changes what differs', async () => {
  const dry = await send(`\uFEFF${file(...NUTS)}`);
  expect(dry.body).toEqual({
    ...{ applied: false, lines: 2, errors: [], moreErrors: 0 },
    products: { created: 1, changed: 0, unchanged: 0 },
    skus: { created: 2, changed: 0, unchanged: 0 },
  });
  const search = () => api.ok(listProducts, { as: brand.staff.admin, query: { search: 'NUT' } });
  expect((await search()).items).toEqual([]);
  expect((await send(file(...NUTS), true)).body).toMatchObject({ applied: true, products: { created: 1 } });
  const [made] = (await search()).items;
  expect(made).toMatchObject({
    ...{ title: '山核桃仁', status: 'on_sale', pictures: ['/pictures/a.svg', '/pictures/b.svg'] },
    options: [{ name: '口味', values: ['原味', '奶香'] }],
    skus: [
      { code: 'NUT-1', floorPriceFen: 3_000, optionValues: ['原味'] },
      { code: 'NUT-2', priceFen: 4_200 },
    ],
  });
  const again = await send(file(...NUTS), true);
  expect(again.body).toMatchObject({ applied: true, products: { unchanged: 1 }, skus: { unchanged: 2 } });
  const dearer = await send(file(NUTS[0] ?? '', (NUTS[1] ?? '').replace('4200', '4500')), true);
  expect(dearer.body).toMatchObject({ products: { changed: 1 }, skus: { changed: 1, unchanged: 1 } });
  expect((await api.ok(getProduct, { params: { id: made?.id ?? '' } })).skus[1]?.priceFen).toBe(4_500);
});

test('one wrong line and nothing is applied; every product’s errors are told, S6 and Z3 among them', async () => {
  const { body } = await send(
    file(
      'OK,好的,main,on_sale,/a.svg,,,OK-1,装,100,',
      'LOW,太低,main,on_sale,/a.svg,,,LOW-1,装,100,200',
      'SAY,补脑核桃,main,on_sale,/a.svg,,,SAY-1,装,100,',
      'PIC,没有图,main,on_sale,/api/v1/media/0198c0de-0000-7000-8000-000000000000,,,PIC-1,装,100,',
    ),
    true,
  );
  expect(body).toMatchObject({ applied: false, lines: 4, products: { created: 1 } });
  expect(body.errors.map(({ line, column, issue }) => [line, column, issue.split(' ')[0]])).toEqual([
    [3, 'floorPriceFen', 'floor_above_price'],
    [4, null, 'words_refused'],
    [5, 'pictures', 'unknown_picture'],
  ]);
  expect((await api.ok(listProducts, { as: brand.staff.admin, query: { search: '好的' } })).items).toEqual([]);
});

test('what is exported can be imported and changes nothing but codes; formulas are defused on the way out and whole again', async () => {
  await send(file('SUM,"=SUM(A1)",main,on_sale,/a.svg,,,SUM-1,-1 装,100,'), true);
  const response = await fetch(`${api.url}/api/v1/catalogue/export`, {
    headers: { authorization: `Bearer ${await api.token(brand.staff.analyst)}` },
  });
  const csv = await response.text();
  expect(csv).toContain("'=SUM(A1)");
  expect(exportCatalogue.produces).toEqual(['text/csv']);
  const coded = await send(csv, true);
  expect(coded.body).toMatchObject({ applied: true, errors: [], products: { created: 0 }, skus: { created: 0 } });
  const [sum] = (await api.ok(listProducts, { as: brand.staff.admin, query: { search: 'SUM' } })).items;
  expect(sum).toMatchObject({ title: '=SUM(A1)', skus: [{ name: '-1 装' }] });
  const again = await send(csv, true);
  expect(again.body).toMatchObject({ products: { changed: 0, created: 0 }, skus: { changed: 0, created: 0 } });
});

test('only headquarters imports; what is too large is refused', async () => {
  expect((await send(file(...NUTS), true, brand.staff.a.manager)).status).toBe(403);
  expect((await send(Buffer.alloc(5 * 1024 * 1024 + 1, 0x61), true)).status).toBe(413);
});
