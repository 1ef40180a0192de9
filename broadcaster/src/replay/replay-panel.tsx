import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import {
  type Clip,
  deleteClip,
  getReplay,
  makeReplayFile,
  patchClip,
  type Replay,
  setReplayVisible,
} from '@walnut-live/contracts';
import { Button, ErrorState, formatDuration, Spinner, useConfirm, useErrorText, useToast } from '@walnut-live/ui';
import { Download } from 'lucide-react';
import { type FormEvent, type ReactNode, useState } from 'react';
import { useMay, useServices } from '../app/services.tsx';
import { replayI18n } from './messages.ts';
import './replay.css';

const PROCESSING_POLL_MS = 3_000;
const FILE_POLL_MS = 1_500;
/** A recording of hours is copied in well under this. */
const FILE_PATIENCE_MS = 30 * 60_000;

const keyOf = (roomId: string): readonly [string, string] => ['replay', roomId];

/** Asks until the file is there, then lets the browser fetch it. */
const useDownload = (roomId: string, clipId: string | null) => {
  const { api } = useServices();
  return useMutation({
    async mutationFn() {
      for (const until = Date.now() + FILE_PATIENCE_MS; Date.now() < until; ) {
        const file = await api.call(makeReplayFile, { params: { id: roomId }, body: { clipId } });
        if (file.url) return file.url;
        if (file.state === 'failed') break;
        await new Promise((resolve) => setTimeout(resolve, FILE_POLL_MS));
      }
      throw new Error('the file was not made');
    },
    onSuccess: (url) => window.location.assign(url),
  });
};

const DownloadButton = ({ roomId, clipId }: { roomId: string; clipId: string | null }): ReactNode => {
  const t = replayI18n.useT();
  const download = useDownload(roomId, clipId);
  return (
    <>
      <Button
        variant="soft"
        size="s"
        icon={<Download size={16} />}
        loading={download.isPending}
        onClick={() => download.mutate()}
      >
        {download.isPending ? t('making') : t('download')}
      </Button>
      {download.isError && <span role="alert">{t('failed')}</span>}
    </>
  );
};

const ClipRow = ({ clip, durationSeconds }: { clip: Clip; durationSeconds: number }): ReactNode => {
  const t = replayI18n.useT();
  const { api } = useServices();
  const confirm = useConfirm();
  const toast = useToast();
  const errorText = useErrorText();
  const queries = useQueryClient();
  const [from, setFrom] = useState(String(clip.fromSeconds));
  const [to, setTo] = useState(String(clip.toSeconds));
  const again = (): Promise<void> => queries.invalidateQueries({ queryKey: keyOf(clip.roomId) });
  const onError = (error: unknown): void => void toast(errorText(error), { tone: 'error' });
  const save = useMutation({
    mutationFn: () =>
      api.call(patchClip, { params: { id: clip.id }, body: { fromSeconds: Number(from), toSeconds: Number(to) } }),
    onSuccess: again,
    onError,
  });
  const remove = useMutation({
    mutationFn: () => api.call(deleteClip, { params: { id: clip.id } }),
    onSuccess: again,
    onError,
  });
  const submit = (event: FormEvent): void => {
    event.preventDefault();
    if (!save.isPending) save.mutate();
  };
  const ask = async (): Promise<void> => {
    const title = t('removeConfirm', { title: clip.productTitle });
    if (await confirm({ title, confirmText: t('remove'), cancelText: t('cancel'), tone: 'danger' })) remove.mutate();
  };
  const bounds = { type: 'number', min: 0, max: Math.ceil(durationSeconds), step: 0.1, required: true } as const;
  return (
    <li className="st-clip">
      <p className="st-clip-title">{clip.productTitle}</p>
      <form onSubmit={submit}>
        <label>
          {t('from')}
          <input {...bounds} value={from} onChange={(event) => setFrom(event.currentTarget.value)} />
        </label>
        <label>
          {t('to')}
          <input {...bounds} value={to} onChange={(event) => setTo(event.currentTarget.value)} />
        </label>
        <Button type="submit" variant="soft" size="s" loading={save.isPending}>
          {t('save')}
        </Button>
      </form>
      <div className="st-clip-actions">
        <DownloadButton roomId={clip.roomId} clipId={clip.id} />
        <Button variant="ghost" size="s" loading={remove.isPending} onClick={() => void ask()}>
          {t('remove')}
        </Button>
      </div>
    </li>
  );
};

const Ready = ({ replay }: { replay: Replay }): ReactNode => {
  const t = replayI18n.useT();
  const { api } = useServices();
  const mayHide = useMay()('rooms:write');
  const toast = useToast();
  const errorText = useErrorText();
  const queries = useQueryClient();
  const roomId = replay.room.id;
  const visible = replay.state === 'ready';
  const toggle = useMutation({
    mutationFn: () => api.call(setReplayVisible, { params: { id: roomId }, body: { visible: !visible } }),
    onError: (error) => void toast(errorText(error), { tone: 'error' }),
    onSettled: () => queries.invalidateQueries({ queryKey: keyOf(roomId) }),
  });
  return (
    <>
      <p>{visible ? t('ready', { time: formatDuration(replay.durationSeconds * 1_000) }) : t('hidden')}</p>
      <div className="st-clip-actions">
        <a href={`/r/${roomId}/replay`} target="_blank" rel="noreferrer" className="wl-btn wl-btn-soft wl-btn-s">
          {t('watch')}
        </a>
        <DownloadButton roomId={roomId} clipId={null} />
        {mayHide && (
          <Button variant="ghost" size="s" loading={toggle.isPending} onClick={() => toggle.mutate()}>
            {visible ? t('hide') : t('show')}
          </Button>
        )}
      </div>
      <h3>{t('clips')}</h3>
      {replay.clips.length === 0 && <p>{t('clipsEmpty')}</p>}
      <ul className="st-clips">
        {replay.clips.map((clip) => (
          <ClipRow
            key={`${clip.id} ${clip.fromSeconds} ${clip.toSeconds}`}
            clip={clip}
            durationSeconds={replay.durationSeconds}
          />
        ))}
      </ul>
    </>
  );
};

/** After the live: its replay, the clips of its products, and their files. */
export const ReplayPanel = ({ roomId }: { roomId: string }): ReactNode => {
  const t = replayI18n.useT();
  const { api } = useServices();
  const replay = useQuery({
    queryKey: keyOf(roomId),
    queryFn: () => api.call(getReplay, { params: { id: roomId } }),
    refetchInterval: ({ state }) => {
      const now = state.data?.state;
      return now === 'processing' || now === 'recording' ? PROCESSING_POLL_MS : false;
    },
  });
  const state = replay.data?.state;
  return (
    <section className="st-replay" data-testid="replay-panel">
      <h2>{t('title')}</h2>
      {replay.isError && <ErrorState error={replay.error} onRetry={() => void replay.refetch()} compact />}
      {(state === 'processing' || state === 'recording') && (
        <p role="status">
          <Spinner decorative /> {t('processing')}
        </p>
      )}
      {state === 'none' && <p>{t('none')}</p>}
      {state === 'gone' && <p>{t('gone')}</p>}
      {replay.data?.media && <Ready replay={replay.data} />}
    </section>
  );
};
