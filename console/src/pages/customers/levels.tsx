/** Levels (rule N1) and what points are exchanged for; headquarters change them, everybody reads them. */
import { PlusOutlined } from '@ant-design/icons';
import {
  createPointsExchange,
  getMemberRules,
  listCouponKinds,
  listPointsExchanges,
  type PointsExchange,
  stopPointsExchange,
} from '@walnut-live/contracts';
import { Badge, EmptyState, useFormat } from '@walnut-live/ui';
import { Button, Form, InputNumber, Modal, Select } from 'antd';
import { type ReactNode, useState } from 'react';
import { useSession } from '../../app/session.tsx';
import { useAction, useCall } from '../../data/use-call.ts';
import { AsyncView } from '../../shared/async-view.tsx';
import { type Column, DataTable, TableSkeleton } from '../../shared/data-table.tsx';
import { Panel } from '../../shared/page.tsx';
import { ReasonDialog } from '../../shared/reason-dialog.tsx';
import { Failure } from '../../shared/ship-dialog.tsx';
import { LevelsDialog, perYuan } from './levels-dialog.tsx';
import { useCustomerT } from './messages.ts';

const MOST_KINDS = 100;
const MOST_POINTS = 10_000_000;

const Exchanges = (): ReactNode => {
  const t = useCustomerT();
  const format = useFormat();
  const { may } = useSession();
  const [adding, setAdding] = useState(false);
  const [stopping, setStopping] = useState<PointsExchange | null>(null);
  const query = useCall(listPointsExchanges, undefined);
  const stop = useAction(stopPointsExchange, ['points.exchanges']);
  const columns: Column<PointsExchange>[] = [
    {
      key: 'kind',
      title: t('exchanges.kind'),
      head: true,
      render: (row) => (
        <span className="co-stacked co-start">
          <b>{row.title}</b>
          <small>
            {t(`counter.${row.usage}`, {
              min: format.money(row.minSpendFen, { fen: 'trim' }),
              off: format.money(row.offFen, { fen: 'trim' }),
            })}
          </small>
        </span>
      ),
    },
    { key: 'points', title: t('exchanges.points'), align: 'end', render: (row) => format.number(row.points) },
    { key: 'taken', title: t('exchanges.taken'), align: 'end', render: (row) => format.count(row.taken) },
    { key: 'left', title: t('exchanges.left'), align: 'end', render: (row) => format.count(row.left) },
    {
      key: 'do',
      title: '',
      align: 'end',
      render: (row) =>
        !row.active ? (
          <Badge tone="neutral">{t('exchanges.stopped')}</Badge>
        ) : may('members:write') ? (
          <Button size="small" danger onClick={() => setStopping(row)}>
            {t('exchanges.stop')}
          </Button>
        ) : (
          <Badge tone="success">{t('exchanges.active')}</Badge>
        ),
    },
  ];
  return (
    <Panel
      flush
      title={t('exchanges')}
      extra={
        may('members:write') && (
          <Button size="small" icon={<PlusOutlined />} onClick={() => setAdding(true)} data-testid="exchange-new">
            {t('exchanges.add')}
          </Button>
        )
      }
    >
      <AsyncView
        query={query}
        skeleton={<TableSkeleton rows={2} />}
        isEmpty={({ items }) => items.length === 0}
        empty={<EmptyState compact illustration="orders" title={t('exchanges.none')} />}
      >
        {({ items }) => (
          <DataTable
            caption={t('exchanges')}
            rows={items}
            columns={columns}
            rowKey={({ id }) => id}
            testId="exchange-row"
          />
        )}
      </AsyncView>
      {adding && <NewExchange onClose={() => setAdding(false)} />}
      {stopping && (
        <ReasonDialog
          danger
          title={`${t('exchanges.stop')} · ${stopping.title}`}
          label={t('koc.reason')}
          okText={t('save')}
          done={t('exchanges.stopped')}
          pending={stop.isPending}
          error={stop.error}
          onSubmit={(reason) => stop.mutateAsync({ params: { id: stopping.id }, body: { reason } })}
          onClose={() => setStopping(null)}
        />
      )}
    </Panel>
  );
};

const NewExchange = ({ onClose }: { onClose: () => void }): ReactNode => {
  const t = useCustomerT();
  const [form] = Form.useForm<{ kindId: string; points: number }>();
  const kinds = useCall(listCouponKinds, { query: { limit: MOST_KINDS } });
  const create = useAction(createPointsExchange, ['points.exchanges']);
  const needed = [{ required: true, message: t('required') }];
  return (
    <Modal
      open
      title={t('exchanges.add')}
      okText={t('save')}
      cancelText={t('cancel')}
      confirmLoading={create.isPending}
      onOk={() => form.submit()}
      onCancel={onClose}
      okButtonProps={{ 'data-testid': 'exchange-submit' }}
    >
      <Form
        form={form}
        layout="vertical"
        requiredMark={false}
        onFinish={(body) => void create.mutateAsync({ body }).then(onClose, () => undefined)}
      >
        <Form.Item name="kindId" label={t('exchanges.kind')} rules={needed}>
          <Select
            showSearch
            optionFilterProp="label"
            options={(kinds.data?.items ?? [])
              .filter(({ active }) => active)
              .map((kind) => ({ value: kind.id, label: `${kind.title} · ${kind.orgUnit.name}` }))}
          />
        </Form.Item>
        <Form.Item name="points" label={t('exchanges.points')} rules={needed}>
          <InputNumber min={1} max={MOST_POINTS} precision={0} />
        </Form.Item>
        <Failure error={create.error} />
      </Form>
    </Modal>
  );
};

export const Levels = (): ReactNode => {
  const t = useCustomerT();
  const format = useFormat();
  const { may } = useSession();
  const [editing, setEditing] = useState(false);
  const query = useCall(getMemberRules, undefined);
  const rules = query.data?.rules ?? null;
  return (
    <>
      <Panel
        title={t('levels.title')}
        extra={
          may('members:write') &&
          query.data && (
            <Button size="small" type="primary" onClick={() => setEditing(true)} data-testid="levels-set">
              {t('levels.set')}
            </Button>
          )
        }
      >
        <AsyncView query={query} skeleton={<TableSkeleton rows={2} />}>
          {() =>
            rules === null ? (
              <p className="co-quiet">{t('levels.none')}</p>
            ) : (
              <>
                <ol className="cu-levels">
                  {rules.levels.map((level) => (
                    <li key={level.rank} data-rank={level.rank} data-testid="level">
                      <b>{level.name}</b>
                      <span>
                        {t('levels.line', {
                          spend: format.money(level.minSpendFen, { fen: 'trim' }),
                          rate: format.number(perYuan(level.pointsBps)),
                        })}
                      </span>
                      {level.coupon && (
                        <small>
                          {t('levels.coupon')}：{level.coupon.title}
                        </small>
                      )}
                    </li>
                  ))}
                </ol>
                <p className="co-quiet">
                  {t('levels.basics', {
                    window: rules.windowDays,
                    valid: rules.pointsValidDays,
                    rate: format.number(perYuan(rules.basePointsBps)),
                  })}
                </p>
                <p className="co-quiet">
                  {t('levels.version', { version: rules.version, at: format.dateTime(rules.madeAt) })} · {rules.reason}
                </p>
              </>
            )
          }
        </AsyncView>
        {editing && <LevelsDialog rules={rules} onClose={() => setEditing(false)} />}
      </Panel>
      <Exchanges />
    </>
  );
};
