/** Pictures of a case: taken and sent while asking, and looked at later. */
import { useQuery } from '@tanstack/react-query';
import { getEvidence, MOST_EVIDENCE_PICTURES, uploadEvidence } from '@walnut-live/contracts';
import { IconButton, Skeleton, Spinner, useErrorText, useToast } from '@walnut-live/ui';
import { Camera, X } from 'lucide-react';
import { type ReactNode, useEffect, useRef, useState } from 'react';
import { useServices } from '../app/services.tsx';
import { useAfterSaleT } from './messages.ts';
import { shrink } from './shrink.ts';

export interface SentPicture {
  readonly id: string;
  /** Object URL of what was sent. */
  readonly url: string;
}

export const EvidenceField = ({
  orderId,
  pictures,
  onChange,
}: {
  orderId: string;
  pictures: readonly SentPicture[];
  onChange: (change: (before: readonly SentPicture[]) => readonly SentPicture[]) => void;
}): ReactNode => {
  const t = useAfterSaleT();
  const { api } = useServices();
  const toast = useToast();
  const errorText = useErrorText();
  const input = useRef<HTMLInputElement>(null);
  const [busy, setBusy] = useState(false);

  const send = async (files: FileList | null): Promise<void> => {
    if (!files || busy) return;
    setBusy(true);
    try {
      for (const file of [...files].slice(0, MOST_EVIDENCE_PICTURES - pictures.length)) {
        const small = await shrink(file);
        if (!small) {
          toast(t('ask.badPicture'), { tone: 'error' });
          continue;
        }
        const name = `${file.name.replace(/\.\w+$/, '').slice(0, 60) || 'photo'}.jpg`;
        const { id } = await api.call(uploadEvidence, { params: { id: orderId }, query: { name }, file: small });
        onChange((before) => [...before, { id, url: URL.createObjectURL(small) }]);
      }
    } catch (error) {
      toast(errorText(error), { tone: 'error' });
    } finally {
      setBusy(false);
      if (input.current) input.current.value = '';
    }
  };

  return (
    <ul className="as-pictures">
      {pictures.map((picture, index) => (
        <li key={picture.id}>
          <img src={picture.url} alt={t('ask.picture', { n: index + 1 })} />
          <IconButton
            label={t('ask.removePicture', { n: index + 1 })}
            icon={<X size={16} />}
            variant="glass"
            onClick={() => {
              URL.revokeObjectURL(picture.url);
              onChange((before) => before.filter(({ id }) => id !== picture.id));
            }}
          />
        </li>
      ))}
      {pictures.length < MOST_EVIDENCE_PICTURES && (
        <li>
          <input
            ref={input}
            type="file"
            hidden
            multiple
            accept="image/*"
            data-testid="evidence-input"
            onChange={(event) => void send(event.target.files)}
          />
          <button type="button" className="as-add" disabled={busy} onClick={() => input.current?.click()}>
            {busy ? <Spinner /> : <Camera size={24} aria-hidden="true" />}
            {t('ask.addPicture')}
          </button>
        </li>
      )}
    </ul>
  );
};

/** A picture that only its buyer and the store may see: fetched with the session, shown from memory. */
export const Evidence = ({ caseId, fileId, n }: { caseId: string; fileId: string; n: number }): ReactNode => {
  const t = useAfterSaleT();
  const { api } = useServices();
  const [url, setUrl] = useState<string>();
  const query = useQuery({
    queryKey: ['evidence', fileId],
    queryFn: () => api.download(getEvidence, { params: { id: caseId, fileId } }),
    staleTime: Number.POSITIVE_INFINITY,
  });
  useEffect(() => {
    if (!query.data) return;
    const made = URL.createObjectURL(query.data);
    setUrl(made);
    return () => URL.revokeObjectURL(made);
  }, [query.data]);
  if (query.isError) return <span className="as-add">{t('case.pictureFailed')}</span>;
  if (!url) return <Skeleton width={88} height={88} radius={14} />;
  return (
    <a href={url} target="_blank" rel="noreferrer">
      <img src={url} alt={t('ask.picture', { n })} />
    </a>
  );
};
