import { useQuery, useQueryClient } from '@tanstack/react-query';
import { patchRoom, type Room, type RoomSource } from '@walnut-live/contracts';
import {
  AiPictureBadge,
  Button,
  ErrorState,
  IconButton,
  Sheet,
  Spinner,
  useErrorText,
  useToast,
} from '@walnut-live/ui';
import { ChevronLeft, FlipHorizontal2, Settings2, ShoppingBag, SwitchCamera, Video } from 'lucide-react';
import { type ReactNode, useEffect, useId, useRef, useState } from 'react';
import { Navigate, useLocation, useNavigate, useParams, useSearchParams } from 'react-router';
import { bagQuery, productsQuery, roomQuery } from '../app/queries.ts';
import { useMe, useSelect, useServices } from '../app/services.tsx';
import { Splash } from '../app/splash.tsx';
import { blocksGoingLive } from '../capture/problem.ts';
import { useMicLevel } from '../capture/use-mic-level.ts';
import { AiPictureChoice } from '../encoder/ai-picture-choice.tsx';
import { PrepareEncoder } from '../encoder/prepare-encoder.tsx';
import { SourceChoice } from '../encoder/source-choice.tsx';
import { useT } from '../i18n/index.ts';
import { CountIn } from './count-in.tsx';
import { createGoLive, type LivePlan } from './go-live.ts';
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
  // Without a room the choice is in the address, with one it is the room's: a reload finds it in either.
  const [search, setSearch] = useSearchParams();
  const { state: asked } = useLocation() as { state: { makeKey?: boolean } | null };
  const [choosing, setChoosing] = useState(false);
  const [aiPicture, sayAiPicture] = useState(room?.aiPicture ?? false);
  const source: RoomSource = room
    ? (room.source ?? 'camera')
    : search.get('source') === 'encoder'
      ? 'encoder'
      : 'camera';
  const byEncoder = source === 'encoder';

  // A new live starts with the whole catalogue in the bag: one tap less, and easy to take from.
  const products = chosen ?? catalogue.data?.items.map((product) => product.id).slice(0, 50) ?? [];
  const pictures = products.flatMap((id) => catalogue.data?.items.find((product) => product.id === id) ?? []);

  useEffect(() => {
    if (byEncoder) return;
    void capture.open();
    return () => {
      // On the way into the live the camera stays open.
      if (!goesOn.current) capture.close();
    };
  }, [capture, byEncoder]);
  // The panel has begun with it (effects of children run first): another look at it, or a reload, must not make another key.
  useEffect(() => {
    if (asked?.makeKey) void navigate('.', { replace: true, state: null });
  }, [asked, navigate]);

  const plan = (): LivePlan => ({
    title: title.trim() || t('prepare.defaultTitle', { name: me.name }),
    coverUrl: DEFAULT_COVER,
    productIds: products,
    source,
    aiPicture,
  });
  const trying = async (work: () => Promise<void>): Promise<void> => {
    setChoosing(true);
    try {
      await work();
    } catch (error) {
      toast(errorText(error), { tone: 'error' });
    } finally {
      setChoosing(false);
    }
  };
  const choose = (next: RoomSource): Promise<void> =>
    trying(async () => {
      if (!room) return setSearch(next === 'encoder' ? { source: next } : {}, { replace: true });
      const changed = await api.call(patchRoom, { params: { id: room.id }, body: { source: next } });
      queries.setQueryData(roomQuery(api, room.id).queryKey, changed);
      void queries.invalidateQueries({ queryKey: ['stream-key', room.id] });
    });
  /** A key is a room's: it is made now, and this page becomes the room's. */
  const makeRoom = (): Promise<void> =>
    trying(async () => {
      const id = await goLive.prepare(plan());
      void queries.invalidateQueries({ queryKey: ['rooms'] });
      void navigate(`/rooms/${id}/prepare`, { replace: true, state: { makeKey: true } });
    });

  const arrived = (id: string): void => {
    goesOn.current = true;
    queries.removeQueries({ queryKey: ['room', id] });
    void queries.invalidateQueries({ queryKey: ['rooms'] });
    void navigate(`/rooms/${id}/live`, { replace: true });
  };

  const ready = byEncoder || (state.status === 'ready' && !blocksGoingLive(state.problem));
  const hasCamera = !byEncoder && state.status === 'ready';

  return (
    <main className="st-stage" data-theme="dark">
      {byEncoder ? (
        <PrepareEncoder
          roomId={room?.id ?? null}
          makeAtOnce={asked?.makeKey ?? false}
          busy={choosing}
          onMakeRoom={() => void makeRoom()}
        />
      ) : (
        <Preview stream={state.stream} mirror={state.mirror} />
      )}
      {!byEncoder && state.status === 'opening' && (
        <div className="st-stage-center">
          <Spinner label={t('prepare.opening')} size={32} />
        </div>
      )}
      {!byEncoder && state.status === 'failed' && state.problem && (
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

      {!byEncoder && (
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
      )}

      <footer className="st-stage-foot">
        {hasCamera && state.problem && <p className="st-warning">{t('prepare.noMic')}</p>}
        {hasCamera && !state.problem && <MicMeter level={level} />}
        {hasCamera && !counting && <UplinkCheck stream={state.stream} />}
        <SourceChoice value={source} disabled={choosing || counting} onChange={(next) => void choose(next)} />
        {byEncoder ? (
          <AiPictureChoice value={aiPicture} disabled={counting} onChange={sayAiPicture} />
        ) : (
          aiPicture && <AiPictureBadge className="st-ai-said" />
        )}
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
          start={() => goLive.start(plan())}
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
        {/* A virtual camera's picture may be a generated one. */}
        <AiPictureChoice value={aiPicture} disabled={counting} onChange={sayAiPicture} />
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
