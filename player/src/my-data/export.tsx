import { useMutation, useQueryClient } from '@tanstack/react-query';
import { type DataRequest, dataRequestFile, exportMyData } from '@walnut-live/contracts';
import { isApiError } from '@walnut-live/live-client/http';
import { Button, saveFile, useErrorText, useFormat, useToast } from '@walnut-live/ui';
import type { ReactNode } from 'react';
import { useServices } from '../app/services.tsx';
import { useMyDataT } from './messages.ts';
import { REQUESTS_KEY } from './requests-key.ts';

/** A file of what is stored about me: asked for, being made, fetched. */
export const Export = ({ latest }: { latest: DataRequest | undefined }): ReactNode => {
  const t = useMyDataT();
  const format = useFormat();
  const toast = useToast();
  const errorText = useErrorText();
  const { api, pending } = useServices();
  const cache = useQueryClient();
  const again = () => cache.invalidateQueries({ queryKey: [REQUESTS_KEY] });
  const fail = (error: unknown): void => {
    const isSpent = isApiError(error) && error.code === 'rate_limited';
    toast(isSpent ? t('export.limit') : errorText(error), { tone: 'error' });
  };
  const ask = useMutation({
    mutationFn: () =>
      pending.run('data.export', {}, (idempotencyKey) => api.call(exportMyData, { body: {}, idempotencyKey })),
    onSuccess: () => toast(t('export.started'), { tone: 'success' }),
    onError: fail,
    onSettled: again,
  });
  const fetchFile = useMutation({
    mutationFn: (id: string) => api.download(dataRequestFile, { params: { id } }),
    onSuccess: (blob) => saveFile(blob, `walnut-live-${new Date().toISOString().slice(0, 10)}.json`),
    onError: fail,
    onSettled: again,
  });
  const isMaking = latest?.state === 'waiting';
  return (
    <section className="pl-card" data-testid="data-export" data-state={latest?.state ?? 'none'}>
      <h2 className="pl-card-title">{t('export')}</h2>
      <p className="pl-fine">{t('export.hint')}</p>
      {isMaking && (
        <p role="status">
          {t('export.making', { done: latest.stepsDone, steps: latest.steps })}{' '}
          <progress value={latest.stepsDone} max={latest.steps} aria-hidden />
        </p>
      )}
      {latest?.state === 'ready' && latest.expiresAt && (
        <>
          <p role="status">{t('export.ready', { time: format.dateTime(latest.expiresAt) })}</p>
          <Button
            block
            loading={fetchFile.isPending}
            onClick={() => fetchFile.mutate(latest.id)}
            data-testid="data-download"
          >
            {t('export.download')}
          </Button>
        </>
      )}
      {!isMaking && (
        <Button variant="soft" block loading={ask.isPending} onClick={() => ask.mutate()} data-testid="data-export-ask">
          {t('export.ask')}
        </Button>
      )}
    </section>
  );
};
