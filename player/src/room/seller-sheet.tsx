import { Avatar, Button, Sheet, useFormat } from '@walnut-live/ui';
import type { ReactNode } from 'react';
import { Link } from 'react-router';
import { playerI18n } from '../i18n/messages.ts';
import { useRoom } from './use-room.ts';

/** Rule Z2: who sells here, one tap away during the whole live. */
export const SellerSheet = ({ open, onClose }: { open: boolean; onClose: () => void }): ReactNode => {
  const t = playerI18n.useT();
  const format = useFormat();
  const room = useRoom((state) => state.room);
  const viewersTotal = useRoom((state) => state.viewersTotal);
  const likes = useRoom((state) => state.likes);
  return (
    <Sheet open={open && room !== null} onClose={onClose} title={t('seller.title')} wide="center">
      {room && (
        <div className="pl-seller">
          <div className="pl-seller-head">
            <Avatar name={room.host.name} size={60} />
            <div>
              <p className="pl-seller-name">{room.host.name}</p>
              <p className="pl-seller-role">{t('seller.host')}</p>
            </div>
          </div>
          <dl className="pl-facts">
            <dt>{t('seller.store')}</dt>
            <dd>{room.orgUnit.name}</dd>
            <dt>{t('seller.kind')}</dt>
            <dd>{t(`seller.kind.${room.orgUnit.kind}`)}</dd>
            <dt>{t('seller.code')}</dt>
            <dd className="pl-mono">{room.orgUnit.path}</dd>
            <dt>{t('seller.room')}</dt>
            <dd>{room.title}</dd>
            {room.startedAt && (
              <>
                <dt>{t('seller.started')}</dt>
                <dd>{format.dateTime(room.startedAt)}</dd>
              </>
            )}
            <dt>{t('seller.viewers')}</dt>
            <dd className="wl-number">{format.count(viewersTotal)}</dd>
            <dt>{t('seller.likes')}</dt>
            <dd className="wl-number">{format.count(likes)}</dd>
          </dl>
          <p className="pl-fine">{t('seller.responsible', { store: room.orgUnit.name })}</p>
          <div className="pl-seller-links">
            <Link to="/orders" className="wl-btn wl-btn-soft wl-btn-m">
              {t('orders.title')}
            </Link>
            <Link to="/me" className="wl-btn wl-btn-soft wl-btn-m">
              {t('me.title')}
            </Link>
            <Button onClick={onClose}>{t('seller.back')}</Button>
          </div>
        </div>
      )}
    </Sheet>
  );
};
