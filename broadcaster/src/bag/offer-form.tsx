import type { BagItem } from '@walnut-live/contracts';
import { isApiError } from '@walnut-live/live-client/http';
import type { RoomSession } from '@walnut-live/live-client/room';
import { Button, useErrorText, useFormat, useToast } from '@walnut-live/ui';
import { type FormEvent, type ReactNode, useId, useState } from 'react';
import { useT } from '../i18n/index.ts';
import { readOffer, suggestFen, yuanText } from './offer-input.ts';

const MINUTES = [5, 10, 30, 60] as const;
const LIMITS = [0, 1, 2, 5] as const;

const Chips = <Value extends number>({
  legend,
  values,
  value,
  onChange,
  show,
}: {
  legend: string;
  values: readonly Value[];
  value: Value;
  onChange: (value: Value) => void;
  show: (value: Value) => string;
}): ReactNode => {
  const name = useId();
  return (
    <fieldset className="st-fieldset">
      <legend className="st-legend">{legend}</legend>
      <div className="st-chips">
        {values.map((option) => (
          <label key={option} className="st-chip">
            <input type="radio" name={name} checked={value === option} onChange={() => onChange(option)} />
            <span>{show(option)}</span>
          </label>
        ))}
      </div>
    </fieldset>
  );
};

/** Opens a live price for one SKU of a product: price, window, limit, cap. */
export const OfferForm = ({
  session,
  item,
  onDone,
}: {
  session: RoomSession;
  item: BagItem;
  onDone: () => void;
}): ReactNode => {
  const t = useT();
  const format = useFormat();
  const toast = useToast();
  const errorText = useErrorText();
  const id = useId();
  const skus = item.product.skus.filter((sku) => sku.active);
  const [skuId, setSkuId] = useState(skus[0]?.id ?? '');
  const sku = skus.find((candidate) => candidate.id === skuId) ?? skus[0];
  const [price, setPrice] = useState(() => (sku ? yuanText(suggestFen(sku.priceFen)) : ''));
  const [minutes, setMinutes] = useState<(typeof MINUTES)[number]>(10);
  const [limit, setLimit] = useState<(typeof LIMITS)[number]>(2);
  const [cap, setCap] = useState('');
  const [busy, setBusy] = useState(false);
  const [problem, setProblem] = useState<string | null>(null);
  if (!sku) return null;
  const shelf = format.money(sku.priceFen, { fen: 'trim' });

  const submit = async (event: FormEvent): Promise<void> => {
    event.preventDefault();
    if (busy) return;
    const read = readOffer({ price, shelfFen: sku.priceFen, cap });
    if (!read.ok)
      return setProblem(
        read.problem === 'price.notLower'
          ? t('offer.price.notLower', { price: shelf })
          : t(read.problem === 'cap.invalid' ? 'offer.cap.invalid' : 'offer.price.invalid'),
      );
    setBusy(true);
    setProblem(null);
    try {
      await session.openOffer({
        skuId: sku.id,
        priceFen: read.priceFen,
        durationSeconds: minutes * 60,
        cap: read.cap,
        perPersonLimit: limit === 0 ? null : limit,
      });
      toast(t('offer.done'), { tone: 'success' });
      onDone();
    } catch (error) {
      const floorFen = isApiError(error, 'below_price_floor') ? error.facts.floorPriceFen : undefined;
      setProblem(typeof floorFen === 'number' ? t('offer.floor', { price: format.money(floorFen) }) : errorText(error));
    } finally {
      setBusy(false);
    }
  };

  return (
    <form onSubmit={(event) => void submit(event)} noValidate>
      <p className="st-offer-product">
        <img src={item.product.pictureUrl} alt="" width="48" height="48" />
        <strong>{item.product.title}</strong>
      </p>
      {skus.length > 1 && (
        <div className="st-field">
          <label htmlFor={`${id}-sku`}>{t('offer.sku')}</label>
          <select
            id={`${id}-sku`}
            className="st-input"
            value={skuId}
            onChange={(event) => {
              setSkuId(event.target.value);
              const next = skus.find((candidate) => candidate.id === event.target.value);
              if (next) setPrice(yuanText(suggestFen(next.priceFen)));
            }}
          >
            {skus.map((option) => (
              <option key={option.id} value={option.id}>
                {option.name} · {format.money(option.priceFen, { fen: 'trim' })}
              </option>
            ))}
          </select>
        </div>
      )}
      <div className="st-field">
        <label htmlFor={`${id}-price`}>{t('offer.price')}</label>
        <input
          id={`${id}-price`}
          className="st-input wl-number st-input-price"
          inputMode="decimal"
          value={price}
          aria-describedby={`${id}-shelf`}
          onChange={(event) => setPrice(event.target.value)}
        />
        <span id={`${id}-shelf`} className="st-hint">
          {t('offer.price.shelf', { price: shelf })}
        </span>
      </div>
      <Chips
        legend={t('offer.window')}
        values={MINUTES}
        value={minutes}
        onChange={setMinutes}
        show={(n) => t('offer.minutes', { n })}
      />
      <Chips
        legend={t('offer.limit')}
        values={LIMITS}
        value={limit}
        onChange={setLimit}
        show={(n) => (n === 0 ? t('offer.limit.none') : t('offer.limit.pieces', { n }))}
      />
      <div className="st-field">
        <label htmlFor={`${id}-cap`}>{t('offer.cap')}</label>
        <input
          id={`${id}-cap`}
          className="st-input wl-number"
          inputMode="numeric"
          value={cap}
          aria-describedby={`${id}-caphint`}
          onChange={(event) => setCap(event.target.value)}
        />
        <span id={`${id}-caphint`} className="st-hint">
          {t('offer.cap.hint')}
        </span>
      </div>
      <p className="st-problem" role="alert">
        {problem}
      </p>
      <Button type="submit" variant="hot" size="l" block loading={busy}>
        {t('offer.submit')}
      </Button>
    </form>
  );
};
