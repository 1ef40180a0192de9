import {
  alertKinds,
  type TemplateAct,
  type TemplateCopy,
  type TemplateLine,
  templateActs,
} from '@walnut-live/contracts';
import { Badge, type BadgeTone, EmptyState, useFormat } from '@walnut-live/ui';
import { Button, Segmented } from 'antd';
import { type ReactNode, useState } from 'react';
import { type Column, DataTable } from '../../shared/data-table.tsx';
import { useReportT } from '../reports/messages.ts';
import { useTemplateT } from './messages.ts';

const SHOWN = 30;
const tones: Record<TemplateAct, BadgeTone> = {
  ...{ make: 'success', replace: 'warn', skip: 'neutral', same: 'neutral', cannot: 'danger' },
};
type Store = TemplateCopy['stores'][number];

/** Rules of alerts and shipping have no name of their own: what they are is their name. */
const useLineName = (): ((line: TemplateLine) => string) => {
  const t = useTemplateT();
  const report = useReportT();
  return ({ kind, name }) => {
    const alert = kind === 'alert_rules' && alertKinds.find((known) => known === name);
    if (alert) return report(`alert.kind.${alert}`);
    return kind === 'shipping_rule' ? t('kind.shipping_rule') : name;
  };
};

/** Store by store what would happen, or did; of one act alone where that is asked for. */
export const PlanView = ({ plan, testId }: { plan: TemplateCopy; testId: string }): ReactNode => {
  const t = useTemplateT();
  const format = useFormat();
  const nameOf = useLineName();
  const [act, setAct] = useState<TemplateAct | 'all'>('all');
  const [shown, setShown] = useState(SHOWN);
  const stores = plan.stores
    .map((store) => ({ ...store, lines: store.lines.filter((line) => act === 'all' || line.act === act) }))
    .filter(({ lines }) => lines.length > 0);
  const columns: Column<Store>[] = [
    { key: 'store', title: t('store'), head: true, width: '24%', render: ({ orgUnit }) => <b>{orgUnit.name}</b> },
    {
      key: 'lines',
      title: t('lines'),
      render: ({ lines }) => (
        <ul className="co-plan-lines">
          {lines.map((line) => (
            <li key={`${line.kind} ${line.name}`}>
              <Badge tone={tones[line.act]}>{t(`act.${line.act}`)}</Badge>
              <span>
                {nameOf(line)} <small>{t(`kind.${line.kind}`)}</small>
              </span>
              {line.why && <small>{t(`why.${line.why}`)}</small>}
            </li>
          ))}
        </ul>
      ),
    },
  ];
  const all = templateActs.reduce((sum, one) => sum + plan.sums[one], 0);
  return (
    <>
      <div className="co-filters">
        <Segmented
          value={act}
          options={(['all', ...templateActs] as const).map((value) => ({
            value,
            label: `${t(`act.${value}`)} ${format.number(value === 'all' ? all : plan.sums[value])}`,
            disabled: value !== 'all' && plan.sums[value] === 0,
          }))}
          onChange={setAct}
        />
      </div>
      {stores.length === 0 ? (
        <EmptyState illustration="rooms" title={t('stores.none')} compact />
      ) : (
        <DataTable
          caption={t('preview')}
          rows={stores.slice(0, shown)}
          columns={columns}
          rowKey={({ orgUnit }) => orgUnit.id}
          testId={testId}
        />
      )}
      {stores.length > shown && (
        <div className="co-more">
          <Button onClick={() => setShown(shown + SHOWN)}>
            {t('more', { n: Math.min(SHOWN, stores.length - shown) })}
          </Button>
        </div>
      )}
    </>
  );
};
