import type { GroupBuyTerms, PlaceGroupBuy } from '@walnut-live/contracts';
import { isApiError } from '@walnut-live/live-client/http';
import { Button, Price, QuantityStepper, safeLocalStorage, useErrorText, useFormat } from '@walnut-live/ui';
import { MapPin } from 'lucide-react';
import { type ReactNode, useState } from 'react';
import { useServices } from '../app/services.tsx';
import { AddressForm } from '../purchase/address-form.tsx';
import { addressLine, checkAddress, loadAddress, saveAddress } from '../purchase/address-store.ts';
import { placeOnce } from '../purchase/place-order.ts';
import { useGroupT } from './messages.ts';
import './group-buys.css';

const storage = safeLocalStorage();

/** Where the parcel goes and how many; places the order that opens a group or joins one. */
export const GroupCheckout = ({
  roomId,
  wish,
  terms,
  onPlaced,
  onBack,
}: {
  roomId: string;
  wish: PlaceGroupBuy;
  terms: GroupBuyTerms;
  onPlaced: (order: { orderId: string; paymentId: string | null }) => void;
  onBack: () => void;
}): ReactNode => {
  const t = useGroupT();
  const format = useFormat();
  const errorText = useErrorText();
  const services = useServices();
  const [draft, setDraft] = useState(() => loadAddress(storage));
  const [editing, setEditing] = useState(() => !checkAddress(loadAddress(storage)).ok);
  const [wrong, setWrong] = useState<ReadonlySet<string>>(new Set());
  const [quantity, setQuantity] = useState(1);
  const [failure, setFailure] = useState<unknown>(null);
  const [busy, setBusy] = useState(false);

  const submit = async (): Promise<void> => {
    if (busy) return;
    const checked = checkAddress(draft);
    if (!checked.ok) {
      setWrong(checked.wrong);
      setEditing(true);
      return;
    }
    saveAddress(storage, draft);
    setWrong(new Set());
    setEditing(false);
    if (!(await services.requireConsumer('buy'))) return;
    setBusy(true);
    setFailure(null);
    try {
      const lines = [{ skuId: terms.sku.id, quantity, seenPriceFen: terms.priceFen }];
      const { order } = await placeOnce(services, { roomId, lines, address: checked.address, groupBuy: wish });
      onPlaced({ orderId: order.id, paymentId: order.payment?.id ?? null });
    } catch (error) {
      setFailure(error);
      setBusy(false);
    }
  };

  const taken = isApiError(failure, 'already_in_group') ? String(failure.facts.orderId) : null;
  return (
    <div className="pl-group-checkout" data-testid="group-checkout">
      <section className="pl-card">
        <div className="pl-group-item">
          <img src={terms.product.pictureUrl} alt="" width={64} height={64} />
          <div>
            <p className="pl-group-name">{terms.product.title}</p>
            <p className="pl-fine">{terms.sku.name}</p>
            <Price fen={terms.priceFen} struckFen={terms.shelfPriceFen} />
          </div>
        </div>
        {terms.perPerson > 1 && (
          <div className="pl-quantity">
            <span className="pl-label">{t('quantity')}</span>
            <QuantityStepper value={quantity} max={terms.perPerson} disabled={busy} onChange={setQuantity} />
          </div>
        )}
      </section>
      <section className="pl-card">
        <h3 className="pl-card-title">{t('address')}</h3>
        {editing ? (
          <AddressForm
            draft={draft}
            wrong={wrong}
            onChange={(next) => {
              setDraft(next);
              saveAddress(storage, next);
            }}
          />
        ) : (
          <button type="button" className="pl-address" onClick={() => setEditing(true)}>
            <MapPin size={20} aria-hidden="true" />
            <span className="pl-address-text">
              <span className="pl-address-who">
                {draft.recipient} <span className="wl-number">{draft.phone}</span>
              </span>
              <span>{addressLine(draft)}</span>
            </span>
            <span className="pl-address-change">{t('change')}</span>
          </button>
        )}
      </section>
      {failure !== null && (
        <div className="pl-refusal" role="alert" data-testid="group-refusal">
          {errorText(failure)}
          {taken && (
            <button
              type="button"
              className="pl-group-link"
              onClick={() => onPlaced({ orderId: taken, paymentId: null })}
            >
              {t('order')}
            </button>
          )}
        </div>
      )}
      <p className="pl-group-sum">
        <span>{t('total')}</span>
        <b className="wl-number">{format.money(terms.priceFen * quantity)}</b>
      </p>
      <p className="pl-fine">{t('shipping')}</p>
      <div className="pl-group-actions">
        <Button size="l" variant="ghost" onClick={onBack}>
          {t('back')}
        </Button>
        <Button size="l" variant="hot" loading={busy} onClick={() => void submit()} data-testid="group-place">
          {t('buy')}
        </Button>
      </div>
    </div>
  );
};
