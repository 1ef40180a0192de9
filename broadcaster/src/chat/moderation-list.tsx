import { useQuery } from '@tanstack/react-query';
import { liftModeration } from '@walnut-live/contracts';
import { Avatar, Button, EmptyState, ErrorState, Skeleton, useErrorText, useFormat, useToast } from '@walnut-live/ui';
import { type ReactNode, useState } from 'react';
import { moderationQuery } from '../app/queries.ts';
import { useServices } from '../app/services.tsx';
import { useT } from '../i18n/index.ts';
import { useTalkT } from './messages.ts';

/** Who is muted or removed in this room, with a way back. */
export const ModerationList = ({ roomId }: { roomId: string }): ReactNode => {
  const { api } = useServices();
  const t = useT();
  const talkT = useTalkT();
  const format = useFormat();
  const toast = useToast();
  const errorText = useErrorText();
  const list = useQuery({ ...moderationQuery(api, roomId), staleTime: 0 });
  const [busy, setBusy] = useState<string | null>(null);

  const lift = async (personId: string): Promise<void> => {
    setBusy(personId);
    try {
      await api.call(liftModeration, { params: { id: roomId, personId } });
      await list.refetch();
      toast(t('chat.moderation.lifted'), { tone: 'success' });
    } catch (error) {
      toast(errorText(error), { tone: 'error' });
    } finally {
      setBusy(null);
    }
  };

  if (list.isError) return <ErrorState compact error={list.error} onRetry={() => void list.refetch()} />;
  if (!list.data) return <Skeleton lines={3} height={52} />;
  if (list.data.items.length === 0)
    return <EmptyState compact illustration="people" title={t('chat.moderation.empty')} />;
  return (
    <ul className="st-moderation">
      {list.data.items.map((entry) => (
        <li key={`${entry.personId}:${entry.kind}`}>
          <Avatar name={entry.name} size={40} />
          <span className="st-line-text">
            <b>{entry.name}</b>
            <span className="st-hint">
              {t(`chat.moderation.${entry.kind}`)} ·{' '}
              {entry.until
                ? t('chat.moderation.until', { time: format.time(entry.until) })
                : t('chat.moderation.forever')}
            </span>
            <span className="st-hint">
              {entry.reason || talkT('standing.noReason')} · {talkT('standing.by', { name: entry.by.name })}
            </span>
          </span>
          <Button variant="soft" size="s" loading={busy === entry.personId} onClick={() => void lift(entry.personId)}>
            {t('chat.moderation.lift')}
          </Button>
        </li>
      ))}
    </ul>
  );
};
