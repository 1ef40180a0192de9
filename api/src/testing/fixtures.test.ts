import { expect, test } from 'vitest';
import { FIXTURE_STOCK, makeOffer, readStock, seedBrand } from './fixtures.ts';
import { startTestApi } from './test-api.ts';

test('the fixture brand stands in the database with every constraint kept', async () => {
  await using api = await startTestApi();
  const brand = await seedBrand(api);
  expect(await readStock(api, brand.products.milk.sku.id, brand.stores.b)).toEqual({
    onHand: FIXTURE_STOCK.milkPerStore,
    reserved: 0,
  });
  expect(await readStock(api, brand.products.family.sku.id, brand.stores.b)).toBeUndefined();
  await makeOffer(api, brand.rooms.a, brand.products.milk.sku.id, { priceFen: 490, cap: 10, perPersonLimit: 2 });
});
