import { useQuery, useQueryClient } from '@tanstack/react-query';
import {
  changeOrderAddress,
  type OrderDelivery as Delivery,
  extendReceipt,
  getOrderInvoice,
  getSeller,
  type OrderView,
  requestInvoice,
  withdrawInvoice,
} from '@walnut-live/contracts';
import { Badge, Button, CopyButton, QrCode, Sheet, useErrorText, useFormat, useToast } from '@walnut-live/ui';
import { type ReactNode, useId, useState } from 'react';
import { Link } from 'react-router';
import { useServices } from '../app/services.tsx';
import { AddressBookSheet } from './lazy-book.tsx';
import { useDeliveryT } from './messages.ts';
import '../app/forms.css';
import './delivery.css';

const tones = { in_transit: 'neutral', near: 'warn', delivered: 'success', returned: 'danger' } as const;

/** How the order gets to its buyer, who sells it, and its invoice. */
export const OrderDelivery = ({ order }: { order: OrderView }): ReactNode => (
  <>
    {order.delivery && <Parcels order={order} delivery={order.delivery} />}
    <Seller order={order} />
    {order.paidFen > order.refundedFen && <InvoiceCard order={order} />}
  </>
);

/** Where to fetch it, and by which code; first of all, because the buyer stands at the counter. */
export const Pickup = ({ delivery }: { delivery: Delivery }): ReactNode => {
  const t = useDeliveryT();
  const { pickup } = delivery;
  if (!pickup) return null;
  return (
    <section className="pl-card pl-pickup" data-testid="pickup">
      {pickup.code && (
        <>
          <p className="pl-label">{t('pickup.code')}</p>
          <p className="pl-pickup-code wl-number" data-testid="pickup-code">
            {pickup.code.replace(/^(\d{5})/, '$1 ')}
          </p>
          <QrCode text={pickup.code} size={148} label={t('pickup.code')} />
          <p className="pl-fine">{t('pickup.show')}</p>
        </>
      )}
      <p>
        {t('pickup.place')} · {pickup.place}
      </p>
      <a href={`tel:${pickup.phone}`} className="wl-btn wl-btn-soft wl-btn-m">
        {t('pickup.call')} {pickup.phone}
      </a>
    </section>
  );
};

const Parcels = ({ order, delivery }: { order: OrderView; delivery: Delivery }): ReactNode => {
  const t = useDeliveryT();
  const format = useFormat();
  const toast = useToast();
  const errorText = useErrorText();
  const { api, pending } = useServices();
  const cache = useQueryClient();
  const [choosing, setChoosing] = useState(false);
  const [busy, setBusy] = useState(false);
  const left = delivery.toShip.reduce((sum, { quantity }) => sum + quantity, 0);
  const title = (id: string): string => order.items.find((item) => item.id === id)?.title ?? '';

  const act = async (work: () => Promise<OrderView>, done: string): Promise<void> => {
    setBusy(true);
    try {
      cache.setQueryData(['order', order.id], await work());
      toast(done, { tone: 'success' });
    } catch (error) {
      toast(errorText(error), { tone: 'error' });
    } finally {
      setBusy(false);
    }
  };
  const extend = (): Promise<void> =>
    act(
      () =>
        pending.run(`extend:${order.id}`, {}, (idempotencyKey) =>
          api.call(extendReceipt, { params: { id: order.id }, body: {}, idempotencyKey }),
        ),
      t('receive.extended'),
    );

  const { parcels, replay } = delivery;
  const isEmpty = parcels.length === 0 && !delivery.autoReceiveAt && !delivery.addressChangeable && !replay;
  if (isEmpty) return null;
  return (
    <section className="pl-card" data-testid="order-parcels">
      {parcels.map((parcel, at) => (
        <div key={parcel.id} className="pl-parcel" data-testid="parcel" data-state={parcel.state}>
          <div className="pl-parcel-head">
            <b>{t('parcel.title', { n: at + 1 })}</b>
            <Badge tone={tones[parcel.state]}>{t(`parcel.state.${parcel.state}`)}</Badge>
          </div>
          <p>
            {t(`carrier.${parcel.carrier}`)} <span className="pl-mono">{parcel.trackingNo}</span>{' '}
            <CopyButton text={parcel.trackingNo} />
          </p>
          {(parcels.length > 1 || left > 0) && (
            <p className="pl-fine">
              {parcel.items.map(({ orderItemId, quantity }) => `${title(orderItemId)} × ${quantity}`).join('、')}
            </p>
          )}
          <ol>
            {parcel.events.toReversed().map((event) => (
              <li key={`${event.at}${event.event}`}>
                <span>{t(`parcel.event.${event.event}`)}</span>
                <time dateTime={event.at}>{format.dateTime(event.at)}</time>
              </li>
            ))}
          </ol>
        </div>
      ))}
      {parcels.length > 0 && left > 0 && <p className="pl-fine">{t('parcel.partly', { n: left })}</p>}
      {delivery.autoReceiveAt && (
        <div className="pl-delivery-row">
          <span className="pl-fine">{t('receive.at', { time: format.dateTime(delivery.autoReceiveAt) })}</span>
          {delivery.canExtend && (
            <Button variant="ghost" size="s" loading={busy} onClick={() => void extend()} data-testid="extend">
              {t('receive.extend')}
            </Button>
          )}
        </div>
      )}
      {delivery.addressChangeable && (
        <div className="pl-delivery-row">
          <span className="pl-fine">{t('address.once')}</span>
          <Button
            variant="ghost"
            size="s"
            loading={busy}
            onClick={() => setChoosing(true)}
            data-testid="change-address"
          >
            {t('address.change')}
          </Button>
        </div>
      )}
      {replay && (
        <div className="pl-delivery-row">
          <Link to={`/r/${replay.roomId}/replay?at=${replay.atSeconds}`} data-testid="order-replay">
            {t('replay', { at: format.countdown(replay.atSeconds * 1_000) })}
          </Link>
        </div>
      )}
      <AddressBookSheet
        open={choosing}
        onClose={() => setChoosing(false)}
        onChoose={(address) =>
          void act(
            () => api.call(changeOrderAddress, { params: { id: order.id }, body: { address } }),
            t('address.changed'),
          )
        }
      />
    </section>
  );
};

/** Rule Z2. */
const Seller = ({ order }: { order: OrderView }): ReactNode => {
  const t = useDeliveryT();
  const { api } = useServices();
  const [open, setOpen] = useState(false);
  const query = useQuery({
    queryKey: ['seller', order.store.id],
    queryFn: ({ signal }) => api.call(getSeller, { params: { id: order.store.id }, signal }),
    enabled: open,
  });
  const seller = query.data;
  return (
    <section className="pl-card">
      <div className="pl-delivery-row">
        <span>
          {t('seller.title')} · {order.store.name}
        </span>
        <Button variant="ghost" size="s" aria-expanded={open} onClick={() => setOpen(!open)} data-testid="seller-show">
          {t('seller.show')}
        </Button>
      </div>
      {open && seller && (
        <dl className="pl-facts" data-testid="seller-identity">
          <dt>{t('seller.legalName')}</dt>
          <dd>{seller.legalName}</dd>
          <dt>{t('seller.licence')}</dt>
          <dd className="pl-mono">{seller.licenceNo}</dd>
          <dt>{t('seller.address')}</dt>
          <dd>{seller.address}</dd>
          <dt>{t('seller.phone')}</dt>
          <dd>
            <a href={`tel:${seller.servicePhone}`}>{seller.servicePhone}</a>
          </dd>
        </dl>
      )}
    </section>
  );
};

type Title = { kind: 'personal' | 'company'; title: string; taxNo: string; email: string };

const InvoiceCard = ({ order }: { order: OrderView }): ReactNode => {
  const t = useDeliveryT();
  const toast = useToast();
  const errorText = useErrorText();
  const { api } = useServices();
  const [asking, setAsking] = useState(false);
  const query = useQuery({
    queryKey: ['invoice', order.id],
    queryFn: ({ signal }) => api.call(getOrderInvoice, { params: { id: order.id }, signal }),
  });
  const invoice = query.data?.invoice ?? null;
  const withdraw = async (): Promise<void> => {
    try {
      await api.call(withdrawInvoice, { params: { id: order.id } });
    } catch (error) {
      toast(errorText(error), { tone: 'error' });
    }
    await query.refetch();
  };
  const mayAsk = query.isSuccess && (invoice === null || ['refused', 'withdrawn', 'voided'].includes(invoice.state));
  return (
    <section className="pl-card" data-testid="invoice">
      <div className="pl-delivery-row">
        <span>
          {t('invoice.title')}
          {invoice && (
            <small className="pl-fine">
              {' · '}
              {invoice.state === 'refused' || invoice.state === 'voided'
                ? t(`invoice.state.${invoice.state}`, { reason: invoice.reason })
                : t(`invoice.state.${invoice.state}`)}
              {invoice.number && ` · ${t('invoice.number', { number: invoice.number })}`}
            </small>
          )}
        </span>
        {mayAsk && (
          <Button variant="ghost" size="s" onClick={() => setAsking(true)} data-testid="invoice-ask">
            {t('invoice.ask')}
          </Button>
        )}
        {invoice?.state === 'requested' && (
          <Button variant="ghost" size="s" onClick={() => void withdraw()}>
            {t('invoice.withdraw')}
          </Button>
        )}
        {invoice?.url && invoice.state === 'issued' && (
          <a href={invoice.url} target="_blank" rel="noreferrer">
            {t('invoice.open')}
          </a>
        )}
      </div>
      <InvoiceSheet
        orderId={order.id}
        open={asking}
        onClose={() => setAsking(false)}
        onDone={() => {
          setAsking(false);
          void query.refetch();
        }}
      />
    </section>
  );
};

const InvoiceSheet = ({
  orderId,
  open,
  onClose,
  onDone,
}: {
  orderId: string;
  open: boolean;
  onClose: () => void;
  onDone: () => void;
}): ReactNode => {
  const t = useDeliveryT();
  const toast = useToast();
  const errorText = useErrorText();
  const { api, pending } = useServices();
  const id = useId();
  const [draft, setDraft] = useState<Title>({ kind: 'personal', title: '', taxNo: '', email: '' });
  const [busy, setBusy] = useState(false);
  const send = async (): Promise<void> => {
    const { kind, title, taxNo, email } = draft;
    const body = {
      kind,
      title: title.trim(),
      email: email.trim(),
      ...(kind === 'company' ? { taxNo: taxNo.trim() } : {}),
    };
    if (!requestInvoice.body.safeParse(body).success) return void toast(t('invoice.wrong'), { tone: 'error' });
    setBusy(true);
    try {
      await pending.run(`invoice:${orderId}`, body, (idempotencyKey) =>
        api.call(requestInvoice, { params: { id: orderId }, body, idempotencyKey }),
      );
      onDone();
    } catch (error) {
      toast(errorText(error), { tone: 'error' });
    } finally {
      setBusy(false);
    }
  };
  const field = (name: 'title' | 'taxNo' | 'email', label: string, maxLength: number): ReactNode => (
    <div className="pl-field">
      <label htmlFor={`${id}${name}`}>{label}</label>
      <input
        id={`${id}${name}`}
        value={draft[name]}
        maxLength={maxLength}
        type={name === 'email' ? 'email' : 'text'}
        onChange={(event) => setDraft({ ...draft, [name]: event.target.value })}
        data-testid={`invoice-${name}`}
      />
    </div>
  );
  return (
    <Sheet open={open} onClose={onClose} title={t('invoice.ask')} wide="center">
      <div className="pl-form pl-book">
        <fieldset className="pl-handing">
          <legend className="wl-visually-hidden">{t('invoice.kind')}</legend>
          {(['personal', 'company'] as const).map((kind) => (
            <label key={kind} data-on={draft.kind === kind}>
              <input
                type="radio"
                name="invoice-kind"
                checked={draft.kind === kind}
                onChange={() => setDraft({ ...draft, kind })}
              />
              {t(`invoice.${kind}`)}
            </label>
          ))}
        </fieldset>
        {field('title', t('invoice.name'), 60)}
        {draft.kind === 'company' && field('taxNo', t('invoice.taxNo'), 18)}
        {field('email', t('invoice.email'), 100)}
        <Button block loading={busy} onClick={() => void send()} data-testid="invoice-submit">
          {t('invoice.submit')}
        </Button>
      </div>
    </Sheet>
  );
};
