import {
  type Agent,
  type BroughtRow,
  decideAgent,
  endAgent,
  getAgentAgreement,
  listAgents,
  reportBrought,
  setTarget,
  writeAgentAgreement,
} from '@walnut-live/contracts';
import { Badge, EmptyState, useFormat, useToast } from '@walnut-live/ui';
import { Button, Form, Input, InputNumber, Modal, Segmented, Space } from 'antd';
import { type ReactNode, useState } from 'react';
import { useSession } from '../../app/session.tsx';
import { useAction, useCall, usePages } from '../../data/use-call.ts';
import { AsyncView } from '../../shared/async-view.tsx';
import { type Column, TableSkeleton } from '../../shared/data-table.tsx';
import { useFilters } from '../../shared/filters.tsx';
import { MoreButton, Page, Panel } from '../../shared/page.tsx';
import { PagedTable } from '../../shared/paged-table.tsx';
import { ReasonDialog } from '../../shared/reason-dialog.tsx';
import { Failure } from '../../shared/ship-dialog.tsx';
import { useSharingT } from './messages.ts';
import './sharing.css';

const tabs = ['brought', 'agents', 'agreement'] as const;
const views = { brought: () => <Brought />, agents: () => <Agents />, agreement: () => <Agreement /> };
const REFRESH_MS = 30_000;
const PAGE = 30;
const FEN = 100;

/** What staff and agents of my scope bring; made for a phone in the shop as well. */
export default function TeamPage(): ReactNode {
  const t = useSharingT();
  const filters = useFilters();
  const tab = tabs.find((known) => known === filters.get('tab')) ?? 'brought';
  const View = views[tab];
  return (
    <Page title={t('team.title')} hint={t('team.hint')}>
      <Segmented
        className="sh-tabs"
        value={tab}
        onChange={(next: string) => filters.set({ tab: next === 'brought' ? undefined : next })}
        options={tabs.map((value) => ({ value, label: t(`tab.${value}`) }))}
      />
      <View />
    </Page>
  );
}

const Brought = (): ReactNode => {
  const t = useSharingT();
  const format = useFormat();
  const { may } = useSession();
  const [aiming, setAiming] = useState<BroughtRow | null>(null);
  const query = usePages(reportBrought, { query: { limit: PAGE } }, { everyMs: REFRESH_MS });
  return (
    <>
      <AsyncView
        query={query}
        skeleton={<TableSkeleton />}
        isEmpty={({ pages }) => !pages.some(({ items }) => items.length > 0)}
        empty={<EmptyState illustration="people" title={t('team.empty')} />}
      >
        {({ pages }) => (
          <div className="sh-team" data-testid="team">
            {pages.slice(-1).map(({ month, totals }) => (
              <section key={month} className="sh-person">
                <header>
                  <b>{t('team.total')}</b>
                  <small className="co-quiet">{month}</small>
                </header>
                <span className="sh-net wl-number">{format.money(totals.netFen)}</span>
                <small className="co-quiet">
                  {t('lib.customers')} {format.count(totals.newCustomers)} · {t('lib.orders')}{' '}
                  {format.count(totals.orders)}
                </small>
              </section>
            ))}
            {pages
              .flatMap(({ items }) => items)
              .map((row) => (
                <section key={`${row.role} ${row.person.id}`} className="sh-person" data-testid="team-row">
                  <header>
                    <b>{row.person.name}</b>
                    <Badge tone={row.role === 'agent' ? 'hot' : 'neutral'}>{t(`role.${row.role}`)}</Badge>
                    {may('agents:write') && (
                      <Button size="small" onClick={() => setAiming(row)}>
                        {t('target.set')}
                      </Button>
                    )}
                  </header>
                  <span className="sh-net wl-number">{format.money(row.netFen)}</span>
                  <small className="co-quiet">
                    {t('team.figures', {
                      visitors: format.count(row.visitors),
                      customers: format.count(row.newCustomers),
                      orders: format.count(row.orders),
                    })}
                  </small>
                  {row.targets.map(({ kind, target, done, bps }) => {
                    const text = (value: number) =>
                      kind === 'gmv' ? format.money(value, { fen: 'trim' }) : format.count(value);
                    return (
                      <div key={kind}>
                        <p className="sh-target">
                          <small>{t(`target.${kind}`)}</small>
                          <small className="wl-number">
                            {text(done)} / {text(target)} · {Math.floor(bps / 100)}%
                          </small>
                        </p>
                        <div
                          className="sh-bar"
                          role="progressbar"
                          aria-label={t(`target.${kind}`)}
                          aria-valuenow={Math.floor(bps / 100)}
                        >
                          <i style={{ width: `${Math.min(100, bps / 100)}%` }} />
                        </div>
                      </div>
                    );
                  })}
                  <small className="co-quiet">{row.orgUnit.name}</small>
                </section>
              ))}
          </div>
        )}
      </AsyncView>
      <MoreButton query={query} />
      {aiming && query.data?.pages[0] && (
        <TargetDialog row={aiming} month={query.data.pages[0].month} onClose={() => setAiming(null)} />
      )}
    </>
  );
};

type TargetValues = { kind: 'gmv' | 'new_customers'; amount: number; reason: string };
const TargetDialog = ({ row, month, onClose }: { row: BroughtRow; month: string; onClose: () => void }): ReactNode => {
  const t = useSharingT();
  const toast = useToast();
  const [form] = Form.useForm<TargetValues>();
  const kind = Form.useWatch('kind', form) ?? 'gmv';
  const put = useAction(setTarget, ['reports.brought']);
  const submit = async (values: TargetValues): Promise<void> => {
    const amount = values.kind === 'gmv' ? Math.round(values.amount * FEN) : values.amount;
    await put.mutateAsync({
      body: { ...values, amount, month, personId: row.person.id, reason: values.reason.trim() },
    });
    toast(t('done'), { tone: 'success' });
    onClose();
  };
  return (
    <Modal
      open
      title={t('target.title', { name: row.person.name })}
      confirmLoading={put.isPending}
      onOk={() => form.submit()}
      onCancel={onClose}
    >
      <Form
        form={form}
        layout="vertical"
        requiredMark={false}
        initialValues={{ kind: 'gmv' }}
        onFinish={(values) => void submit(values).catch(() => undefined)}
      >
        <Form.Item name="kind" label={t('target.kind')}>
          <Segmented
            options={(['gmv', 'new_customers'] as const).map((value) => ({ value, label: t(`target.${value}`) }))}
          />
        </Form.Item>
        <Form.Item
          name="amount"
          label={t(kind === 'gmv' ? 'target.amountYuan' : 'target.amountPeople')}
          rules={[{ required: true, message: t('required') }]}
        >
          <InputNumber min={1} precision={0} />
        </Form.Item>
        <Form.Item
          name="reason"
          label={t('reason')}
          rules={[{ required: true, whitespace: true, message: t('required') }]}
        >
          <Input maxLength={100} />
        </Form.Item>
        <Failure error={put.error} />
      </Form>
    </Modal>
  );
};

type Step = { agent: Agent; what: 'approve' | 'decline' | 'end' };
const Agents = (): ReactNode => {
  const t = useSharingT();
  const format = useFormat();
  const { may } = useSession();
  const [step, setStep] = useState<Step | null>(null);
  const query = usePages(listAgents, { query: { limit: PAGE } });
  const decide = useAction(decideAgent, ['agents.list']);
  const end = useAction(endAgent, ['agents.list']);
  const columns: Column<Agent>[] = [
    {
      key: 'who',
      title: t('agent.who'),
      head: true,
      render: (agent) => (
        <span className="co-stacked co-start">
          <b>{agent.person.name}</b>
          <small className="wl-number">{agent.phoneMasked}</small>
          {agent.note && <small>{agent.note}</small>}
        </span>
      ),
    },
    { key: 'store', title: t('agent.store'), render: (agent) => agent.store.name },
    { key: 'at', title: t('agent.at'), render: (agent) => format.dateTime(agent.appliedAt) },
    {
      key: 'state',
      title: t('state'),
      render: (agent) => (
        <span className="co-stacked co-start">
          <Badge tone={agent.state === 'active' ? 'success' : agent.state === 'applied' ? 'hot' : 'neutral'}>
            {t(`agent.is.${agent.state}`)}
          </Badge>
          {agent.reason && <small>{agent.reason}</small>}
        </span>
      ),
    },
    {
      key: 'do',
      title: '',
      align: 'end',
      render: (agent) =>
        may('agents:write') && (
          <Space>
            {agent.state === 'applied' && (
              <>
                <Button
                  size="small"
                  type="primary"
                  onClick={() => setStep({ agent, what: 'approve' })}
                  data-testid="agent-approve"
                >
                  {t('agent.approve')}
                </Button>
                <Button size="small" onClick={() => setStep({ agent, what: 'decline' })}>
                  {t('agent.decline')}
                </Button>
              </>
            )}
            {(agent.state === 'active' || agent.state === 'approved') && (
              <Button size="small" danger onClick={() => setStep({ agent, what: 'end' })}>
                {t('agent.end')}
              </Button>
            )}
          </Space>
        ),
    },
  ];
  return (
    <Panel flush>
      <PagedTable
        query={query}
        empty={<EmptyState illustration="people" title={t('agent.empty')} hint={t('agent.emptyHint')} />}
        caption={t('tab.agents')}
        columns={columns}
        rowKey={({ id }) => id}
        testId="agent-row"
      />
      {step && (
        <ReasonDialog
          key={`${step.agent.id} ${step.what}`}
          danger={step.what !== 'approve'}
          title={t(`agent.${step.what}.title`, { name: step.agent.person.name })}
          hint={t('agent.hint')}
          label={t('reason')}
          okText={t(`agent.${step.what}`)}
          done={t('done')}
          pending={decide.isPending || end.isPending}
          error={decide.error ?? end.error}
          onSubmit={(reason) => {
            const params = { id: step.agent.id };
            return step.what === 'end'
              ? end.mutateAsync({ params, body: { reason } })
              : decide.mutateAsync({ params, body: { approve: step.what === 'approve', reason } });
          }}
          onClose={() => setStep(null)}
        />
      )}
    </Panel>
  );
};

const Agreement = (): ReactNode => {
  const t = useSharingT();
  const { may, staff } = useSession();
  const toast = useToast();
  const [form] = Form.useForm<{ text: string; reason: string }>();
  const query = useCall(getAgentAgreement, undefined);
  const write = useAction(writeAgentAgreement, ['agent-agreements.current']);
  const submit = async (values: { text: string; reason: string }): Promise<void> => {
    await write.mutateAsync({ body: values });
    toast(t('done'), { tone: 'success' });
    form.resetFields();
  };
  const needed = [{ required: true, whitespace: true, message: t('required') }];
  return (
    <Panel>
      <AsyncView query={query} skeleton={<TableSkeleton />} isEmpty={() => false} empty={null}>
        {({ agreement }) =>
          agreement ? (
            <>
              <h2>{t('agree.now', { version: agreement.version })}</h2>
              <p className="sh-agreement">{agreement.text}</p>
            </>
          ) : (
            <EmptyState illustration="orders" title={t('agree.none')} />
          )
        }
      </AsyncView>
      {may('agents:write') && staff.orgUnit.kind === 'hq' && (
        <Form
          form={form}
          layout="vertical"
          requiredMark={false}
          onFinish={(values) => void submit(values).catch(() => undefined)}
        >
          <p className="co-quiet">{t('agree.rule')}</p>
          <Form.Item name="text" label={t('agree.text')} rules={[...needed, { min: 20 }]}>
            <Input.TextArea rows={8} maxLength={5000} showCount />
          </Form.Item>
          <Form.Item name="reason" label={t('reason')} rules={needed}>
            <Input maxLength={100} />
          </Form.Item>
          <Failure error={write.error} />
          <Button type="primary" htmlType="submit" loading={write.isPending}>
            {t('agree.new')}
          </Button>
        </Form>
      )}
    </Panel>
  );
};
