import { quoteShipping, type ShippingQuote } from '@walnut-live/contracts';
import { isApiError } from '@walnut-live/live-client/http';
import { Button, safeLocalStorage, useFormat } from '@walnut-live/ui';
import { MapPin, Store } from 'lucide-react';
import { useEffect, useState } from 'react';
import { useServices } from '../app/services.tsx';
import { playerI18n } from '../i18n/messages.ts';
import { AddressForm } from '../purchase/address-form.tsx';
import { type AddressDraft, addressLine, checkAddress, loadAddress, saveAddress } from '../purchase/address-store.ts';
import { AddressBookSheet } from './lazy-book.tsx';
import { useDeliveryT } from './messages.ts';
import './delivery.css';

const storage = safeLocalStorage();
/** While somebody types their address, or changes the number of pieces. */
const QUOTE_AFTER_MS = 300;

/** What of an order says where it goes. */
export type Where = {
  address?: ReturnType<typeof checkAddress> extends infer C
    ? C extends { ok: true; address: infer A }
      ? A
      : never
    : never;
  pickup?: { recipient: string; phone: string };
  seenShippingFen?: number;
};

/**
 * Where the goods go and what that costs: the address (typed or out of the book), pick-up where the store offers it, and the
 * server's quote. The fee that was shown is sent with the order, so that nobody pays another one unasked.
 */
export const useWhere = (wanted: {
  roomId: string;
  lines: readonly { skuId: string; quantity: number }[];
  bundles?: readonly { bundleId: string; quantity: number }[] | undefined;
  /** After all discounts. */
  goodsFen: number;
  /** What is not fetched from the store. */
  parcelOnly?: boolean;
  disabled: boolean;
}) => {
  const t = useDeliveryT();
  const pt = playerI18n.useT();
  const format = useFormat();
  const { api } = useServices();
  const [draft, setDraft] = useState(() => loadAddress(storage));
  const [editing, setEditing] = useState(() => !checkAddress(loadAddress(storage)).ok);
  const [wrong, setWrong] = useState<ReadonlySet<string>>(new Set());
  const [choosing, setChoosing] = useState(false);
  const [picksUp, setPicksUp] = useState(false);
  const [told, setTold] = useState<{ question: string; quote: ShippingQuote | null; isLost: boolean } | null>(null);
  const [turn, setTurn] = useState(0);

  const { province, regionCode } = draft;
  const to = province.trim() === '' ? undefined : { province: province.trim(), ...(regionCode ? { regionCode } : {}) };
  const { roomId, lines, bundles, goodsFen } = wanted;
  const isEmpty = lines.length === 0 && !bundles?.length;
  const asked = JSON.stringify({ roomId, lines, ...(bundles ? { bundles } : {}), goodsFen, to });
  /** The same asked once more is another question. */
  const question = `${turn} ${asked}`;
  useEffect(() => {
    if (isEmpty) return;
    let gone = false;
    const timer = setTimeout(() => {
      void api
        .call(quoteShipping, { body: JSON.parse(question.slice(question.indexOf(' ') + 1)) })
        .catch(() => null) // the order itself says what it costs
        .then((quote) => {
          if (!gone) setTold((before) => ({ question, quote: quote ?? before?.quote ?? null, isLost: quote === null }));
        });
    }, QUOTE_AFTER_MS);
    return () => {
      gone = true;
      clearTimeout(timer);
    };
  }, [api, question, isEmpty]);

  const quote = told?.quote ?? null;
  const isAnswered = told?.question === question;
  const isCurrent = isAnswered && !told.isLost;
  const place = wanted.parcelOnly ? null : (quote?.pickup ?? null);
  const fetches = picksUp && place !== null;
  const shippingFen = fetches ? 0 : isCurrent && to ? quote?.shippingFen : undefined;

  const change = (next: AddressDraft): void => {
    // A code belongs to the names it came with.
    const moved = next.province !== draft.province || next.city !== draft.city || next.district !== draft.district;
    const { regionCode: _code, ...typed } = next;
    const kept = moved && next.regionCode === draft.regionCode ? typed : next;
    setDraft(kept);
    saveAddress(storage, kept);
    if (wrong.size === 0) return;
    const checked = checkAddress(kept);
    setWrong(checked.ok ? new Set() : checked.wrong);
  };

  /** Null: something is to be written first, and says so. */
  const take = (): Where | null => {
    const seen = typeof shippingFen === 'number' ? { seenShippingFen: shippingFen } : {};
    const checked = checkAddress(draft);
    if (fetches) {
      const missing = ['recipient', 'phone'].filter((name) => !checked.ok && checked.wrong.has(name as 'phone'));
      setWrong(new Set(missing));
      if (missing.length > 0) return null;
      saveAddress(storage, draft);
      return { pickup: { recipient: draft.recipient.trim(), phone: draft.phone }, ...seen };
    }
    if (!checked.ok) {
      setWrong(checked.wrong);
      setEditing(true);
      return null;
    }
    saveAddress(storage, draft);
    setWrong(new Set());
    setEditing(false);
    return { address: checked.address, ...seen };
  };

  const section = (
    <section className="pl-card" data-testid="where">
      {place && (
        <fieldset className="pl-handing">
          <legend className="wl-visually-hidden">{t('way.label')}</legend>
          {([false, true] as const).map((value) => (
            <label key={String(value)} data-on={picksUp === value}>
              <input
                type="radio"
                name="way"
                checked={picksUp === value}
                disabled={wanted.disabled}
                onChange={() => setPicksUp(value)}
                data-testid={value ? 'way-pickup' : 'way-parcel'}
              />
              {t(value ? 'way.pickup' : 'way.parcel')}
            </label>
          ))}
        </fieldset>
      )}
      {fetches ? (
        <>
          <p className="pl-address">
            <Store size={20} aria-hidden="true" />
            <span className="pl-address-text">
              <span className="pl-address-who">{place.place}</span>
              <span>{t('pickup.free')}</span>
            </span>
          </p>
          <AddressForm draft={draft} wrong={wrong} onChange={change} contactOnly />
        </>
      ) : editing ? (
        <>
          <div className="pl-where-head">
            <h3 className="pl-card-title">{pt('address.title')}</h3>
            <Button variant="ghost" size="s" onClick={() => setChoosing(true)} data-testid="open-book">
              {t('book.open')}
            </Button>
          </div>
          <AddressForm draft={draft} wrong={wrong} onChange={change} />
        </>
      ) : (
        <div className="pl-where-head">
          <button type="button" className="pl-address" onClick={() => setEditing(true)}>
            <MapPin size={20} aria-hidden="true" />
            <span className="pl-address-text">
              <span className="pl-address-who">
                {draft.recipient} <span className="wl-number">{draft.phone}</span>
              </span>
              <span>{addressLine(draft)}</span>
            </span>
            <span className="pl-address-change">{pt('address.change')}</span>
          </button>
          <Button variant="ghost" size="s" onClick={() => setChoosing(true)} data-testid="open-book">
            {t('book.open')}
          </Button>
        </div>
      )}
      {!fetches && isCurrent && to && quote?.shippingFen === null && (
        <p className="pl-problem" role="alert">
          {t('quote.none')}
        </p>
      )}
      <AddressBookSheet
        open={choosing}
        onClose={() => setChoosing(false)}
        onChoose={(address) => {
          setDraft(address);
          saveAddress(storage, address);
          setWrong(new Set());
          setEditing(false);
        }}
      />
    </section>
  );

  return {
    section,
    take,
    /** What is shown is not the answer for these goods and this address yet; false when none came, and while none is needed. */
    isPending: !isEmpty && !fetches && to !== undefined && !isAnswered,
    /** Undefined: not known yet; null: nothing is sent there. */
    shippingFen,
    freeHint:
      !fetches && isCurrent && quote?.freeInFen && shippingFen !== 0
        ? t('quote.free', { amount: format.money(quote.freeInFen, { fen: 'trim' }) })
        : null,
    isRefused: !fetches && isCurrent && to !== undefined && quote?.shippingFen === null,
    /** The words for a refusal about shipping, after which the quote is asked for again; null for any other error. */
    refusal(error: unknown): string | null {
      if (isApiError(error, 'price_changed') && typeof error.facts.shippingFen === 'number')
        return t('quote.changed', { amount: format.money(error.facts.shippingFen) });
      return isApiError(error, 'not_delivered_there') ? t('quote.none') : null;
    },
    askAgain: () => setTurn((before) => before + 1),
  };
};
