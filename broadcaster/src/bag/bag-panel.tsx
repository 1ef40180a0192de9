import { type BagItem, putBag } from '@walnut-live/contracts';
import { headlinePriceAt, type RoomSession } from '@walnut-live/live-client/room';
import {
  Badge,
  Button,
  cx,
  EmptyState,
  Price,
  Sheet,
  useErrorText,
  useFormat,
  useNow,
  useToast,
} from '@walnut-live/ui';
import { Boxes, ListPlus, Pin, Zap } from 'lucide-react';
import { type ReactNode, useState } from 'react';
import { useMay, useSelect, useServices } from '../app/services.tsx';
import { useT } from '../i18n/index.ts';
import { ProductPicker } from '../prepare/product-picker.tsx';
import { BundleForm } from './bundle-form.tsx';
import { useDealT } from './messages.ts';
import { OfferForm } from './offer-form.tsx';
import { openOffers, RunningBundle, RunningOffer } from './running.tsx';
import './bag.css';

/** The bag of a live: one tap pins, the pinned card is marked, the last tap can be undone. */
export const BagPanel = ({ session }: { session: RoomSession }): ReactNode => {
  const { api } = useServices();
  const t = useT();
  const dealT = useDealT();
  const toast = useToast();
  const errorText = useErrorText();
  const mayPrice = useMay()('offers:write');
  const bag = useSelect(session, (state) => state.bag);
  const [pending, setPending] = useState<string | null>(null);
  const [bundling, setBundling] = useState(false);
  const [offering, setOffering] = useState<string | null>(null);
  const [picking, setPicking] = useState<string[] | null>(null);
  const [saving, setSaving] = useState(false);
  const offset = session.serverNowMs() - Date.now();
  const now = useNow(1000, offset);
  const bundles = (bag.bundles ?? []).filter(({ state, endsAt }) => state === 'open' && Date.parse(endsAt) > now);
  const pinned = bag.pinnedProductId;
  const offeringItem = bag.items.find((item) => item.product.id === offering);

  /** `null` unpins. The undo goes back to what was pinned before. */
  const pin = async (productId: string | null, undoable = true): Promise<void> => {
    const before = session.get().bag.pinnedProductId;
    setPending(productId ?? before);
    try {
      await (productId === null ? session.unpin() : session.pin(productId));
      if (!undoable) return;
      const title = bag.items.find((item) => item.product.id === productId)?.product.title;
      toast(title ? t('bag.pinned.done', { title }) : t('bag.unpinned.done'), {
        tone: 'success',
        action: { label: t('bag.undo'), onPress: () => void pin(before, false) },
      });
    } catch (error) {
      toast(errorText(error), { tone: 'error' });
    } finally {
      setPending(null);
    }
  };

  const savePicked = async (): Promise<void> => {
    if (!picking) return;
    setSaving(true);
    try {
      await api.call(putBag, { params: { id: session.roomId }, body: { productIds: picking } });
      toast(t('app.saved'), { tone: 'success' });
      setPicking(null);
    } catch (error) {
      toast(errorText(error), { tone: 'error' });
    } finally {
      setSaving(false);
    }
  };

  const edit = (): void => setPicking(bag.items.map((item) => item.product.id));

  return (
    <div className="st-bag">
      {bag.items.length === 0 ? (
        <EmptyState
          compact
          illustration="bag"
          title={t('bag.empty')}
          hint={t('bag.empty.hint')}
          action={<Button onClick={edit}>{t('bag.add')}</Button>}
        />
      ) : (
        <>
          <ol className="st-bag-list">
            {bag.items.map((item, at) => (
              <BagCard
                key={item.product.id}
                item={item}
                number={at + 1}
                nowMs={now}
                offsetMs={offset}
                pinned={item.product.id === pinned}
                busy={pending === item.product.id}
                onPin={() => void pin(item.product.id === pinned ? null : item.product.id)}
                onOffer={mayPrice ? () => setOffering(item.product.id) : undefined}
              />
            ))}
          </ol>
          {bundles.length > 0 && (
            <section>
              <h3 className="st-legend st-bundles-title">{dealT('bundle.heading')}</h3>
              <ul className="st-bag-list">
                {bundles.map((bundle) => (
                  <RunningBundle key={bundle.id} bundle={bundle} nowMs={now} offsetMs={offset} />
                ))}
              </ul>
            </section>
          )}
          <div className="st-row">
            <Button variant="soft" icon={<ListPlus aria-hidden />} onClick={edit}>
              {t('bag.edit')}
            </Button>
            {mayPrice && (
              <Button
                variant="soft"
                icon={<Boxes aria-hidden />}
                onClick={() => setBundling(true)}
                data-testid="bundle-new"
              >
                {dealT('bundle.add')}
              </Button>
            )}
          </div>
        </>
      )}
      <Sheet
        open={offeringItem !== undefined}
        onClose={() => setOffering(null)}
        title={t('offer.title')}
        height="full"
        theme="dark"
      >
        {offeringItem && <OfferForm session={session} item={offeringItem} onDone={() => setOffering(null)} />}
      </Sheet>
      <Sheet open={bundling} onClose={() => setBundling(false)} title={dealT('bundle.add')} height="full" theme="dark">
        <BundleForm session={session} bag={bag} onDone={() => setBundling(false)} />
      </Sheet>
      <ProductPicker
        open={picking !== null}
        onClose={() => setPicking(null)}
        chosen={picking ?? []}
        onChange={setPicking}
        onDone={() => void savePicked()}
        busy={saving}
      />
    </div>
  );
};

type CardProps = {
  item: BagItem;
  number: number;
  nowMs: number;
  offsetMs: number;
  pinned: boolean;
  busy: boolean;
  onPin: () => void;
  /** None for who may not set prices. */
  onOffer: (() => void) | undefined;
};

const BagCard = ({ item, number, nowMs, offsetMs, pinned, busy, onPin, onOffer }: CardProps): ReactNode => {
  const t = useT();
  const format = useFormat();
  const { product } = item;
  const price = headlinePriceAt(item, nowMs);
  const offers = openOffers(item, nowMs);
  const free = product.skus.filter((sku) => sku.active && offers.every(({ skuId }) => skuId !== sku.id)).length;
  const left = Object.values(item.available).reduce((sum, count) => sum + count, 0);
  const known = Object.keys(item.available).length > 0;
  return (
    <li className={cx('st-card', pinned && 'st-card-pinned')}>
      <div className="st-card-picture">
        <img src={product.pictureUrl} alt="" width="84" height="84" loading="lazy" />
        <span className="st-card-number wl-number">{number}</span>
      </div>
      <div className="st-card-text">
        <h3>{product.title}</h3>
        <p className="st-card-badges">
          {pinned && <Badge tone="hot">{t('bag.pinned')}</Badge>}
          {known && (
            <Badge tone={left === 0 ? 'danger' : left < 10 ? 'warn' : 'neutral'}>
              {left === 0 ? t('bag.soldOut') : t('bag.left', { count: format.number(left) })}
            </Badge>
          )}
        </p>
        {price && (
          <Price fen={price.priceFen} struckFen={price.struckFen} size="s" tone={price.offer ? 'hot' : 'plain'} />
        )}
      </div>
      <div className="st-card-actions">
        <Button
          variant={pinned ? 'outline' : 'primary'}
          size="s"
          loading={busy}
          icon={<Pin aria-hidden />}
          aria-pressed={pinned}
          aria-label={`${t(pinned ? 'bag.unpin' : 'bag.pin')} ${product.title}`}
          onClick={onPin}
        >
          {t(pinned ? 'bag.unpin' : 'bag.pin')}
        </Button>
        {free > 0 && onOffer && (
          <Button
            variant="soft"
            size="s"
            icon={<Zap aria-hidden />}
            aria-label={`${t('bag.offer')} ${product.title}`}
            onClick={onOffer}
          >
            {t('bag.offer')}
          </Button>
        )}
      </div>
      {offers.map((offer) => (
        <RunningOffer key={offer.id} item={item} offer={offer} nowMs={nowMs} offsetMs={offsetMs} />
      ))}
    </li>
  );
};
