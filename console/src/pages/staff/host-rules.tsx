/** What a host needs before a live (rule Z2). Nobody known to be under 16 hosts, whatever is set here. */
import { getHostRules, type ReplyOf, setHostRules } from '@walnut-live/contracts';
import { isApiError } from '@walnut-live/live-client/http';
import { Badge, Skeleton } from '@walnut-live/ui';
import { Button, Checkbox } from 'antd';
import { type ReactNode, useState } from 'react';
import { useSession } from '../../app/session.tsx';
import { useAction, useCall } from '../../data/use-call.ts';
import { AsyncView } from '../../shared/async-view.tsx';
import { Panel } from '../../shared/page.tsx';
import { ReasonDialog } from '../../shared/reason-dialog.tsx';
import { useStaffT } from './messages.ts';

type Rules = ReplyOf<typeof getHostRules>;

export const HostRules = (): ReactNode => {
  const t = useStaffT();
  const { may } = useSession();
  // As they were when the dialog was opened: what was read anew must not take its refusal and ticks away.
  const [opened, setOpened] = useState<Rules | null>(null);
  const query = useCall(getHostRules, undefined);
  return (
    <Panel
      title={t('rules.title')}
      extra={
        may('org:write') &&
        query.data && (
          <Button onClick={() => setOpened(query.data)} data-testid="host-rules-change">
            {t('account.change')}
          </Button>
        )
      }
    >
      <AsyncView query={query} skeleton={<Skeleton height={120} radius={12} />}>
        {(rules) => (
          <>
            <dl className="co-facts" data-testid="host-rules">
              <dt>{t('rules.age')}</dt>
              <dd>
                <Badge tone="success">{t('rules.always')}</Badge>
              </dd>
              <dt>{t('rules.identity')}</dt>
              <dd>
                <Needed on={rules.identityNeeded} />
              </dd>
              <dt>{t('rules.training')}</dt>
              <dd>
                <Needed on={rules.trainingNeeded} />
              </dd>
            </dl>
            <p className="co-quiet">{t('rules.hint')}</p>
          </>
        )}
      </AsyncView>
      {opened && <RulesDialog rules={opened} onClose={() => setOpened(null)} />}
    </Panel>
  );
};

const Needed = ({ on }: { on: boolean }): ReactNode => {
  const t = useStaffT();
  return <Badge tone={on ? 'success' : 'neutral'}>{t(on ? 'rules.needed' : 'rules.notNeeded')}</Badge>;
};

const RulesDialog = ({ rules, onClose }: { rules: Rules; onClose: () => void }): ReactNode => {
  const t = useStaffT();
  const [identityNeeded, setIdentity] = useState(rules.identityNeeded);
  const [trainingNeeded, setTraining] = useState(rules.trainingNeeded);
  const set = useAction(setHostRules, ['host-rules.get']);
  const isStale = isApiError(set.error) && set.error.code === 'state_conflict';
  return (
    <ReasonDialog
      title={t('rules.change')}
      hint={t('rules.hint')}
      refusal={isStale ? t('rules.stale') : undefined}
      label={t('account.reason')}
      okText={t('tree.save')}
      done={t('tree.done')}
      shortest={2}
      most={200}
      pending={set.isPending}
      error={set.error}
      onSubmit={(reason) =>
        set.mutateAsync({ body: { identityNeeded, trainingNeeded, reason, seenVersion: rules.version } })
      }
      onClose={onClose}
    >
      <p className="co-stacked co-start">
        <Checkbox
          checked={identityNeeded}
          onChange={({ target }) => setIdentity(target.checked)}
          data-testid="rule-identity"
        >
          {t('rules.identity')}
        </Checkbox>
        <Checkbox
          checked={trainingNeeded}
          onChange={({ target }) => setTraining(target.checked)}
          data-testid="rule-training"
        >
          {t('rules.training')}
        </Checkbox>
      </p>
    </ReasonDialog>
  );
};
