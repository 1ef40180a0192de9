import type { BagItem } from '@walnut-live/contracts';
import { isApiError } from '@walnut-live/live-client/http';
import type { RoomSession } from '@walnut-live/live-client/room';
import { Button, useErrorText, useFormat, useToast } from '@walnut-live/ui';
import { type FormEvent, type ReactNode, useId, useState } from 'react';
import { Chips } from '../controls/chips.tsx';
import { TextField } from '../controls/text-field.tsx';
import { useT } from '../i18n/index.ts';
import { readOffer, suggestFen, yuanText } from './offer-input.ts';

const MINUTES = [5, 10, 30, 60] as const;
const LIMITS = [0, 1, 2, 5] as const;

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
      <TextField
        label={t('offer.price')}
        number="decimal"
        className="st-input-price"
        value={price}
        onChange={setPrice}
        hint={t('offer.price.shelf', { price: shelf })}
      />
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
      <TextField label={t('offer.cap')} number="numeric" value={cap} onChange={setCap} hint={t('offer.cap.hint')} />
      <p className="st-problem" role="alert">
        {problem}
      </p>
      <Button type="submit" variant="hot" size="l" block loading={busy}>
        {t('offer.submit')}
      </Button>
    </form>
  );
};
