import { IconButton, useToast } from '@walnut-live/ui';
import { ChevronLeft, X } from 'lucide-react';
import { type ReactNode, useEffect, useId, useRef } from 'react';
import { QueryHost } from '../app/query-host.tsx';
import { Cashier } from '../cashier/cashier.tsx';
import { playerI18n } from '../i18n/messages.ts';
import { OrderDetail } from '../orders/order-detail.tsx';
import { useIsWide } from '../room/side-bag.tsx';
import { useRoom } from '../room/use-room.ts';
import { Checkout } from './checkout.tsx';
import { Product } from './product.tsx';
import type { PurchaseFlow } from './purchase-flow.ts';
import { usePurchase } from './purchase-provider.tsx';
import './panel.css';

/**
 * Product, checkout, cashier and result over the room. Not a native dialog: those lie above everything, and the video must
 * stay above this one as a small window. The rest of the room is `inert` meanwhile, which keeps the focus here.
 */
const PurchasePanel = (): ReactNode => {
  const t = playerI18n.useT();
  const toast = useToast();
  const { flow, dispatch, back } = usePurchase();
  const isWide = useIsWide();
  const titleId = useId();
  const panel = useRef<HTMLElement>(null);
  const step = flow?.step;

  useEffect(() => {
    if (!step) return;
    const before = document.activeElement;
    panel.current?.focus({ preventScroll: true });
    return () => {
      if (before instanceof HTMLElement && before.isConnected) before.focus({ preventScroll: true });
    };
  }, [step]);

  if (!flow) return null;
  const titles: Record<PurchaseFlow['step'], string> = {
    product: t('product.title'),
    checkout: t('checkout.title'),
    cashier: t('cashier.title'),
    result: t('result.title'),
  };

  return (
    <QueryHost>
      <RoomStrip onBack={() => dispatch({ type: 'close' })} />
      <section
        ref={panel}
        className="pl-panel"
        data-theme="light"
        data-step={flow.step}
        role="dialog"
        aria-modal={!isWide}
        aria-labelledby={titleId}
        tabIndex={-1}
        onKeyDown={(event) => {
          if (event.key === 'Escape' && !event.defaultPrevented) back();
        }}
      >
        <header className="pl-panel-head">
          {flow.step === 'checkout' && flow.fromProduct ? (
            <IconButton label={t('panel.back')} icon={<ChevronLeft size={22} />} onClick={back} />
          ) : (
            <span className="pl-panel-gap" />
          )}
          <h2 id={titleId}>{titles[flow.step]}</h2>
          <IconButton label={t('panel.close')} icon={<X size={20} />} onClick={() => dispatch({ type: 'close' })} />
        </header>
        {flow.step === 'product' && <Product flow={flow} />}
        {flow.step === 'checkout' && <Checkout flow={flow} />}
        {flow.step === 'cashier' && (
          <Cashier
            paymentId={flow.paymentId}
            onPaid={(orderId) => dispatch(orderId === null ? { type: 'close' } : { type: 'result', orderId })}
            onLater={() => {
              toast(t('cashier.kept'));
              dispatch({ type: 'close' });
            }}
          />
        )}
        {flow.step === 'result' && (
          <div className="pl-panel-scroll">
            <OrderDetail
              orderId={flow.orderId}
              celebrate
              onPay={(cashier) => dispatch({ type: 'cashier', ...cashier })}
            />
          </div>
        )}
      </section>
    </QueryHost>
  );
};

/** Beside the small video: which room goes on there, and the way back to it. */
const RoomStrip = ({ onBack }: { onBack: () => void }): ReactNode => {
  const t = playerI18n.useT();
  const room = useRoom((state) => state.room);
  return (
    <div className="pl-strip">
      <p className="pl-strip-host">{room?.host.name}</p>
      <p className="pl-strip-title">{room?.title}</p>
      <button type="button" className="pl-strip-back" onClick={onBack}>
        {t('panel.backToRoom')}
      </button>
    </div>
  );
};

export default PurchasePanel;
