import { exportCatalogue, getProduct, type ImportResult, listProducts } from '@walnut-live/contracts';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Principal } from '../../platform/principal.ts';
import { type Brand, seedBrand } from '../../testing/fixtures.ts';
import { startTestApi, type TestApi } from '../../testing/test-api.ts';
import { decodeText, productsOf, withKnown } from './import-file.ts';

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

/** Chosen far above what a loaded machine takes (tens of ms) and far below what the unbounded parser took (tens of seconds). */
const MOST_MS = 5_000;
test.each([
  ['millions of tiny lines', 'a\n'.repeat(2_600_000), 'unknown_column'],
  ['millions of headings', ','.repeat(5_000_000), 'line_too_long'],
  ['too many headings', `${'x,'.repeat(45)}\n`, 'too_many_cells'],
  ['headings without an end', `${'"\n'.repeat(10)}${'x,'.repeat(9_000)}`, 'too_many_cells'],
  ['millions of cells', `${HEAD}\n${`${','.repeat(1_000)}\n`.repeat(5_000)}`, 'too_many_cells'],
  ['one endless cell', `${HEAD}\n"${'x\n'.repeat(2_500_000)}`, 'not_csv'],
])('a file made to stop everybody is refused before it is read: %s', (_what, text, issue) => {
  const before = performance.now();
  expect(productsOf(text).errors.map((error) => error.issue)).toContain(issue);
  expect(performance.now() - before).toBeLessThan(MOST_MS);
});

test('a character that no text may have is said by line and column', () => {
  const { errors } = productsOf(
    file((NUTS[0] ?? '').replace('山核桃仁', '山\u0000核桃').replace('原味装', '原\u0007味')),
  );
  expect(errors.map(({ line, column, issue }) => [line, column, issue])).toEqual([
    [2, 'title', 'control_character'],
    [2, 'skuName', 'control_character'],
  ]);
  expect(productsOf(file((NUTS[0] ?? '').replace('原味装', '"原\n味"'))).errors).toEqual([]);
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

test('a column that is missing leaves what is there; an empty cell empties it', async () => {
  const full =
    'productCode,title,subtitle,description,role,status,pictures,option1,value1,skuCode,skuName,priceFen,listPriceFen,listPriceBasis,floorPriceFen,active';
  const line = 'KEEP,核桃,好吃,很香,main,on_sale,/a.svg,口味,原味,KEEP-1,装,900,1000,门市价,800,false';
  expect((await send(`${full}\n${line}`, true)).body).toMatchObject({ applied: true });
  const few = 'productCode,title,role,pictures,skuCode,skuName,priceFen';
  const again = await send(`${few}\nKEEP,核桃仁,main,/a.svg,KEEP-1,装,950`, true);
  expect(again.body).toMatchObject({ applied: true, errors: [], skus: { changed: 1 } });
  const read = async () => (await api.ok(listProducts, { as: brand.staff.admin, query: { search: 'KEEP' } })).items[0];
  expect(await read()).toMatchObject({
    ...{ title: '核桃仁', subtitle: '好吃', description: '很香', status: 'on_sale' },
    options: [{ name: '口味', values: ['原味'] }],
    skus: [
      {
        ...{ priceFen: 950, listPriceFen: 1_000, listPriceBasis: '门市价', floorPriceFen: 800 },
        ...{ optionValues: ['原味'], active: false },
      },
    ],
  });
  await send(`${few},subtitle,floorPriceFen\nKEEP,核桃仁,main,/a.svg,KEEP-1,装,950,,`, true);
  expect(await read()).toMatchObject({
    subtitle: '',
    description: '很香',
    skus: [{ floorPriceFen: null, active: false }],
  });
  // A new one gets what everything begins with.
  const [made] = productsOf(`${few}\nNEW,新,main,/a.svg,NEW-1,装,1`).products;
  expect(made && withKnown(made)).toMatchObject({
    fields: { subtitle: '', status: 'draft', options: [] },
    skus: [{ listPriceFen: null, floorPriceFen: null, optionValues: [], active: true }],
  });
});

test('a dry run leaves no trace in the log, and an import waits for nobody’s row for long', async () => {
  const { sql } = api.api.platform.db;
  const logged = async () => (await sql`SELECT 1 FROM guard_corrections WHERE place = 'product'`).length;
  const before = await logged();
  const claims = file('LOG,补脑核桃,main,on_sale,/a.svg,,,LOG-1,装,100,');
  expect((await send(claims)).body.errors).toHaveLength(1);
  expect(await logged()).toBe(before);
  expect((await send(claims, true)).body).toMatchObject({ applied: false, errors: [{ line: 2 }] });
  expect(await logged()).toBe(before + 1);

  await send(file('BUSY,忙,main,on_sale,/a.svg,,,BUSY-1,装,100,'), true);
  const dearer = file('BUSY,忙,main,on_sale,/a.svg,,,BUSY-1,装,200,');
  await api.api.platform.db.transaction(async (tx) => {
    await tx`SELECT 1 FROM products WHERE code = 'BUSY' FOR UPDATE`;
    const answers = await Promise.all([send(dearer), send(dearer, true)]);
    expect(answers.map(({ status, body }) => [status, body.code])).toEqual(Array(2).fill([503, 'unavailable']));
  });
  expect((await send(dearer, true)).body).toMatchObject({ applied: true, skus: { changed: 1 } });
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
