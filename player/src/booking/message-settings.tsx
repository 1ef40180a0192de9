import { useQuery, useQueryClient } from '@tanstack/react-query';
import { getMessageSettings, type MessageTopic, putMessageSettings } from '@walnut-live/contracts';
import { ErrorState, Skeleton, useErrorText, useFormat, useToast } from '@walnut-live/ui';
import { type ReactNode, useState } from 'react';
import { useServices } from '../app/services.tsx';
import { useBookingT } from './messages.ts';

const clock = (minute: number): string =>
  `${String(Math.floor(minute / 60)).padStart(2, '0')}:${String(minute % 60).padStart(2, '0')}`;

/** What I want to be told; each switch is saved as it is turned. */
export const MessageSettingsForm = (): ReactNode => {
  const t = useBookingT();
  const format = useFormat();
  const toast = useToast();
  const errorText = useErrorText();
  const { api } = useServices();
  const queries = useQueryClient();
  const [busy, setBusy] = useState<MessageTopic | null>(null);
  const queryKey = ['message-settings'];
  const query = useQuery({ queryKey, queryFn: ({ signal }) => api.call(getMessageSettings, { signal }) });
  if (query.isError) return <ErrorState error={query.error} onRetry={() => void query.refetch()} compact />;
  if (!query.data) return <Skeleton height={180} radius={18} />;
  const { topics, quietHours, consentGivenAt } = query.data;
  const turn = async (topic: MessageTopic, on: boolean): Promise<void> => {
    setBusy(topic);
    try {
      queries.setQueryData(queryKey, await api.call(putMessageSettings, { body: { topic, on } }));
    } catch (error) {
      toast(errorText(error), { tone: 'error' });
    } finally {
      setBusy(null);
    }
  };
  return (
    <div className="pl-topics">
      {topics.map(({ topic, on }) => (
        <label key={topic}>
          <span>
            <b>{t(`topic.${topic}`)}</b>
            <small>{t(`topic.${topic}.hint`)}</small>
          </span>
          <input
            type="checkbox"
            checked={on}
            disabled={busy === topic}
            onChange={(event) => void turn(topic, event.target.checked)}
            data-testid={`topic-${topic}`}
          />
        </label>
      ))}
      <p className="pl-fine">{t('settings.orders')}</p>
      {quietHours.fromMinute !== quietHours.untilMinute && (
        <p className="pl-fine">
          {t('settings.quiet', { from: clock(quietHours.fromMinute), until: clock(quietHours.untilMinute) })}
        </p>
      )}
      {consentGivenAt !== null && (
        <p className="pl-fine">{t('settings.consent', { time: format.dateTime(consentGivenAt) })}</p>
      )}
    </div>
  );
};
