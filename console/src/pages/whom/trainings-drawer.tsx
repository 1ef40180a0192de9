import { listTrainings, revokeTraining, verifyTraining } from '@walnut-live/contracts';
import { EmptyState, Skeleton, useErrorText, useToast } from '@walnut-live/ui';
import { Button, DatePicker, Drawer, Input } from 'antd';
import dayjs, { type Dayjs } from 'dayjs';
import { type ReactNode, useState } from 'react';
import { useSession } from '../../app/session.tsx';
import { useAction, useCall } from '../../data/use-call.ts';
import { AsyncView } from '../../shared/async-view.tsx';
import { useWhomT } from './messages.ts';

/** What a member of staff was trained in, and vouching for it. */
export const TrainingsDrawer = ({
  person,
  onClose,
}: {
  person: { id: string; name: string };
  onClose: () => void;
}): ReactNode => {
  const t = useWhomT();
  const toast = useToast();
  const errorText = useErrorText();
  const { may, me } = useSession();
  const params = { id: person.id };
  const query = useCall(listTrainings, { params });
  const verify = useAction(verifyTraining, ['trainings.list']);
  const revoke = useAction(revokeTraining, ['trainings.list']);
  const [title, setTitle] = useState('');
  const [day, setDay] = useState<Dayjs | null>(null);
  const [reason, setReason] = useState('');
  const fail = (error: unknown): void => toast(errorText(error), { tone: 'error' });
  const submit = async (): Promise<void> => {
    if (!day) return;
    try {
      await verify.mutateAsync({ params, body: { title: title.trim(), trainedOn: day.format('YYYY-MM-DD') } });
      setTitle('');
    } catch (error) {
      fail(error);
    }
  };
  const isMe = person.id === me.id;
  return (
    <Drawer open title={t('trainings.title', { name: person.name })} onClose={onClose}>
      <AsyncView
        query={query}
        skeleton={<Skeleton height={120} radius={12} />}
        isEmpty={({ items }) => items.length === 0}
        empty={<EmptyState compact illustration="people" title={t('trainings.none')} />}
      >
        {({ items }) => (
          <ul className="co-page">
            {items.map((training) => (
              <li key={training.id} data-testid="training">
                <b>{training.title}</b> · {training.trainedOn}
                <br />
                <small>
                  {t('trainings.by', { name: training.verifiedBy, date: training.verifiedAt.slice(0, 10) })}
                </small>{' '}
                {may('staff:verify') && !isMe && (
                  <Button
                    size="small"
                    danger
                    disabled={!reason.trim()}
                    onClick={() =>
                      revoke.mutate({ params: { id: training.id }, body: { reason: reason.trim() } }, { onError: fail })
                    }
                  >
                    {t('trainings.revoke')}
                  </Button>
                )}
              </li>
            ))}
            {may('staff:verify') && !isMe && (
              <li>
                <Input
                  value={reason}
                  maxLength={200}
                  placeholder={t('members.reason')}
                  aria-label={t('members.reason')}
                  onChange={(event) => setReason(event.target.value)}
                />
              </li>
            )}
          </ul>
        )}
      </AsyncView>
      {isMe && <p className="co-quiet">{t('trainings.self')}</p>}
      {may('staff:verify') && !isMe && (
        <div className="co-page">
          <Input
            value={title}
            maxLength={60}
            placeholder={t('trainings.name')}
            aria-label={t('trainings.name')}
            onChange={(event) => setTitle(event.target.value)}
            data-testid="training-title"
          />
          <DatePicker
            value={day}
            inputReadOnly
            placeholder={t('trainings.day')}
            disabledDate={(date) => date.isAfter(dayjs(), 'day')}
            onChange={(date: Dayjs | null) => setDay(date)}
          />
          <Button
            type="primary"
            disabled={!title.trim() || !day}
            loading={verify.isPending}
            onClick={() => void submit()}
            data-testid="training-verify"
          >
            {t('trainings.add')}
          </Button>
        </div>
      )}
    </Drawer>
  );
};
