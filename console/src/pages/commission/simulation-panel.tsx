import { type CommissionSimulation, type CommissionTerms, simulateCommission } from '@walnut-live/contracts';
import { useFormat } from '@walnut-live/ui';
import { Button, Input, Space } from 'antd';
import { type ReactNode, useState } from 'react';
import { useAction } from '../../data/use-call.ts';
import { type Column, DataTable } from '../../shared/data-table.tsx';
import { Panel } from '../../shared/page.tsx';
import { Failure } from '../../shared/ship-dialog.tsx';
import { useCommissionT } from './messages.ts';

const CHINA_MS = 8 * 3_600_000;
/** The month before this one, in China. */
function lastMonth(now: Date): string {
  const china = new Date(now.getTime() + CHINA_MS);
  return new Date(Date.UTC(china.getUTCFullYear(), china.getUTCMonth() - 1, 1)).toISOString().slice(0, 7);
}
type Row = { key: string; name: string } & Pick<CommissionSimulation['total'], 'actualFen' | 'wouldBeFen'> &
  Partial<Pick<CommissionSimulation['total'], 'orders' | 'basisFen'>>;

/** What the draft would have paid for the orders of a month, beside what was posted. */
export const SimulationPanel = ({ terms }: { terms: CommissionTerms }): ReactNode => {
  const t = useCommissionT();
  const format = useFormat();
  const [month, setMonth] = useState(() => lastMonth(new Date()));
  const simulate = useAction(simulateCommission, []);
  const seen = simulate.data;
  const columns: Column<Row>[] = [
    { key: 'name', title: '', head: true, render: ({ name }) => name },
    {
      key: 'orders',
      title: t('simulate.orders'),
      align: 'end',
      render: ({ orders }) => (orders === undefined ? '–' : format.count(orders)),
    },
    {
      key: 'basis',
      title: t('simulate.basis'),
      align: 'end',
      render: ({ basisFen }) => (basisFen === undefined ? '–' : format.money(basisFen)),
    },
    { key: 'actual', title: t('simulate.actual'), align: 'end', render: ({ actualFen }) => format.money(actualFen) },
    {
      key: 'would',
      title: t('simulate.would'),
      align: 'end',
      render: ({ wouldBeFen }) => <b>{format.money(wouldBeFen)}</b>,
    },
    {
      key: 'diff',
      title: t('simulate.diff'),
      align: 'end',
      render: ({ actualFen, wouldBeFen }) => format.money(wouldBeFen - actualFen, { sign: true }),
    },
  ];
  const total = (result: CommissionSimulation): Row[] => [
    { key: 'total', name: t('simulate.total'), ...result.total },
    { key: 'bonus', name: t('simulate.bonus'), actualFen: result.bonusFen, wouldBeFen: result.bonusWouldBeFen },
    ...result.byRole.map((row) => ({
      ...row,
      key: `${row.level} ${row.role}`,
      name: `${t(`role.${row.role}`)} · ${t('level')} ${row.level}`,
    })),
  ];
  return (
    <Panel
      title={t('simulate')}
      testId="simulation"
      extra={
        <Space>
          <Input
            type="month"
            aria-label={t('simulate.month')}
            value={month}
            onChange={(event) => setMonth(event.target.value)}
          />
          <Button
            loading={simulate.isPending}
            disabled={month === ''}
            onClick={() => simulate.mutate({ body: { month, terms } })}
            data-testid="simulate"
          >
            {t('simulate.run')}
          </Button>
        </Space>
      }
    >
      <p className="co-quiet">{seen && !seen.complete ? t('simulate.partial') : t('simulate.hint')}</p>
      <Failure error={simulate.error} />
      {seen && (
        <>
          <DataTable caption={t('simulate.byRole')} columns={columns} rows={total(seen)} rowKey={({ key }) => key} />
          <DataTable
            caption={t('simulate.byStore')}
            columns={columns}
            rows={seen.byStore.map((row) => ({ ...row, key: row.store.id, name: row.store.name }))}
            rowKey={({ key }) => key}
          />
        </>
      )}
    </Panel>
  );
};
