/*
 * What a person is doing on the way to a parcel, while the video goes on. Pure; the provider keeps it and stores it.
 *
 * product → checkout → cashier → result. `back` leads one step up, out of the last ones to the room: an order that exists
 * is never un-made by a gesture, it waits in "my orders".
 */

export type PurchaseFlow =
  | { step: 'product'; productId: string; skuId: string | null; quantity: number }
  | {
      step: 'checkout';
      productId: string;
      skuId: string;
      quantity: number;
      /** Came from the product step: `back` returns there. */
      fromProduct: boolean;
    }
  | { step: 'cashier'; orderId: string; paymentId: string }
  | { step: 'result'; orderId: string };

export type PurchaseAction =
  | { type: 'product'; productId: string; skuId?: string }
  | { type: 'sku'; skuId: string }
  | { type: 'quantity'; quantity: number }
  | { type: 'checkout'; productId: string; skuId: string; quantity: number }
  | { type: 'cashier'; orderId: string; paymentId: string }
  | { type: 'result'; orderId: string }
  | { type: 'back' }
  | { type: 'close' };

export const reducePurchase = (flow: PurchaseFlow | null, action: PurchaseAction): PurchaseFlow | null => {
  switch (action.type) {
    case 'product':
      return { step: 'product', productId: action.productId, skuId: action.skuId ?? null, quantity: 1 };
    case 'sku':
      return flow?.step === 'product' || flow?.step === 'checkout'
        ? { ...flow, skuId: action.skuId, quantity: flow.skuId === action.skuId ? flow.quantity : 1 }
        : flow;
    case 'quantity':
      return flow?.step === 'product' || flow?.step === 'checkout' ? { ...flow, quantity: action.quantity } : flow;
    case 'checkout': {
      const { productId, skuId, quantity } = action;
      return { step: 'checkout', productId, skuId, quantity, fromProduct: flow?.step === 'product' };
    }
    case 'cashier':
      return { step: 'cashier', orderId: action.orderId, paymentId: action.paymentId };
    case 'result':
      return { step: 'result', orderId: action.orderId };
    case 'back':
      return flow?.step === 'checkout' && flow.fromProduct
        ? { step: 'product', productId: flow.productId, skuId: flow.skuId, quantity: flow.quantity }
        : null;
    case 'close':
      return null;
  }
};

const isText = (value: unknown): value is string => typeof value === 'string' && value !== '';

/** What was stored before a reload; null for anything that is not a flow worth returning to. */
export const restoreFlow = (stored: unknown): PurchaseFlow | null => {
  if (typeof stored !== 'object' || stored === null) return null;
  const flow = stored as Record<string, unknown>;
  if (flow.step === 'checkout' && isText(flow.productId) && isText(flow.skuId) && Number.isInteger(flow.quantity))
    return {
      step: 'checkout',
      productId: flow.productId,
      skuId: flow.skuId,
      quantity: Math.max(1, Number(flow.quantity)),
      fromProduct: false,
    };
  if (flow.step === 'cashier' && isText(flow.orderId) && isText(flow.paymentId))
    return { step: 'cashier', orderId: flow.orderId, paymentId: flow.paymentId };
  return null;
};
