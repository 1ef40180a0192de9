import { getRoomEntry, getSeller, type RoomEntry } from '@walnut-live/contracts';
import { Button, ErrorState, Illustration, Spinner } from '@walnut-live/ui';
import { type ReactNode, useCallback, useEffect, useState } from 'react';
import { Link } from 'react-router';
import { useMe, useServices } from '../app/services.tsx';
import { useDocumentTitle } from '../app/use-document-title.ts';
import { useDoorT } from './messages.ts';
import './door.css';

const StorePhone = ({ store }: { store: RoomEntry['store'] }): ReactNode => {
  const t = useDoorT();
  const { api } = useServices();
  const [phone, setPhone] = useState('');
  useEffect(() => {
    let wanted = true;
    // Without it the other ways are still there.
    api.call(getSeller, { params: { id: store.id } }).then(
      (seller) => wanted && setPhone(seller.servicePhone),
      () => undefined,
    );
    return () => {
      wanted = false;
    };
  }, [api, store.id]);
  if (!phone) return null;
  return (
    <a className="wl-btn wl-btn-glass wl-btn-l wl-btn-block" href={`tel:${phone}`}>
      {t('door.call', { store: store.name })}
    </a>
  );
};

/**
 * A room that is not for this person: for whom it is and how one gets in. Nothing of the room is here: not its title, not its
 * cover, not its host.
 */
const Door = ({
  roomId,
  onRetry,
  wasInside,
}: {
  roomId: string;
  onRetry: () => void;
  wasInside: boolean;
}): ReactNode => {
  const t = useDoorT();
  const { api, requireConsumer } = useServices();
  const me = useMe();
  const [entry, setEntry] = useState<RoomEntry | null>(null);
  const [error, setError] = useState<unknown>(null);
  useDocumentTitle(t(`door.${entry?.audience ?? 'everyone'}`));

  const load = useCallback(async (): Promise<void> => {
    setError(null);
    try {
      const known = await api.call(getRoomEntry, { params: { id: roomId } });
      setEntry(known);
      if (known.mayEnter) onRetry();
    } catch (reason) {
      setError(reason);
    }
  }, [api, roomId, onRetry]);
  // biome-ignore lint/correctness/useExhaustiveDependencies: another person may be let in
  useEffect(() => void load(), [load, me?.id]);

  if (error)
    return (
      <main className="pl-door" data-theme="dark">
        <ErrorState error={error} onRetry={() => void load()} />
      </main>
    );
  if (!entry)
    return (
      <main className="pl-door" data-theme="dark" aria-busy="true">
        <Spinner />
      </main>
    );
  const { audience, reason, store } = entry;
  return (
    <main className="pl-door" data-theme="dark" data-testid="door" data-audience={audience} data-reason={reason}>
      <div className="pl-door-card">
        <Illustration name="people" size={132} />
        <p className="pl-door-store">{store.name}</p>
        <h1 className="pl-door-title">{t(`door.${audience}`)}</h1>
        {wasInside && <p role="status">{t('door.left')}</p>}
        <p>{t(`door.for.${audience}`, { store: store.name })}</p>
        {reason && (
          <section className="pl-door-how">
            <h2>{t('door.how')}</h2>
            <p>{t(`door.how.${reason}`)}</p>
          </section>
        )}
        <div className="pl-door-actions">
          {me?.kind !== 'consumer' ? (
            <Button size="l" block onClick={() => void requireConsumer('me')} data-testid="door-sign-in">
              {t('door.signIn')}
            </Button>
          ) : (
            <Button size="l" block onClick={() => void load()} data-testid="door-retry">
              {t('door.retry')}
            </Button>
          )}
          <StorePhone store={store} />
          <Link to="/" className="wl-btn wl-btn-glass wl-btn-l wl-btn-block" data-testid="door-more">
            {t('door.more')}
          </Link>
        </div>
      </div>
    </main>
  );
};

export default Door;
