import { correctParcel, noteParcel, type OrderView, type Parcel, setMerchantRemark } from '@walnut-live/contracts';
import { Badge, CopyButton, useErrorText, useFormat, useToast } from '@walnut-live/ui';
import { Button, Dropdown, Input, Modal } from 'antd';
import { type ReactNode, useState } from 'react';
import { useSession } from '../../app/session.tsx';
import { useAction } from '../../data/use-call.ts';
import { Failure } from '../../shared/ship-dialog.tsx';
import { useDeliveryT } from './delivery-messages.ts';

const touched = ['orders.get', 'orders.list'];
const tones = { in_transit: 'neutral', near: 'warn', delivered: 'success', returned: 'danger' } as const;
const next = {
  in_transit: ['near', 'deliver', 'return'],
  near: ['deliver', 'return'],
  delivered: [],
  returned: [],
} as const;

/** What left, where it is, and what is still to be sent; and the note among staff. */
export const ParcelsSection = ({ order }: { order: OrderView }): ReactNode => {
  const t = useDeliveryT();
  const format = useFormat();
  const { may } = useSession();
  const { delivery } = order;
  if (!delivery) return null;
  const left = delivery.toShip.reduce((sum, { quantity }) => sum + quantity, 0);
  return (
    <section data-testid="parcels">
      {delivery.way === 'pickup' ? (
        <>
          <h2>{t('pickup.title')}</h2>
          <p>{t('pickup.place', { place: delivery.pickup?.place ?? '' })}</p>
        </>
      ) : (
        <>
          <h2>
            {t('parcel.title', { n: delivery.parcels.length })}{' '}
            {left > 0 && (
              <Badge tone={delivery.parcels.length > 0 ? 'warn' : 'neutral'}>{t('parcel.left', { n: left })}</Badge>
            )}
          </h2>
          {delivery.parcels.length === 0 && <p className="co-quiet">{t('parcel.none')}</p>}
          {delivery.parcels.map((parcel) => (
            <ParcelCard key={parcel.id} order={order} parcel={parcel} editable={may('orders:ship')} />
          ))}
        </>
      )}
      {delivery.autoReceiveAt && (
        <p className="co-quiet">{t('receive.at', { time: format.dateTime(delivery.autoReceiveAt) })}</p>
      )}
      {delivery.addressChangedAt && (
        <p className="co-quiet">{t('address.changed', { time: format.dateTime(delivery.addressChangedAt) })}</p>
      )}
      {order.merchantRemark !== undefined && (
        <Remark key={order.merchantRemark} order={order} editable={may('orders:ship')} />
      )}
    </section>
  );
};

const ParcelCard = ({
  order,
  parcel,
  editable,
}: {
  order: OrderView;
  parcel: Parcel;
  editable: boolean;
}): ReactNode => {
  const t = useDeliveryT();
  const format = useFormat();
  const toast = useToast();
  const errorText = useErrorText();
  const [correcting, setCorrecting] = useState(false);
  const note = useAction(noteParcel, touched);
  const say = async (event: 'near' | 'deliver' | 'return'): Promise<void> => {
    await note
      .mutateAsync({ params: { id: parcel.id }, body: { event } })
      .then(() => toast(t('parcel.noted'), { tone: 'success' }))
      .catch((error: unknown) => toast(errorText(error), { tone: 'error' }));
  };
  const events = next[parcel.state];
  const title = (id: string): string => order.items.find((item) => item.id === id)?.title ?? '';
  return (
    <div className="co-parcel" data-testid="parcel" data-state={parcel.state}>
      <div className="co-parcel-head">
        <span className="co-stacked co-start">
          <b>
            {t(`carrier.${parcel.carrier}`)} <span className="wl-number">{parcel.trackingNo}</span>{' '}
            <CopyButton text={parcel.trackingNo} />
          </b>
          <small className="co-quiet">
            {parcel.items.map(({ orderItemId, quantity }) => `${title(orderItemId)} × ${quantity}`).join('、')}
          </small>
        </span>
        <Badge tone={tones[parcel.state]}>{t(`parcel.state.${parcel.state}`)}</Badge>
      </div>
      <ol className="co-parcel-events">
        {parcel.events.map((event) => (
          <li key={`${event.at}${event.event}`}>
            <span>{t(`parcel.event.${event.event}`)}</span>
            {event.note && <span className="co-quiet">{event.note}</span>}
            <time dateTime={event.at}>{format.dateTime(event.at)}</time>
          </li>
        ))}
      </ol>
      {editable && events.length > 0 && (
        <div className="co-parcel-actions">
          <Dropdown
            menu={{
              items: events.map((event) => ({
                key: event,
                label: t(`parcel.event.${event}`),
                onClick: () => void say(event),
              })),
            }}
          >
            <Button size="small" loading={note.isPending} data-testid="parcel-note">
              {t('parcel.mark')}
            </Button>
          </Dropdown>
          <Button size="small" type="link" onClick={() => setCorrecting(true)}>
            {t('parcel.correct')}
          </Button>
        </div>
      )}
      {correcting && <CorrectDialog parcel={parcel} onClose={() => setCorrecting(false)} />}
    </div>
  );
};

const CorrectDialog = ({ parcel, onClose }: { parcel: Parcel; onClose: () => void }): ReactNode => {
  const t = useDeliveryT();
  const toast = useToast();
  const [trackingNo, setTrackingNo] = useState(parcel.trackingNo);
  const correct = useAction(correctParcel, touched);
  const send = async (): Promise<void> => {
    await correct.mutateAsync({
      params: { id: parcel.id },
      body: { carrier: parcel.carrier, trackingNo: trackingNo.trim() },
    });
    toast(t('parcel.corrected'), { tone: 'success' });
    onClose();
  };
  return (
    <Modal
      open
      title={t('parcel.correct')}
      confirmLoading={correct.isPending}
      okButtonProps={{ disabled: trackingNo.trim() === '' }}
      onOk={() => void send().catch(() => undefined)}
      onCancel={onClose}
    >
      <Input
        value={trackingNo}
        maxLength={40}
        aria-label={t('ship.tracking')}
        onChange={(event) => setTrackingNo(event.target.value)}
      />
      <Failure error={correct.error} />
    </Modal>
  );
};

const Remark = ({ order, editable }: { order: OrderView; editable: boolean }): ReactNode => {
  const t = useDeliveryT();
  const toast = useToast();
  const errorText = useErrorText();
  const [text, setText] = useState(order.merchantRemark ?? '');
  const save = useAction(setMerchantRemark, touched);
  const send = (): Promise<void> =>
    save
      .mutateAsync({ params: { id: order.id }, body: { remark: text.trim() } })
      .then(() => toast(t('remark.saved'), { tone: 'success' }))
      .catch((error: unknown) => toast(errorText(error), { tone: 'error' }));
  if (!editable) return order.merchantRemark ? <p className="co-quiet">{order.merchantRemark}</p> : null;
  return (
    <div className="co-merchant-remark">
      <h2>
        {t('remark.title')} <small className="co-quiet">{t('remark.hint')}</small>
      </h2>
      <Input.TextArea
        value={text}
        maxLength={200}
        autoSize={{ minRows: 1, maxRows: 4 }}
        placeholder={t('remark.empty')}
        aria-label={t('remark.title')}
        onChange={(event) => setText(event.target.value)}
        data-testid="merchant-remark"
      />
      {text.trim() !== order.merchantRemark && (
        <Button size="small" type="primary" loading={save.isPending} onClick={() => void send()}>
          {t('remark.save')}
        </Button>
      )}
    </div>
  );
};
