import { getSeller } from '@walnut-live/contracts';
import { Avatar, Button, ErrorState, Sheet, Skeleton, useFormat } from '@walnut-live/ui';
import { ChevronRight } from 'lucide-react';
import { type ReactNode, useCallback, useEffect, useState } from 'react';
import { Link } from 'react-router';
import { useServices } from '../app/services.tsx';
import { playerI18n } from '../i18n/messages.ts';
import { useRoom } from './use-room.ts';

type Seller = { legalName: string; licenceNo: string; address: string; servicePhone: string };

/** The registered identity behind the store; asked for when somebody looks. */
const SellerIdentity = ({ orgUnitId }: { orgUnitId: string }): ReactNode => {
  const t = playerI18n.useT();
  const { api } = useServices();
  const [seller, setSeller] = useState<Seller | null>(null);
  const [error, setError] = useState<unknown>(null);

  const load = useCallback(async (): Promise<void> => {
    setError(null);
    try {
      setSeller(await api.call(getSeller, { params: { id: orgUnitId } }));
    } catch (reason) {
      setError(reason);
    }
  }, [api, orgUnitId]);
  useEffect(() => void load(), [load]);

  if (error) return <ErrorState error={error} onRetry={() => void load()} compact />;
  if (!seller) return <Skeleton height={120} radius={12} />;
  return (
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
  );
};

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
              <p className="pl-seller-name">
                <Link to={`/guides/${room.host.id}`} data-testid="to-persona">
                  {room.host.name}
                  <ChevronRight size={16} aria-hidden="true" />
                </Link>
              </p>
              <p className="pl-seller-role">{t('seller.host')}</p>
            </div>
          </div>
          <dl className="pl-facts">
            <dt>{t('seller.store')}</dt>
            <dd>{room.orgUnit.name}</dd>
            <dt>{t('seller.kind')}</dt>
            <dd>{t(`seller.kind.${room.orgUnit.kind}`)}</dd>
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
          {open && <SellerIdentity orgUnitId={room.orgUnit.id} />}
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
