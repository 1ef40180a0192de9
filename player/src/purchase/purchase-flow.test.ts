import { describe, expect, it } from 'vitest';
import { type PurchaseAction, type PurchaseFlow, reducePurchase, restoreFlow } from './purchase-flow.ts';

const run = (...actions: PurchaseAction[]): PurchaseFlow | null =>
  actions.reduce(reducePurchase, null as PurchaseFlow | null);

describe('reducePurchase', () => {
  it('goes from the product to the result', () => {
    expect(
      run({ type: 'product', productId: 'p' }, { type: 'sku', skuId: 's2' }, { type: 'quantity', quantity: 3 }),
    ).toEqual({ step: 'product', productId: 'p', skuId: 's2', quantity: 3 });
    expect(
      run(
        { type: 'product', productId: 'p' },
        { type: 'checkout', productId: 'p', skuId: 's2', quantity: 3 },
        { type: 'cashier', orderId: 'o', paymentId: 'pay' },
        { type: 'result', orderId: 'o' },
      ),
    ).toEqual({ step: 'result', orderId: 'o' });
  });

  it('another SKU starts again at one piece', () => {
    expect(
      run(
        { type: 'product', productId: 'p', skuId: 's1' },
        { type: 'quantity', quantity: 3 },
        { type: 'sku', skuId: 's2' },
      ),
    ).toMatchObject({ quantity: 1 });
  });

  it('back leads from checkout to the product it came from, else to the room', () => {
    const checkout: PurchaseAction = { type: 'checkout', productId: 'p', skuId: 's', quantity: 2 };
    expect(run({ type: 'product', productId: 'p' }, checkout, { type: 'back' })).toMatchObject({
      step: 'product',
      quantity: 2,
    });
    expect(run(checkout, { type: 'back' })).toBeNull();
    expect(run({ type: 'cashier', orderId: 'o', paymentId: 'x' }, { type: 'back' })).toBeNull();
    expect(run({ type: 'result', orderId: 'o' }, { type: 'back' })).toBeNull();
  });

  it('ignores choices that come too late', () => {
    expect(
      run({ type: 'result', orderId: 'o' }, { type: 'sku', skuId: 's' }, { type: 'quantity', quantity: 9 }),
    ).toEqual({
      step: 'result',
      orderId: 'o',
    });
  });
});

describe('restoreFlow', () => {
  it.each([
    [
      { step: 'checkout', productId: 'p', skuId: 's', quantity: 2, fromProduct: true },
      { step: 'checkout', productId: 'p', skuId: 's', quantity: 2, fromProduct: false },
    ],
    [
      { step: 'cashier', orderId: 'o', paymentId: 'x' },
      { step: 'cashier', orderId: 'o', paymentId: 'x' },
    ],
    [{ step: 'product', productId: 'p' }, null],
    [{ step: 'result', orderId: 'o' }, null],
    [{ step: 'checkout', productId: 1 }, null],
    ['nonsense', null],
    [null, null],
  ])('%j', (stored, flow) => {
    expect(restoreFlow(stored)).toEqual(flow);
  });
});
