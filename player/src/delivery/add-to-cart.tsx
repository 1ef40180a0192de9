import { getCart, putCartLine } from '@walnut-live/contracts';
import { Button, useErrorText, useToast } from '@walnut-live/ui';
import { type ReactNode, useState } from 'react';
import { useServices } from '../app/services.tsx';
import { useRoom } from '../room/use-room.ts';
import { useDeliveryT } from './messages.ts';

/** Adds to what of this SKU is in the cart already; guests have a cart too. */
export const AddToCart = ({
  skuId,
  quantity,
  priceFen,
  disabled,
}: {
  skuId: string;
  quantity: number;
  priceFen: number;
  disabled: boolean;
}): ReactNode => {
  const t = useDeliveryT();
  const toast = useToast();
  const errorText = useErrorText();
  const { api } = useServices();
  const roomId = useRoom((state) => state.roomId);
  const [busy, setBusy] = useState(false);
  const add = async (): Promise<void> => {
    setBusy(true);
    try {
      const { groups } = await api.call(getCart, {});
      const there = groups.find((group) => group.roomId === roomId)?.lines.find((line) => line.skuId === skuId);
      const sum = Math.min((there?.quantity ?? 0) + quantity, 999);
      await api.call(putCartLine, { body: { roomId, skuId, quantity: sum, seenPriceFen: priceFen } });
      toast(t('cart.added'), { tone: 'success' });
    } catch (error) {
      toast(errorText(error), { tone: 'error' });
    } finally {
      setBusy(false);
    }
  };
  return (
    <Button
      variant="soft"
      size="l"
      loading={busy}
      disabled={disabled}
      onClick={() => void add()}
      data-testid="add-to-cart"
    >
      {t('cart.add')}
    </Button>
  );
};
