import { useEffect, useRef } from 'react';
import { usePurchase } from '../purchase/purchase-provider.tsx';
import { useRoom } from './use-room.ts';

/** The product that the address names, as share links, contents and embedded rooms do; read it before the address is cleaned. */
export const linkedProduct = (search: string): string | null => new URLSearchParams(search).get('product');

/** Opens it once the bag is there. One that is not in the bag (any more) opens nothing. */
export const useLinkedProduct = (productId: string | null): void => {
  const { openProduct } = usePurchase();
  const bag = useRoom((state) => state.bag);
  const loaded = useRoom((state) => state.loaded);
  const wanted = useRef(productId);
  useEffect(() => {
    if (!loaded || wanted.current === null) return;
    const id = wanted.current;
    wanted.current = null;
    if (bag.items.some(({ product }) => product.id === id)) openProduct(id);
  }, [loaded, bag, openProduct]);
};
