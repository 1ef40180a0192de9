import { getMaterialFile, listMaterials, type Material } from '@walnut-live/contracts';
import { EmptyState, ErrorState, Sheet, Skeleton, useErrorText, useFormat, useToast } from '@walnut-live/ui';
import { Download, ExternalLink, FolderOpen } from 'lucide-react';
import { type ReactNode, useCallback, useEffect, useState } from 'react';
import { useServices } from '../app/services.tsx';
import { useConferenceT } from './messages.ts';
import './material.css';

const KIBIBYTE = 1024;
const kindOf = ({ file }: Material): 'link' | 'pdf' | 'picture' =>
  file === null ? 'link' : file.mediaType === 'application/pdf' ? 'pdf' : 'picture';

/** A conference's material, for who is in it: a chip over the picture, and the list behind it. */
const MaterialChip = ({ roomId }: { roomId: string }): ReactNode => {
  const t = useConferenceT();
  const [open, setOpen] = useState(false);
  return (
    <>
      <button type="button" className="pl-material-chip" onClick={() => setOpen(true)} data-testid="material-open">
        <FolderOpen size={14} aria-hidden="true" />
        {t('open')}
      </button>
      <Sheet open={open} onClose={() => setOpen(false)} title={t('title')} wide="center">
        {open && <MaterialList roomId={roomId} />}
      </Sheet>
    </>
  );
};

const MaterialList = ({ roomId }: { roomId: string }): ReactNode => {
  const t = useConferenceT();
  const { api } = useServices();
  const [items, setItems] = useState<readonly Material[] | null>(null);
  const [error, setError] = useState<unknown>(null);
  const load = useCallback(async (): Promise<void> => {
    setError(null);
    try {
      setItems((await api.call(listMaterials, { params: { id: roomId } })).items);
    } catch (reason) {
      setError(reason);
    }
  }, [api, roomId]);
  useEffect(() => void load(), [load]);

  if (error) return <ErrorState error={error} onRetry={() => void load()} compact />;
  if (!items) return <Skeleton height={160} radius={12} />;
  if (items.length === 0) return <EmptyState compact illustration="search" title={t('empty')} />;
  return (
    <ul className="pl-materials" data-testid="materials">
      {items.map((item) => (
        <li key={item.id}>
          <MaterialItem item={item} roomId={roomId} />
        </li>
      ))}
    </ul>
  );
};

const MaterialItem = ({ item, roomId }: { item: Material; roomId: string }): ReactNode => {
  const t = useConferenceT();
  const format = useFormat();
  const toast = useToast();
  const errorText = useErrorText();
  const { api } = useServices();
  const [busy, setBusy] = useState(false);
  const about = (
    <span className="pl-material-text">
      <b>{item.title}</b>
      <small>
        {t(`kind.${kindOf(item)}`)}
        {item.file && ` · ${format.number(Math.max(1, Math.round(item.file.bytes / KIBIBYTE)))} KB`}
      </small>
    </span>
  );
  if (!item.file) {
    return (
      <a
        href={item.url ?? ''}
        target="_blank"
        rel="noreferrer noopener"
        className="pl-material"
        aria-label={t('visit', { title: item.title })}
      >
        {about}
        <ExternalLink size={18} aria-hidden="true" />
      </a>
    );
  }
  const { name } = item.file;
  /** With the person's own right, which an address alone does not carry. */
  const download = async (): Promise<void> => {
    if (busy) return;
    setBusy(true);
    try {
      const blob = await api.download(getMaterialFile, { params: { id: roomId, materialId: item.id } });
      const url = URL.createObjectURL(blob);
      const anchor = document.createElement('a');
      anchor.href = url;
      anchor.download = name;
      anchor.click();
      setTimeout(() => URL.revokeObjectURL(url), 60_000);
    } catch (error) {
      toast(errorText(error), { tone: 'error' });
    }
    setBusy(false);
  };
  return (
    <button
      type="button"
      className="pl-material"
      onClick={() => void download()}
      aria-busy={busy}
      aria-label={t('download', { title: item.title })}
    >
      {about}
      <Download size={18} aria-hidden="true" />
    </button>
  );
};

export default MaterialChip;
