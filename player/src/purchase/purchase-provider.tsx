import { skuPricesAt } from '@walnut-live/live-client/room';
import { readJson, safeSessionStorage } from '@walnut-live/ui';
import { createContext, type ReactNode, useCallback, useContext, useEffect, useMemo, useReducer } from 'react';
import { useServices } from '../app/services.tsx';
import { useRoomHandle } from '../room/use-room.ts';
import { type PurchaseAction, type PurchaseFlow, reducePurchase, restoreFlow } from './purchase-flow.ts';

export type Purchase = {
  flow: PurchaseFlow | null;
  dispatch: (action: PurchaseAction) => void;
  openProduct: (productId: string) => void;
  /** Straight to checkout when there is nothing to choose, else to the product. Asks a guest to sign in first. */
  buy: (productId: string) => void;
  checkout: (choice: { productId: string; skuId: string; quantity: number }) => void;
  back: () => void;
};

const PurchaseContext = createContext<Purchase | null>(null);
const storage = safeSessionStorage();

export const PurchaseProvider = ({ children }: { children: ReactNode }): ReactNode => {
  const session = useRoomHandle();
  const { requireConsumer } = useServices();
  const key = `walnut-live.purchase.${session.roomId}`;
  const [flow, dispatch] = useReducer(reducePurchase, null, () => restoreFlow(readJson(storage, key)));

  useEffect(() => {
    if (flow) storage.setItem(key, JSON.stringify(flow));
    else storage.removeItem(key);
  }, [flow, key]);

  const openProduct = useCallback((productId: string) => dispatch({ type: 'product', productId }), []);
  const back = useCallback(() => dispatch({ type: 'back' }), []);

  const checkout = useCallback<Purchase['checkout']>(
    (choice) => {
      void requireConsumer('buy').then((may) => may && dispatch({ type: 'checkout', ...choice }));
    },
    [requireConsumer],
  );

  const buy = useCallback(
    (productId: string): void => {
      const item = session.get().bag.items.find((candidate) => candidate.product.id === productId);
      if (!item) return;
      const prices = skuPricesAt(item, session.serverNowMs());
      const only = prices.length === 1 ? prices[0] : undefined;
      if (only && !only.soldOut) checkout({ productId, skuId: only.sku.id, quantity: 1 });
      else openProduct(productId);
    },
    [session, checkout, openProduct],
  );

  const purchase = useMemo(
    () => ({ flow, dispatch, openProduct, buy, checkout, back }),
    [flow, openProduct, buy, checkout, back],
  );
  return <PurchaseContext value={purchase}>{children}</PurchaseContext>;
};

export const usePurchase = (): Purchase => {
  const purchase = useContext(PurchaseContext);
  if (!purchase) throw new Error('PurchaseProvider is missing');
  return purchase;
};
