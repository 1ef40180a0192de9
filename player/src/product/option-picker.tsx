import type { ProductView } from '@walnut-live/contracts';
import type { SkuPrice } from '@walnut-live/live-client/room';
import type { ReactNode } from 'react';
import { useProductT } from './messages.ts';
import { optionRows } from './options.ts';

/** A SKU by its options: a row for each, what is sold out stays in place and says so. */
export const OptionPicker = ({
  options,
  prices,
  chosenId,
  onChoose,
}: {
  options: NonNullable<ProductView['options']>;
  prices: readonly SkuPrice[];
  chosenId: string;
  onChoose: (skuId: string) => void;
}): ReactNode => {
  const t = useProductT();
  return optionRows(options, prices, chosenId).map(({ name, values }) => (
    <div key={name}>
      <h4 className="pl-label">{name}</h4>
      <div className="pl-choices" role="radiogroup" aria-label={t('choose', { name })}>
        {values.map(({ value, chosen, soldOut, skuId }) => (
          // biome-ignore lint/a11y/useSemanticElements: a whole tile is the radio
          <button
            key={value}
            type="button"
            role="radio"
            aria-checked={chosen}
            aria-label={soldOut ? t('soldOutValue', { value }) : value}
            className="pl-choice"
            data-testid="option"
            disabled={soldOut}
            onClick={() => skuId && onChoose(skuId)}
          >
            {value}
          </button>
        ))}
      </div>
    </div>
  ));
};
