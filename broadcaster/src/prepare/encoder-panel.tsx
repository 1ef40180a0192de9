import { useQuery, useQueryClient } from '@tanstack/react-query';
import { createStreamKey, readStreamKey, revokeStreamKey } from '@walnut-live/contracts';
import { Button, CopyButton, ErrorState, Spinner, useErrorText, useFormat, useToast } from '@walnut-live/ui';
import { type ReactNode, useId, useState } from 'react';
import { useServices } from '../app/services.tsx';
import { useT } from '../i18n/index.ts';

/** Address and key for OBS. The key is on screen from its making until the panel is closed, and never again. */
export const EncoderPanel = ({ roomId }: { roomId: string }): ReactNode => {
  const { api } = useServices();
  const t = useT();
  const toast = useToast();
  const errorText = useErrorText();
  const format = useFormat();
  const queries = useQueryClient();
  const titleId = useId();
  const queryKey = ['stream-key', roomId];
  const known = useQuery({
    queryKey,
    queryFn: ({ signal }) => api.call(readStreamKey, { params: { id: roomId }, signal }),
  });
  const [secret, setSecret] = useState<string | null>(null);
  const [busy, setBusy] = useState(false);

  const change = async (act: () => Promise<string | null>): Promise<void> => {
    setBusy(true);
    try {
      setSecret(await act());
      await queries.invalidateQueries({ queryKey });
    } catch (error) {
      toast(errorText(error), { tone: 'error' });
    } finally {
      setBusy(false);
    }
  };
  const make = (): Promise<void> =>
    change(async () => (await api.call(createStreamKey, { params: { id: roomId }, body: {} })).bearerToken);
  const revoke = (): Promise<void> =>
    change(async () => {
      await api.call(revokeStreamKey, { params: { id: roomId } });
      return null;
    });

  return (
    <section className="st-encoder" aria-labelledby={titleId}>
      <h3 id={titleId}>{t('encoder.title')}</h3>
      <p className="st-encoder-hint">{t('encoder.hint')}</p>
      {known.isPending && <Spinner label={t('encoder.title')} />}
      {known.error && <ErrorState error={known.error} onRetry={() => void known.refetch()} />}
      {known.data && (
        <>
          <Copyable label={t('encoder.server')} value={known.data.whipUrl} />
          {secret && <Copyable label={t('encoder.key')} value={secret} />}
          <p className="st-encoder-hint" role="status">
            {known.data.key
              ? t(secret ? 'encoder.onlyNow' : 'encoder.exists', { time: format.dateTime(known.data.key.expiresAt) })
              : t('encoder.none')}
          </p>
          <div className="st-encoder-actions">
            <Button variant="primary" size="s" disabled={busy} onClick={() => void make()}>
              {t(known.data.key ? 'encoder.renew' : 'encoder.make')}
            </Button>
            {known.data.key && (
              <Button variant="ghost" size="s" disabled={busy} onClick={() => void revoke()}>
                {t('encoder.revoke')}
              </Button>
            )}
          </div>
          <p className="st-encoder-hint">{t('encoder.advice')}</p>
        </>
      )}
    </section>
  );
};

const Copyable = ({ label, value }: { label: string; value: string }): ReactNode => {
  const id = useId();
  return (
    <div className="st-field">
      <label htmlFor={id}>{label}</label>
      <div className="st-encoder-value">
        <input id={id} className="st-input" readOnly value={value} onFocus={(event) => event.target.select()} />
        <CopyButton text={value} />
      </div>
    </div>
  );
};
