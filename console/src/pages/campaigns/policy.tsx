import { getMessagePolicy, putMessagePolicy, type ReplyOf } from '@walnut-live/contracts';
import { Skeleton, useErrorText, useToast } from '@walnut-live/ui';
import { Button, InputNumber, TimePicker } from 'antd';
import dayjs, { type Dayjs } from 'dayjs';
import { type FormEvent, type ReactNode, useState } from 'react';
import { useSession } from '../../app/session.tsx';
import { useAction, useCall } from '../../data/use-call.ts';
import { AsyncView } from '../../shared/async-view.tsx';
import { Panel } from '../../shared/page.tsx';
import { useCampaignT } from './messages.ts';

type Policy = ReplyOf<typeof getMessagePolicy>;

export const MessagePolicyForm = (): ReactNode => {
  const query = useCall(getMessagePolicy, {});
  return (
    <Panel>
      <AsyncView query={query} skeleton={<Skeleton lines={5} height={32} />}>
        {(policy) => <PolicyForm key={policy.updatedAt} policy={policy} />}
      </AsyncView>
    </Panel>
  );
};

const toClock = (minute: number): Dayjs => dayjs().startOf('day').add(minute, 'minute');
const toMinute = (clock: Dayjs): number => clock.hour() * 60 + clock.minute();

const PolicyForm = ({ policy }: { policy: Policy }): ReactNode => {
  const t = useCampaignT();
  const toast = useToast();
  const errorText = useErrorText();
  const { may, staff } = useSession();
  const mayWrite = may('campaigns:write') && staff.orgUnit.kind === 'hq';
  const action = useAction(putMessagePolicy, [getMessagePolicy.id]);
  const [hours, setHours] = useState(policy.quietHours);
  const [perDay, setPerDay] = useState(policy.perDay);
  const submit = (event: FormEvent): void => {
    event.preventDefault();
    action.mutate(
      { body: { quietHours: hours, perDay } },
      {
        onSuccess: () => toast(t('saved'), { tone: 'success' }),
        onError: (error) => toast(errorText(error), { tone: 'error' }),
      },
    );
  };
  const times = [
    ['fromMinute', 'policy.from'],
    ['untilMinute', 'policy.until'],
  ] as const;
  return (
    <form className="co-campaign-policy" onSubmit={submit} data-testid="message-policy">
      <p className="co-page-hint">{t('policy.hint')}</p>
      <div className="co-campaign-fields">
        {times.map(([name, label]) => (
          <div key={name} className="co-campaign-field">
            <span id={`policy-${name}`}>{t(label)}</span>
            <TimePicker
              aria-labelledby={`policy-${name}`}
              format="HH:mm"
              minuteStep={5}
              allowClear={false}
              inputReadOnly
              needConfirm={false}
              disabled={!mayWrite}
              value={toClock(hours[name])}
              onChange={(clock) => clock && setHours({ ...hours, [name]: toMinute(clock) })}
            />
          </div>
        ))}
        <div className="co-campaign-field">
          <label htmlFor="policy-per-day">{t('policy.perDay')}</label>
          <InputNumber
            id="policy-per-day"
            min={1}
            max={20}
            precision={0}
            disabled={!mayWrite}
            value={perDay}
            onChange={(value) => value !== null && setPerDay(value)}
          />
        </div>
      </div>
      <p className="co-page-hint">{t('policy.cap')}</p>
      <p className="co-page-hint">{t(policy.wechat ? 'policy.wechat.on' : 'policy.wechat.off')}</p>
      {mayWrite ? (
        <Button type="primary" htmlType="submit" loading={action.isPending} data-testid="message-policy-save">
          {t('save')}
        </Button>
      ) : (
        <p className="co-page-hint">{t('policy.readOnly')}</p>
      )}
    </form>
  );
};
