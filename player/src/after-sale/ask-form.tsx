import { useQuery, useQueryClient } from '@tanstack/react-query';
import {
  type AfterSaleKind,
  type AfterSaleOptions,
  AfterSaleReason,
  orderAfterSales,
  type AfterSaleReason as Reason,
  requestAfterSale,
} from '@walnut-live/contracts';
import {
  Button,
  EmptyState,
  ErrorState,
  QuantityStepper,
  Skeleton,
  useErrorText,
  useFormat,
  useToast,
} from '@walnut-live/ui';
import { type ReactNode, useState } from 'react';
import { useNavigate } from 'react-router';
import { useServices } from '../app/services.tsx';
import { type Chosen, sumOf, sumOfItem } from './ask.ts';
import { EvidenceField, type SentPicture } from './evidence.tsx';
import { useAfterSaleT } from './messages.ts';

const NOTE_LENGTH = 500;
/** Where the seller is at fault, shipping is asked for too unless the buyer says otherwise. */
const sellersFault: readonly Reason[] = ['not_received', 'damaged', 'quality', 'wrong_goods', 'not_as_described'];

export const AskForm = ({ orderId }: { orderId: string }): ReactNode => {
  const t = useAfterSaleT();
  const { api } = useServices();
  const query = useQuery({
    queryKey: ['after-sales', orderId],
    queryFn: ({ signal }) => api.call(orderAfterSales, { params: { id: orderId }, signal }),
  });
  if (query.isError && !query.data)
    return <ErrorState error={query.error} onRetry={() => void query.refetch()} retrying={query.isFetching} />;
  if (!query.data)
    return (
      <div className="pl-order" aria-busy="true">
        <Skeleton height={140} radius={18} />
        <Skeleton height={120} radius={18} />
      </div>
    );
  const { options } = query.data;
  if (options.kinds.length === 0 || options.items.every((item) => item.pieces === 0))
    return <EmptyState illustration="orders" title={t('ask.nothing')} />;
  return <Form orderId={orderId} options={options} />;
};

const Form = ({ orderId, options }: { orderId: string; options: AfterSaleOptions }): ReactNode => {
  const t = useAfterSaleT();
  const format = useFormat();
  const toast = useToast();
  const errorText = useErrorText();
  const navigate = useNavigate();
  const cache = useQueryClient();
  const { api, pending } = useServices();
  const only = options.items.filter((item) => item.pieces > 0);
  const [chosen, setChosen] = useState<Chosen>(only.length === 1 && only[0] ? { [only[0].itemId]: 1 } : {});
  const [kind, setKind] = useState<AfterSaleKind>(options.kinds[0] ?? 'refund_only');
  const [reason, setReason] = useState<Reason>('no_reason');
  const [note, setNote] = useState('');
  const [shipping, setShipping] = useState(false);
  const [pictures, setPictures] = useState<readonly SentPicture[]>([]);
  const [busy, setBusy] = useState(false);
  const sum = sumOf(options, chosen, kind, shipping);
  const isProtected =
    kind === 'return_and_refund' && (options.noReasonUntil === null || new Date(options.noReasonUntil) > new Date());

  const submit = async (): Promise<void> => {
    setBusy(true);
    const body = {
      ...{ kind, reason, note: note.trim() },
      items: Object.entries(chosen).flatMap(([itemId, quantity]) => (quantity > 0 ? [{ itemId, quantity }] : [])),
      shippingFen: kind !== 'exchange' && shipping ? options.shippingLeftFen : 0,
      pictureIds: pictures.map(({ id }) => id),
    };
    try {
      const made = await pending.run(`after-sale:${orderId}`, body, (idempotencyKey) =>
        api.call(requestAfterSale, { params: { id: orderId }, body, idempotencyKey }),
      );
      cache.setQueryData(['after-sale', made.id], made);
      void cache.invalidateQueries({ queryKey: ['after-sales', orderId] });
      await navigate(`/orders/${orderId}/after-sale/${made.id}`, { replace: true });
    } catch (error) {
      toast(errorText(error), { tone: 'error' });
      void cache.invalidateQueries({ queryKey: ['after-sales', orderId] });
    }
    setBusy(false);
  };

  return (
    <form
      className="pl-order"
      onSubmit={(event) => {
        event.preventDefault();
        void submit();
      }}
    >
      <section className="pl-card">
        <h2 className="as-head">{t('ask.items')}</h2>
        <ul className="pl-items">
          {options.items.map((item) => (
            <li key={item.itemId} className="pl-item" data-off={item.pieces === 0}>
              <img src={item.pictureUrl} alt="" width={76} height={76} loading="lazy" />
              <div className="pl-item-text">
                <p className="pl-item-title">{item.title}</p>
                <p className="pl-item-sku">{item.skuName}</p>
                <div className="as-pieces">
                  {item.pieces === 0 ? (
                    <small>{t('ask.none')}</small>
                  ) : (
                    <>
                      <QuantityStepper
                        value={chosen[item.itemId] ?? 0}
                        min={0}
                        max={item.pieces}
                        label={item.title}
                        onChange={(pieces) => setChosen((before) => ({ ...before, [item.itemId]: pieces }))}
                      />
                      <small>
                        {kind !== 'exchange' && (chosen[item.itemId] ?? 0) > 0
                          ? format.money(sumOfItem(item, chosen[item.itemId] ?? 0))
                          : t('ask.left', { count: item.pieces })}
                      </small>
                    </>
                  )}
                </div>
              </div>
            </li>
          ))}
        </ul>
      </section>

      <fieldset className="pl-card as-choices">
        <legend className="as-head">{t('ask.kind')}</legend>
        {options.kinds.map((one) => (
          <label key={one} className="as-choice">
            <input type="radio" name="kind" checked={kind === one} onChange={() => setKind(one)} />
            <span>
              <b>{t(`kind.${one}`)}</b>
              <small>{t(`kind.${one}.hint`)}</small>
            </span>
          </label>
        ))}
        {isProtected && <p className="as-promise">{t('ask.protected')}</p>}
      </fieldset>

      <fieldset className="pl-card">
        <legend className="as-head">{t('ask.reason')}</legend>
        <div className="as-reasons">
          {AfterSaleReason.options.map((one) => (
            <label key={one} className="as-reason">
              <input
                type="radio"
                name="reason"
                checked={reason === one}
                onChange={() => {
                  setReason(one);
                  setShipping(sellersFault.includes(one) && options.shippingLeftFen > 0);
                }}
              />
              <span>{t(`reason.${one}`)}</span>
            </label>
          ))}
        </div>
        <label className="as-head" htmlFor="as-note">
          {t('ask.note')}
        </label>
        <textarea
          id="as-note"
          className="as-note"
          rows={3}
          maxLength={NOTE_LENGTH}
          placeholder={t('ask.noteHint')}
          value={note}
          onChange={(event) => setNote(event.target.value)}
        />
        <p className="as-head">{t('ask.pictures')}</p>
        <EvidenceField orderId={orderId} pictures={pictures} onChange={setPictures} />
      </fieldset>

      <div className="as-foot">
        {kind !== 'exchange' && options.shippingLeftFen > 0 && (
          <label className="as-shipping">
            <input type="checkbox" checked={shipping} onChange={(event) => setShipping(event.target.checked)} />
            {t('ask.shipping')} {format.money(options.shippingLeftFen)}
          </label>
        )}
        <p className="as-sum" aria-live="polite">
          {kind === 'exchange' ? (
            t('ask.exchangeSum', { count: sum.pieces })
          ) : (
            <>
              {t('ask.sum')}
              <b className="wl-number" data-testid="as-sum">
                {format.money(sum.fen)}
              </b>
            </>
          )}
        </p>
        <Button
          variant="grove"
          size="l"
          block
          type="submit"
          loading={busy}
          disabled={sum.pieces === 0 || (kind !== 'exchange' && sum.fen === 0)}
          data-testid="as-submit"
        >
          {t('ask.submit')}
        </Button>
      </div>
    </form>
  );
};
