import { Button } from '@walnut-live/ui';
import { type ReactNode, useState } from 'react';
import { Link } from 'react-router';
import { AddressBookSheet } from './lazy-book.tsx';
import { useDeliveryT } from './messages.ts';
import './delivery.css';

/** The ways to my cart and my addresses. */
export const MyDelivery = (): ReactNode => {
  const t = useDeliveryT();
  const [open, setOpen] = useState(false);
  return (
    <section className="pl-card">
      <div className="pl-my-ways">
        <Link to="/cart" className="wl-btn wl-btn-soft wl-btn-m">
          {t('cart.title')}
        </Link>
        <Button variant="soft" onClick={() => setOpen(true)} data-testid="my-addresses">
          {t('book.title')}
        </Button>
      </div>
      <AddressBookSheet open={open} onClose={() => setOpen(false)} />
    </section>
  );
};
