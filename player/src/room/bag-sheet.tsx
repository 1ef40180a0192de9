import { Sheet } from '@walnut-live/ui';
import type { ReactNode } from 'react';
import { Link } from 'react-router';
import { playerI18n } from '../i18n/messages.ts';
import { BagList } from './bag-list.tsx';
import { useRoom } from './use-room.ts';

export const BagSheet = ({ open, onClose }: { open: boolean; onClose: () => void }): ReactNode => {
  const t = playerI18n.useT();
  const count = useRoom((state) => state.bag.items.length);
  return (
    <Sheet
      open={open}
      onClose={onClose}
      title={t('bag.title', { count })}
      height="tall"
      actions={
        <>
          <Link to="/cart" className="pl-sheet-link" data-testid="to-cart">
            {t('cart.title')}
          </Link>
          <Link to="/orders" className="pl-sheet-link">
            {t('orders.title')}
          </Link>
        </>
      }
    >
      <BagList onOpen={onClose} />
    </Sheet>
  );
};
