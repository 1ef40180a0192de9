import { DeleteOutlined, UploadOutlined } from '@ant-design/icons';
import { MAX_PICTURES, MEDIA_PICTURE_BYTES, pictureAt, pictureTypes, uploadMedia } from '@walnut-live/contracts';
import { isApiError } from '@walnut-live/live-client/http';
import { useErrorText } from '@walnut-live/ui';
import { Button } from 'antd';
import { type ReactNode, useRef, useState } from 'react';
import { useSession } from '../../app/session.tsx';
import { useCatalogueT } from './messages.ts';

const faults = ['not_readable', 'too_many_pixels', 'too_small', 'no_bytes'] as const;

/** The gallery of a product: uploaded one after the other, the first one is the main picture. */
export const PicturesField = ({
  value = [],
  onChange,
}: {
  value?: string[];
  onChange?: (pictures: string[]) => void;
}): ReactNode => {
  const t = useCatalogueT();
  const errorText = useErrorText();
  const { api } = useSession();
  const input = useRef<HTMLInputElement>(null);
  const [busy, setBusy] = useState(false);
  const [fault, setFault] = useState<string | null>(null);

  const faultOf = (error: unknown): string => {
    if (!isApiError(error)) return errorText(error);
    if (error.code === 'unsupported_media_type') return t('upload.type');
    if (error.code === 'body_too_large') return t('upload.large');
    const known = faults.find((issue) => error.issues.some((one) => one.issue === issue));
    return known ? t(`upload.${known}`) : errorText(error);
  };
  const add = async (files: File[]): Promise<void> => {
    setBusy(true);
    setFault(null);
    let pictures = value;
    try {
      for (const file of files.slice(0, MAX_PICTURES - value.length)) {
        if (file.size > MEDIA_PICTURE_BYTES) throw new RangeError(t('upload.large'));
        const name = file.name.slice(0, 80) || 'picture';
        const { url } = await api.call(uploadMedia, { query: { name }, file });
        if (!pictures.includes(url)) pictures = [...pictures, url];
        onChange?.(pictures);
      }
    } catch (error) {
      setFault(error instanceof RangeError ? error.message : faultOf(error));
    } finally {
      setBusy(false);
    }
  };
  const toFirst = (url: string): void => onChange?.([url, ...value.filter((other) => other !== url)]);

  return (
    <div className="co-pictures" data-testid="pictures">
      {value.map((url, n) => (
        <figure key={url}>
          <img src={pictureAt(url, 240)} alt="" />
          <figcaption>
            {n === 0 ? (
              <b>{t('pictures.first')}</b>
            ) : (
              <Button size="small" type="link" onClick={() => toFirst(url)}>
                {t('pictures.toFirst')}
              </Button>
            )}
            <Button
              size="small"
              type="text"
              danger
              icon={<DeleteOutlined />}
              aria-label={t('pictures.remove', { n: n + 1 })}
              onClick={() => onChange?.(value.filter((other) => other !== url))}
            />
          </figcaption>
        </figure>
      ))}
      {value.length < MAX_PICTURES && (
        <Button icon={<UploadOutlined />} loading={busy} onClick={() => input.current?.click()}>
          {t('pictures.add')}
        </Button>
      )}
      <input
        ref={input}
        type="file"
        style={{ display: 'none' }}
        multiple
        accept={pictureTypes.join()}
        data-testid="pictures-input"
        onChange={({ target }) => {
          const files = [...(target.files ?? [])];
          target.value = '';
          void add(files);
        }}
      />
      {fault && (
        <p className="co-form-error" role="alert">
          {fault}
        </p>
      )}
    </div>
  );
};
