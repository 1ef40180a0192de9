import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import {
  cancelDataRequest,
  type DataRequest,
  type DeletionBlock,
  deleteMyData,
  deletionBlocks,
  deletionCheck,
} from '@walnut-live/contracts';
import { isApiError } from '@walnut-live/live-client/http';
import { Button, ErrorState, Skeleton, useConfirm, useErrorText, useFormat, useToast } from '@walnut-live/ui';
import type { ReactNode } from 'react';
import { useServices } from '../app/services.tsx';
import { useMyDataT } from './messages.ts';
import { REQUESTS_KEY } from './requests-key.ts';

const CHECK_KEY = 'my-deletion-check';

/** Closing my account: what stands in its way, how long it waits, what is kept by law; asked for and called off. */
export const Deletion = ({ latest, personId }: { latest: DataRequest | undefined; personId: string }): ReactNode => {
  const t = useMyDataT();
  const { api } = useServices();
  const check = useQuery({
    queryKey: [CHECK_KEY, personId],
    queryFn: ({ signal }) => api.call(deletionCheck, { signal }),
    // Whatever was done elsewhere meanwhile counts.
    staleTime: 0,
  });
  return (
    <section className="pl-card" data-testid="data-deletion" data-state={latest?.state ?? 'none'}>
      <h2 className="pl-card-title">{t('deletion')}</h2>
      {latest?.state === 'waiting' ? (
        <Waiting request={latest} />
      ) : check.isError && !check.data ? (
        <ErrorState error={check.error} onRetry={() => void check.refetch()} compact />
      ) : check.data ? (
        <Ask {...check.data} personId={personId} />
      ) : (
        <Skeleton height={120} radius={12} />
      )}
    </section>
  );
};

const Blocks = ({ blocks }: { blocks: readonly DeletionBlock[] }): ReactNode => {
  const t = useMyDataT();
  if (blocks.length === 0) return null;
  return (
    <div role="status">
      <p>{t('blocked')}</p>
      <ul className="pl-data-blocks">
        {blocks.map((block) => (
          <li key={block}>{t(`block.${block}`)}</li>
        ))}
      </ul>
    </div>
  );
};

const useAgain = () => {
  const cache = useQueryClient();
  return () => Promise.all([REQUESTS_KEY, CHECK_KEY].map((key) => cache.invalidateQueries({ queryKey: [key] })));
};

const Ask = ({
  blocks,
  waitDays,
  personId,
}: {
  blocks: readonly DeletionBlock[];
  waitDays: number;
  personId: string;
}): ReactNode => {
  const t = useMyDataT();
  const format = useFormat();
  const toast = useToast();
  const confirm = useConfirm();
  const errorText = useErrorText();
  const { api, pending } = useServices();
  const cache = useQueryClient();
  const again = useAgain();
  // Something may have been opened since it was asked what stands in the way; whatever is read after it is newer again.
  const learn = (error: unknown): void => {
    const told = isApiError(error) ? error.facts.blocks : undefined;
    if (!Array.isArray(told)) return;
    const known = deletionBlocks.filter((block) => told.includes(block));
    cache.setQueryData([CHECK_KEY, personId], { blocks: known, waitDays });
  };
  const ask = useMutation({
    mutationFn: () =>
      pending.run('data.deletion', {}, (idempotencyKey) => api.call(deleteMyData, { body: {}, idempotencyKey })),
    onSuccess: ({ dueAt }) => toast(t('deletion.done', { time: format.dateTime(dueAt) }), { tone: 'success' }),
    onError: (error) => {
      learn(error);
      toast(errorText(error), { tone: 'error' });
    },
    onSettled: again,
  });
  const sure = async (): Promise<void> => {
    const body = `${t('deletion.hint', { days: waitDays })} ${t('deletion.lost')}`;
    if (await confirm({ title: t('deletion.sure'), body, confirmText: t('deletion.confirm'), tone: 'danger' }))
      ask.mutate();
  };
  return (
    <>
      <p className="pl-fine">{t('deletion.hint', { days: waitDays })}</p>
      <p className="pl-fine">{t('deletion.kept')}</p>
      <p className="pl-fine">{t('deletion.lost')}</p>
      <Blocks blocks={blocks} />
      <Button
        variant="soft"
        block
        disabled={blocks.length > 0}
        loading={ask.isPending}
        onClick={() => void sure()}
        data-testid="data-deletion-ask"
      >
        {t('deletion.ask')}
      </Button>
    </>
  );
};

const Waiting = ({ request }: { request: DataRequest }): ReactNode => {
  const t = useMyDataT();
  const format = useFormat();
  const toast = useToast();
  const errorText = useErrorText();
  const { api } = useServices();
  const again = useAgain();
  const cancel = useMutation({
    mutationFn: () => api.call(cancelDataRequest, { params: { id: request.id }, body: { reason: '' } }),
    onSuccess: () => toast(t('deletion.cancelled'), { tone: 'success' }),
    onError: (error) => toast(errorText(error), { tone: 'error' }),
    onSettled: again,
  });
  const isDue = Date.parse(request.dueAt) <= api.serverNowMs();
  return (
    <>
      <p role="status">{isDue ? t('deletion.due') : t('deletion.waiting', { time: format.dateTime(request.dueAt) })}</p>
      <Blocks blocks={request.blocks} />
      <p className="pl-fine">{t('deletion.kept')}</p>
      <Button block loading={cancel.isPending} onClick={() => cancel.mutate()} data-testid="data-deletion-cancel">
        {t('deletion.cancel')}
      </Button>
    </>
  );
};
