import type { SkuPrice } from '@walnut-live/live-client/room';
import { useFormat } from '@walnut-live/ui';
import type { ReactNode } from 'react';
import { playerI18n } from '../i18n/messages.ts';

/** One of the SKUs; sold-out ones stay in place and say so. */
export const SkuPicker = ({
  prices,
  chosenId,
  onChoose,
}: {
  prices: readonly SkuPrice[];
  chosenId: string;
  onChoose: (skuId: string) => void;
}): ReactNode => {
  const t = playerI18n.useT();
  const format = useFormat();
  return (
    <div className="pl-skus" role="radiogroup" aria-label={t('product.sku')}>
      {prices.map(({ sku, priceFen, soldOut }) => (
        // biome-ignore lint/a11y/useSemanticElements: a whole tile is the radio
        <button
          key={sku.id}
          type="button"
          role="radio"
          aria-checked={sku.id === chosenId}
          className="pl-sku"
          data-testid="sku"
          disabled={soldOut}
          onClick={() => onChoose(sku.id)}
        >
          <span>{sku.name}</span>
          <span className="pl-sku-price wl-number">
            {soldOut ? t('product.soldOut') : format.money(priceFen, { fen: 'trim' })}
          </span>
        </button>
      ))}
    </div>
  );
};
