import type { BagItem } from '@walnut-live/contracts';
import { isApiError } from '@walnut-live/live-client/http';
import type { RoomSession } from '@walnut-live/live-client/room';
import { Button, useErrorText, useFormat, useToast } from '@walnut-live/ui';
import { type FormEvent, type ReactNode, useId, useState } from 'react';
import { Chips } from '../controls/chips.tsx';
import { TextField } from '../controls/text-field.tsx';
import { useT } from '../i18n/index.ts';
import { useDealT } from './messages.ts';
import { GiftFields, StairFields } from './offer-extras.tsx';
import { type GiftDraft, readExtras, readOffer, type StairDraft, suggestFen, yuanText } from './offer-input.ts';
import { openOffers } from './running.tsx';
import { LIMITS, MINUTES, START_MINUTES, startsAtIn } from './window.ts';

/** Opens a live price for one SKU of a product: price, when, limit, cap, stairs, a gift. What has an offer is not offered again. */
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
  const dealT = useDealT();
  const format = useFormat();
  const toast = useToast();
  const errorText = useErrorText();
  const id = useId();
  // As it was when the form opened: what a colleague opens meanwhile must not move the price to another SKU.
  const [taken] = useState(() => new Set(openOffers(item, session.serverNowMs()).map(({ skuId }) => skuId)));
  const skus = item.product.skus.filter((sku) => sku.active && !taken.has(sku.id));
  const [skuId, setSkuId] = useState(skus[0]?.id ?? '');
  const sku = skus.find((candidate) => candidate.id === skuId) ?? skus[0];
  const [price, setPrice] = useState(() => (sku ? yuanText(suggestFen(sku.priceFen)) : ''));
  const [inMinutes, setInMinutes] = useState<(typeof START_MINUTES)[number]>(0);
  const [minutes, setMinutes] = useState<(typeof MINUTES)[number]>(10);
  const [limit, setLimit] = useState<(typeof LIMITS)[number]>(2);
  const [cap, setCap] = useState('');
  const [stairs, setStairs] = useState<readonly StairDraft[]>([]);
  const [gift, setGift] = useState<GiftDraft | null>(null);
  const [busy, setBusy] = useState(false);
  const [problem, setProblem] = useState<string | null>(null);
  if (!sku) return null;
  const shelf = format.money(sku.priceFen, { fen: 'trim' });

  const refusal = (error: unknown, hasGift: boolean): string => {
    if (isApiError(error, 'below_price_floor')) {
      const { floorPriceFen } = error.facts;
      if (typeof floorPriceFen === 'number') return t('offer.floor', { price: format.money(floorPriceFen) });
      if (hasGift) return dealT('gift.floor');
    }
    // A price needs no stock; what has run out is what was to be given away.
    if (hasGift && isApiError(error, 'out_of_stock')) return dealT('gift.noStock');
    return errorText(error);
  };

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
    const more = readExtras({ priceFen: read.priceFen, limit, stairs, gift });
    if (!more.ok) {
      const n = more.at + 1;
      const texts = {
        'stair.invalid': dealT('stairs.invalid', { n }),
        'stair.notAscending': dealT('stairs.notAscending', { n }),
        'stair.notFalling': dealT('stairs.notFalling', { n }),
        'stair.aboveLimit': dealT('stairs.aboveLimit', { n }),
        'gift.none': dealT('gift.choose'),
        'gift.per': dealT('gift.perInvalid'),
        'gift.cap': dealT('gift.capInvalid'),
      };
      return setProblem(texts[more.problem]);
    }
    const { extras } = more;
    setBusy(true);
    setProblem(null);
    try {
      await session.openOffer({
        skuId: sku.id,
        priceFen: read.priceFen,
        ...startsAtIn(inMinutes, session.serverNowMs()),
        ...(extras.stairs.length > 0 ? { stairs: extras.stairs } : {}),
        ...(extras.gift ? { gift: extras.gift } : {}),
        durationSeconds: minutes * 60,
        cap: read.cap,
        perPersonLimit: limit === 0 ? null : limit,
      });
      toast(inMinutes > 0 ? dealT('announced', { n: inMinutes }) : t('offer.done'), { tone: 'success' });
      onDone();
    } catch (error) {
      setProblem(refusal(error, extras.gift !== null));
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
        legend={dealT('starts')}
        values={START_MINUTES}
        value={inMinutes}
        onChange={setInMinutes}
        show={(n) => (n === 0 ? dealT('starts.now') : dealT('starts.in', { n }))}
      />
      {inMinutes > 0 && <p className="st-hint st-deal-hint">{dealT('starts.hint')}</p>}
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
      <StairFields stairs={stairs} onChange={setStairs} />
      <GiftFields soldSkuId={sku.id} gift={gift} onChange={setGift} />
      <div className="st-deal-foot">
        <p className="st-problem" role="alert">
          {problem}
        </p>
        <Button type="submit" variant="hot" size="l" block loading={busy} data-testid="offer-open">
          {inMinutes > 0 ? dealT('announce') : t('offer.submit')}
        </Button>
      </div>
    </form>
  );
};
