import { type BagItem, type BundleView, closeBundle, type OfferView, patchOffer } from '@walnut-live/contracts';
import { Badge, Button, Countdown, Price, useConfirm, useErrorText, useFormat, useToast } from '@walnut-live/ui';
import { Gift, Zap } from 'lucide-react';
import { type ReactNode, useState } from 'react';
import { useMay, useServices } from '../app/services.tsx';
import { useT } from '../i18n/index.ts';
import { useDealT } from './messages.ts';

/** Offers of a product that run or are announced, what begins first at the top. */
export const openOffers = (item: BagItem, nowMs: number): OfferView[] =>
  item.offers
    .filter(({ state, endsAt }) => state === 'open' && Date.parse(endsAt) > nowMs)
    .sort((a, b) => a.startsAt.localeCompare(b.startsAt));

/** Asks, then closes; what went wrong is told. */
const useClosing = (
  texts: { title: string; body: string; confirm: string; done: string },
  close: () => Promise<unknown>,
) => {
  const toast = useToast();
  const confirm = useConfirm();
  const errorText = useErrorText();
  const [busy, setBusy] = useState(false);
  const run = async (): Promise<void> => {
    const { title, body } = texts;
    if (!(await confirm({ title, body, confirmText: texts.confirm, tone: 'danger', theme: 'dark' }))) return;
    setBusy(true);
    try {
      await close();
      toast(texts.done, { tone: 'success' });
    } catch (error) {
      toast(errorText(error), { tone: 'error' });
    } finally {
      setBusy(false);
    }
  };
  return { busy, run };
};

/** One offer of a product: what is taken, until when or until it begins, and its end by hand. */
export const RunningOffer = ({
  item,
  offer,
  nowMs,
  offsetMs,
}: {
  item: BagItem;
  offer: OfferView;
  nowMs: number;
  offsetMs: number;
}): ReactNode => {
  const { api } = useServices();
  const mayPrice = useMay()('offers:write');
  const t = useT();
  const dealT = useDealT();
  const format = useFormat();
  const sku = item.product.skus.find(({ id }) => id === offer.skuId);
  const soon = Date.parse(offer.startsAt) > nowMs;
  const closing = useClosing(
    {
      title: t('bag.offer.close.title'),
      body: t('bag.offer.close.body', { price: format.money(sku?.priceFen ?? 0, { fen: 'trim' }) }),
      confirm: t('bag.offer.close'),
      done: t('bag.offer.closed'),
    },
    () => api.call(patchOffer, { params: { id: offer.id }, body: { state: 'closed' } }),
  );
  const taken = format.number(offer.taken);
  const several = item.product.skus.filter(({ active }) => active).length > 1;
  return (
    <div className="st-running" data-testid="running-offer">
      <Zap aria-hidden />
      <div className="st-running-text">
        <p>
          {soon && <Badge tone="warn">{dealT('row.starts')}</Badge>}
          <b className="wl-number">{format.money(offer.priceFen, { fen: 'trim' })}</b>
          {several && sku && <span>{sku.name}</span>}
          {!soon && (
            <span>
              {offer.cap === null
                ? t('bag.offer.takenOnly', { taken })
                : t('bag.offer.taken', { taken, cap: format.number(offer.cap) })}
            </span>
          )}
        </p>
        {(offer.stairs || offer.gift) && (
          <p className="st-running-more">
            {offer.stairs?.map(({ fromQuantity, priceFen }) => (
              <span key={fromQuantity}>
                {dealT('row.stairs', { from: fromQuantity, price: format.money(priceFen, { fen: 'trim' }) })}
              </span>
            ))}
            {offer.gift && (
              <span>
                <Gift aria-hidden />
                {dealT('row.gifts', {
                  taken: format.number(offer.gift.taken),
                  cap: format.number(offer.gift.cap),
                })}
              </span>
            )}
          </p>
        )}
      </div>
      <Countdown until={soon ? offer.startsAt : offer.endsAt} serverOffsetMs={offsetMs} />
      {mayPrice && (
        <Button variant="ghost" size="s" loading={closing.busy} onClick={() => void closing.run()}>
          {t('bag.offer.close')}
        </Button>
      )}
    </div>
  );
};

/** How many sets the pieces and the cap still allow. */
export const setsLeft = ({ parts, cap, taken }: BundleView): number =>
  Math.max(
    0,
    Math.min(
      ...parts.map(({ available, quantity }) => Math.floor(available / quantity)),
      ...(cap === null ? [] : [cap - taken]),
    ),
  );

export const RunningBundle = ({
  bundle,
  nowMs,
  offsetMs,
}: {
  bundle: BundleView;
  nowMs: number;
  offsetMs: number;
}): ReactNode => {
  const { api } = useServices();
  const mayPrice = useMay()('offers:write');
  const t = useDealT();
  const format = useFormat();
  const soon = Date.parse(bundle.startsAt) > nowMs;
  const left = setsLeft(bundle);
  const closing = useClosing(
    {
      title: t('bundle.close.title'),
      body: t('bundle.close.body', { title: bundle.title }),
      confirm: t('bundle.close'),
      done: t('bundle.closed'),
    },
    () => api.call(closeBundle, { params: { id: bundle.id }, body: {} }),
  );
  const taken = format.number(bundle.taken);
  return (
    <li className="st-card st-bundle" data-testid="running-bundle">
      <div className="st-bundle-pictures">
        {bundle.parts.slice(0, 3).map(({ skuId, pictureUrl }) => (
          <img key={skuId} src={pictureUrl} alt="" width="44" height="44" loading="lazy" />
        ))}
      </div>
      <div className="st-card-text">
        <h3>{bundle.title}</h3>
        <p className="st-card-badges">
          {soon && <Badge tone="warn">{t('row.starts')}</Badge>}
          <Badge tone={left === 0 ? 'danger' : left < 10 ? 'warn' : 'neutral'}>
            {left === 0 ? t('bundle.soldOut') : t('bundle.left', { count: format.number(left) })}
          </Badge>
        </p>
        <Price fen={bundle.priceFen} size="s" tone="hot" />
      </div>
      <div className="st-running">
        <Zap aria-hidden />
        <div className="st-running-text">
          <p>
            {bundle.cap === null
              ? t('bundle.takenOnly', { taken })
              : t('bundle.taken', { taken, cap: format.number(bundle.cap) })}
          </p>
        </div>
        <Countdown until={soon ? bundle.startsAt : bundle.endsAt} serverOffsetMs={offsetMs} />
        {mayPrice && (
          <Button variant="ghost" size="s" loading={closing.busy} onClick={() => void closing.run()}>
            {t('bundle.close')}
          </Button>
        )}
      </div>
    </li>
  );
};
