import { useQuery, useQueryClient } from '@tanstack/react-query';
import type { Room } from '@walnut-live/contracts';
import { Button, ErrorState, IconButton, Sheet, Spinner, useErrorText, useToast } from '@walnut-live/ui';
import { ChevronLeft, FlipHorizontal2, Settings2, ShoppingBag, SwitchCamera, Video } from 'lucide-react';
import { type ReactNode, useEffect, useId, useRef, useState } from 'react';
import { Navigate, useNavigate, useParams } from 'react-router';
import { bagQuery, productsQuery, roomQuery } from '../app/queries.ts';
import { useMe, useSelect, useServices } from '../app/services.tsx';
import { Splash } from '../app/splash.tsx';
import { blocksGoingLive } from '../capture/problem.ts';
import { useMicLevel } from '../capture/use-mic-level.ts';
import { useT } from '../i18n/index.ts';
import { CountIn } from './count-in.tsx';
import { EncoderPanel } from './encoder-panel.tsx';
import { createGoLive } from './go-live.ts';
import { MicMeter } from './mic-meter.tsx';
import { Preview } from './preview.tsx';
import { ProblemCard } from './problem-card.tsx';
import { ProductPicker } from './product-picker.tsx';
import { UplinkCheck } from './uplink-check.tsx';
import './prepare.css';

const DEFAULT_COVER = '/pictures/room-store-tasting.svg';

/** `/go` makes a room at the moment of going live, so that a look into the mirror leaves nothing behind. */
export const PreparePage = (): ReactNode => {
  const { id } = useParams();
  const { api } = useServices();
  const room = useQuery({ ...roomQuery(api, id ?? ''), enabled: id !== undefined });
  const bag = useQuery({ ...bagQuery(api, id ?? ''), enabled: id !== undefined });
  if (!id) return <Prepare room={null} initialProducts={null} />;
  const failed = room.error ?? bag.error;
  if (failed)
    return (
      <main className="st-center">
        <ErrorState error={failed} onRetry={() => void Promise.all([room.refetch(), bag.refetch()])} />
      </main>
    );
  if (!room.data || !bag.data) return <Splash />;
  if (room.data.state !== 'scheduled') return <Navigate to={`/rooms/${id}/live`} replace />;
  return <Prepare key={id} room={room.data} initialProducts={bag.data.items.map((item) => item.product.id)} />;
};

const Prepare = ({ room, initialProducts }: { room: Room | null; initialProducts: string[] | null }): ReactNode => {
  const { api, capture } = useServices();
  const me = useMe();
  const t = useT();
  const toast = useToast();
  const errorText = useErrorText();
  const navigate = useNavigate();
  const queries = useQueryClient();
  const titleId = useId();
  const state = useSelect(capture, (current) => current);
  const level = useMicLevel(state.stream);
  const catalogue = useQuery(productsQuery(api));
  const [title, setTitle] = useState(room?.title ?? t('prepare.defaultTitle', { name: me.name }));
  const [chosen, setChosen] = useState<string[] | null>(initialProducts);
  const [picking, setPicking] = useState(false);
  const [settings, setSettings] = useState(false);
  const [counting, setCounting] = useState(false);
  const goesOn = useRef(false);
  // Kept over failed starts: it remembers the room it has made.
  const [goLive] = useState(() => createGoLive(api, room));

  // A new live starts with the whole catalogue in the bag: one tap less, and easy to take from.
  const products = chosen ?? catalogue.data?.items.map((product) => product.id).slice(0, 50) ?? [];
  const pictures = products.flatMap((id) => catalogue.data?.items.find((product) => product.id === id) ?? []);

  useEffect(() => {
    void capture.open();
    return () => {
      // On the way into the live the camera stays open.
      if (!goesOn.current) capture.close();
    };
  }, [capture]);

  const start = (): Promise<string> =>
    goLive({
      title: title.trim() || t('prepare.defaultTitle', { name: me.name }),
      coverUrl: DEFAULT_COVER,
      productIds: products,
    });

  const arrived = (id: string): void => {
    goesOn.current = true;
    queries.removeQueries({ queryKey: ['room', id] });
    void queries.invalidateQueries({ queryKey: ['rooms'] });
    void navigate(`/rooms/${id}/live`, { replace: true });
  };

  const ready = state.status === 'ready' && !blocksGoingLive(state.problem);

  return (
    <main className="st-stage" data-theme="dark">
      <Preview stream={state.stream} mirror={state.mirror} />
      {state.status === 'opening' && (
        <div className="st-stage-center">
          <Spinner label={t('prepare.opening')} size={32} />
        </div>
      )}
      {state.status === 'failed' && state.problem && (
        <div className="st-stage-center">
          <ProblemCard problem={state.problem} onRetry={() => void capture.retry()} />
        </div>
      )}

      <header className="st-stage-top">
        <IconButton
          variant="glass"
          label={t('app.back')}
          icon={<ChevronLeft aria-hidden />}
          onClick={() => void navigate('/')}
        />
        <h1 className="wl-visually-hidden">{t('prepare.title')}</h1>
        <label className="wl-visually-hidden" htmlFor={titleId}>
          {t('prepare.roomTitle')}
        </label>
        <input
          id={titleId}
          className="st-title-input"
          value={title}
          maxLength={60}
          onChange={(event) => setTitle(event.target.value)}
        />
      </header>

      <div className="st-stage-side">
        <IconButton
          variant="glass"
          size="l"
          label={t('prepare.flip')}
          icon={<SwitchCamera aria-hidden />}
          disabled={state.status !== 'ready'}
          onClick={() => void capture.flip()}
        />
        <IconButton
          variant="glass"
          size="l"
          label={t('prepare.mirror')}
          icon={<FlipHorizontal2 aria-hidden />}
          aria-pressed={state.mirror}
          onClick={() => {
            capture.setMirror(!state.mirror);
            toast(t('prepare.mirror.hint'));
          }}
        />
        <IconButton
          variant="glass"
          size="l"
          label={t('prepare.settings')}
          icon={<Settings2 aria-hidden />}
          onClick={() => setSettings(true)}
        />
      </div>

      <footer className="st-stage-foot">
        {state.status === 'ready' && state.problem && <p className="st-warning">{t('prepare.noMic')}</p>}
        {state.status === 'ready' && !state.problem && <MicMeter level={level} />}
        {state.status === 'ready' && !counting && <UplinkCheck stream={state.stream} />}
        <button type="button" className="st-products" onClick={() => setPicking(true)}>
          <ShoppingBag aria-hidden />
          <span className="st-products-text">
            <strong>{t('prepare.products')}</strong>
            <span>
              {products.length > 0
                ? t('prepare.products.chosen', { count: products.length })
                : t('prepare.products.none')}
            </span>
          </span>
          <span className="st-products-pictures" aria-hidden="true">
            {pictures.slice(0, 4).map((product) => (
              <img key={product.id} src={product.pictureUrl} alt="" />
            ))}
          </span>
        </button>
        <Button
          variant="hot"
          size="l"
          block
          className="st-start"
          icon={<Video aria-hidden />}
          disabled={!ready}
          onClick={() => setCounting(true)}
        >
          {t('prepare.start')}
        </Button>
      </footer>

      {counting && (
        <CountIn
          start={start}
          onArrived={arrived}
          onCancel={(error) => {
            setCounting(false);
            if (error) toast(errorText(error), { tone: 'error' });
          }}
        />
      )}
      <ProductPicker open={picking} onClose={() => setPicking(false)} chosen={products} onChange={setChosen} />
      <Sheet open={settings} onClose={() => setSettings(false)} title={t('prepare.settings')} theme="dark">
        <DeviceSelect
          label={t('prepare.camera')}
          devices={state.cameras}
          value={state.cameraId}
          onChange={(id) => void capture.selectCamera(id)}
        />
        <DeviceSelect
          label={t('prepare.microphone')}
          devices={state.microphones}
          value={state.microphoneId}
          onChange={(id) => void capture.selectMicrophone(id)}
        />
        <MicMeter level={level} />
        {room && <EncoderPanel roomId={room.id} />}
      </Sheet>
    </main>
  );
};

const DeviceSelect = ({
  label,
  devices,
  value,
  onChange,
}: {
  label: string;
  devices: readonly { id: string; label: string }[];
  value: string | null;
  onChange: (id: string) => void;
}): ReactNode => {
  const id = useId();
  const t = useT();
  return (
    <div className="st-field">
      <label htmlFor={id}>{label}</label>
      <select
        id={id}
        className="st-input"
        value={value ?? ''}
        disabled={devices.length === 0}
        onChange={(event) => onChange(event.target.value)}
      >
        {devices.map((device, at) => (
          <option key={device.id} value={device.id}>
            {device.label || t('prepare.device.unnamed', { n: at + 1 })}
          </option>
        ))}
      </select>
    </div>
  );
};
