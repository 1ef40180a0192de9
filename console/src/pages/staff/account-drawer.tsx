/** One account: who it is, whether they may host, and what I may do with it. Every act asks for a reason. */
import {
  getHostRecord,
  getStaffAccount,
  hostDocuments,
  makeStaffCode,
  revokeHost,
  setStaffActive,
  signStaffOut,
  verifyHost,
} from '@walnut-live/contracts';
import { Badge, Skeleton, useErrorText, useFormat, useToast } from '@walnut-live/ui';
import { Alert, Button, DatePicker, Drawer, Form, Select } from 'antd';
import dayjs, { type Dayjs } from 'dayjs';
import { type ReactNode, useId, useState } from 'react';
import { Link } from 'react-router';
import { useSession } from '../../app/session.tsx';
import { useAction, useCall } from '../../data/use-call.ts';
import { useT } from '../../i18n/index.ts';
import { AsyncView } from '../../shared/async-view.tsx';
import { ReasonDialog } from '../../shared/reason-dialog.tsx';
import { ChangeAccountDialog, CodeDialog } from './account-dialogs.tsx';
import { useStaffT } from './messages.ts';
import './staff.css';

type Act = 'code' | 'signOut' | 'off' | 'on';
const touched = ['staff.get', 'staff.list'] as const;
type Document = (typeof hostDocuments)[number];

export const AccountDrawer = ({ id, onClose }: { id: string; onClose: () => void }): ReactNode => {
  const t = useStaffT();
  const all = useT();
  const format = useFormat();
  const { may } = useSession();
  const query = useCall(getStaffAccount, { params: { id } });
  const [act, setAct] = useState<Act | null>(null);
  const [code, setCode] = useState<string | null>(null);
  const [changing, setChanging] = useState(false);
  return (
    <Drawer
      open
      title={query.data?.name ?? t('account.open')}
      size="large"
      onClose={onClose}
      data-testid="account-drawer"
    >
      <AsyncView query={query} skeleton={<Skeleton height={200} radius={12} />}>
        {(account) => (
          <div className="co-page">
            <dl className="co-facts">
              <dt>{t('account.username')}</dt>
              <dd>{account.username}</dd>
              <dt>{t('account.phone.short')}</dt>
              <dd>{account.phoneMasked ?? t('account.phone.none')}</dd>
              <dt>{all('staff.role')}</dt>
              <dd>{all(`role.${account.role}`)}</dd>
              <dt>{all('staff.unit')}</dt>
              <dd>{account.orgUnit.name}</dd>
              <dt>{all('staff.state')}</dt>
              <dd>
                <Badge tone={account.active ? 'success' : 'neutral'}>
                  {all(account.active ? 'staff.active' : 'staff.inactive')}
                </Badge>
              </dd>
              <dt>{t('account.sessions')}</dt>
              <dd>{format.number(account.sessions)}</dd>
              {account.codeUntil !== null && (
                <>
                  <dt>{t('account.codeUntil')}</dt>
                  <dd>{format.dateTime(account.codeUntil)}</dd>
                </>
              )}
              <dt>{t('account.customers')}</dt>
              <dd>{format.number(account.customers)}</dd>
            </dl>
            {account.customers > 0 && may('customers:transfer') && (
              <Alert
                type="info"
                showIcon
                title={t('account.handOver.hint')}
                action={<Link to="/attribution?tab=transfers">{t('account.handOver')}</Link>}
              />
            )}
            {account.manageable && (
              <div className="co-inline">
                <Button onClick={() => setChanging(true)} disabled={!account.active} data-testid="account-change">
                  {t('account.change')}
                </Button>
                <Button onClick={() => setAct('code')} disabled={!account.active} data-testid="account-code">
                  {t('account.code')}
                </Button>
                <Button onClick={() => setAct('signOut')}>{t('account.signOut')}</Button>
                <Button
                  danger={account.active}
                  onClick={() => setAct(account.active ? 'off' : 'on')}
                  data-testid="account-off"
                >
                  {t(account.active ? 'account.off' : 'account.on')}
                </Button>
              </div>
            )}
            <HostPart id={id} />
            {may('audit:read') && <Link to={`/audit?target=${id}`}>{t('account.log')}</Link>}
          </div>
        )}
      </AsyncView>
      {act && <ActDialog id={id} act={act} onCode={setCode} onClose={() => setAct(null)} />}
      {changing && query.data && (
        <ChangeAccountDialog key={id} account={query.data} onClose={() => setChanging(false)} />
      )}
      {code !== null && <CodeDialog code={code} onClose={() => setCode(null)} />}
    </Drawer>
  );
};

const ActDialog = ({
  id,
  act,
  onCode,
  onClose,
}: {
  id: string;
  act: Act;
  onCode: (code: string) => void;
  onClose: () => void;
}): ReactNode => {
  const t = useStaffT();
  const params = { id };
  const makeCode = useAction(makeStaffCode, touched);
  const signOut = useAction(signStaffOut, touched);
  const activate = useAction(setStaffActive, touched);
  const used = { code: makeCode, signOut, off: activate, on: activate }[act];
  const submit = async (reason: string): Promise<unknown> => {
    if (act === 'code') return onCode((await makeCode.mutateAsync({ params, body: { reason } })).code);
    if (act === 'signOut') return signOut.mutateAsync({ params, body: { reason } });
    return activate.mutateAsync({ params, body: { active: act === 'on', reason } });
  };
  return (
    <ReasonDialog
      title={t(`account.${act}`)}
      label={t('account.reason')}
      {...(act === 'code'
        ? { hint: t('account.code.hint') }
        : act === 'off'
          ? { hint: t('account.handOver.hint') }
          : {})}
      okText={t(`account.${act}`)}
      done={t('account.done')}
      danger={act === 'off'}
      shortest={2}
      pending={used.isPending}
      error={used.error}
      onSubmit={submit}
      onClose={onClose}
    />
  );
};

/** Rule Z2: whether somebody has seen this host's document. */
const HostPart = ({ id }: { id: string }): ReactNode => {
  const t = useStaffT();
  const toast = useToast();
  const errorText = useErrorText();
  const format = useFormat();
  const { may, me } = useSession();
  const params = { id };
  const query = useCall(getHostRecord, { params });
  const verify = useAction(verifyHost, ['hosts.get']);
  const revoke = useAction(revokeHost, ['hosts.get']);
  const [document, setDocument] = useState<Document>('id_card');
  const [born, setBorn] = useState<Dayjs | null>(null);
  const [revoking, setRevoking] = useState(false);
  const fields = useId();
  const mayVouch = may('staff:verify') && id !== me.id;
  const submit = async (): Promise<void> => {
    if (!born) return;
    try {
      await verify.mutateAsync({ params, body: { document, bornOn: born.format('YYYY-MM-DD') } });
    } catch (error) {
      toast(errorText(error), { tone: 'error' });
    }
  };
  return (
    <section>
      <h3>{t('host.title')}</h3>
      <AsyncView query={query} skeleton={<Skeleton height={80} radius={12} />}>
        {({ identity, trainings, missing, checks }) => (
          <div className="co-host">
            <span className="co-inline">
              <Badge tone={identity ? (identity.ofAge ? 'success' : 'danger') : 'neutral'}>
                {t(identity ? (identity.ofAge ? 'host.ok' : 'host.young') : 'host.none')}
              </Badge>
              <small>{t('host.trainings', { n: trainings })}</small>
            </span>
            {identity && (
              <small>
                {t(`document.${identity.document}`)} ·{' '}
                {t('host.by', { name: identity.verifiedBy.name, date: format.dateTime(identity.verifiedAt) })}
              </small>
            )}
            {missing.length > 0 && (
              <Alert
                type="warning"
                showIcon
                title={t('host.missing', { what: missing.map((one) => t(`missing.${one}`)).join(t('list.and')) })}
              />
            )}
            {mayVouch &&
              (identity ? (
                <Button size="small" danger onClick={() => setRevoking(true)}>
                  {t('host.revoke')}
                </Button>
              ) : (
                <div className="co-host-form">
                  <Form.Item label={t('host.document')} htmlFor={`${fields}-document`}>
                    <Select<Document>
                      id={`${fields}-document`}
                      value={document}
                      onChange={setDocument}
                      options={hostDocuments.map((value) => ({ value, label: t(`document.${value}`) }))}
                    />
                  </Form.Item>
                  <Form.Item label={t('host.born')} htmlFor={`${fields}-born`} extra={t('host.born.hint')}>
                    <DatePicker
                      id={`${fields}-born`}
                      value={born}
                      onChange={(day) => setBorn(day)}
                      disabledDate={(day) => day.isAfter(dayjs())}
                      style={{ width: '100%' }}
                    />
                  </Form.Item>
                  <Button type="primary" disabled={!born} loading={verify.isPending} onClick={() => void submit()}>
                    {t('host.verify')}
                  </Button>
                </div>
              ))}
            {checks.length > 0 && (
              <>
                <h4>{t('host.checks')}</h4>
                <ul className="co-host-checks">
                  {checks.map((check) => (
                    <li key={check.roomId}>
                      <Link to={`/rooms/${check.roomId}`}>{check.title}</Link>{' '}
                      <small>
                        {format.dateTime(check.at)} · {t(`check.${check.identity}`)}
                      </small>
                    </li>
                  ))}
                </ul>
              </>
            )}
          </div>
        )}
      </AsyncView>
      {revoking && (
        <ReasonDialog
          danger
          title={t('host.revoke')}
          label={t('account.reason')}
          done={t('account.done')}
          shortest={2}
          pending={revoke.isPending}
          error={revoke.error}
          onSubmit={(reason) => revoke.mutateAsync({ params, body: { reason } })}
          onClose={() => setRevoking(false)}
        />
      )}
    </section>
  );
};
