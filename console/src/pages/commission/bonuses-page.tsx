import { type CommissionBonus, CommissionMonth, listCommissionBonuses } from '@walnut-live/contracts';
import { Badge, type BadgeTone, EmptyState, useFormat } from '@walnut-live/ui';
import { DatePicker, Select } from 'antd';
import dayjs from 'dayjs';
import type { ReactNode } from 'react';
import { Link } from 'react-router';
import { useSession } from '../../app/session.tsx';
import { usePages } from '../../data/use-call.ts';
import { useT } from '../../i18n/index.ts';
import type { Column } from '../../shared/data-table.tsx';
import { OrgFilter, useFilters } from '../../shared/filters.tsx';
import { Page, Panel } from '../../shared/page.tsx';
import { PagedTable } from '../../shared/paged-table.tsx';
import { useCommissionT } from './messages.ts';

const PAGE = 50;
/** What a bonus can be; nobody holds one or estimates it. */
const states = ['frozen', 'settleable', 'claimed', 'paid'] as const;
const tones: Record<CommissionBonus['state'], BadgeTone> = {
  ...{ estimated: 'neutral', frozen: 'warn', settleable: 'brand', claimed: 'brand', paid: 'success' },
  ...{ held: 'danger', reversed: 'neutral' },
};

/** Bonuses of months (rule K6), newest first: of what, why so much, what it waits for, and which run took it up. */
export default function BonusesPage(): ReactNode {
  const t = useCommissionT();
  const all = useT();
  const format = useFormat();
  const filters = useFilters();
  const { may } = useSession();
  const month = CommissionMonth.safeParse(filters.get('month')).data;
  const state = states.find((known) => known === filters.get('state'));
  const org = filters.get('org');
  const isFiltered = month !== undefined || state !== undefined || org !== undefined;
  const query = usePages(listCommissionBonuses, {
    query: {
      limit: PAGE,
      ...(month ? { month } : {}),
      ...(state ? { state } : {}),
      ...(org ? { orgUnitId: org } : {}),
    },
  });
  const columns: Column<CommissionBonus>[] = [
    {
      key: 'who',
      title: t('bonuses.who'),
      head: true,
      render: (bonus) => (
        <span className="co-stacked co-start">
          {may('reports:read') ? (
            <Link to={`/inviters/${bonus.beneficiary.id}?${daysOf(bonus.month)}`}>{bonus.beneficiary.name}</Link>
          ) : (
            <b>{bonus.beneficiary.name}</b>
          )}
          <small>{bonus.store.name}</small>
        </span>
      ),
    },
    {
      key: 'month',
      title: t('simulate.month'),
      render: (bonus) => (
        <span className="co-stacked co-start">
          <span className="wl-number">{bonus.month}</span>
          {bonus.part > 1 && <small>{t('bonuses.part', { n: bonus.part })}</small>}
        </span>
      ),
    },
    { key: 'why', title: t('bonuses.why'), width: '40%', render: (bonus) => <Why bonus={bonus} /> },
    {
      key: 'amount',
      title: t('bonuses.amount'),
      align: 'end',
      render: ({ amountFen }) => (
        <b className={amountFen < 0 ? 'wl-number co-minus' : 'wl-number'}>{format.money(amountFen, { sign: true })}</b>
      ),
    },
    {
      key: 'state',
      title: t('holds.state'),
      render: (bonus) => (
        <span className="co-stacked co-start">
          <Badge tone={tones[bonus.state]}>{all(`commission.state.${bonus.state}`)}</Badge>
          {bonus.settlement &&
            (may('settlements:read') ? (
              <Link to={`/settlements/${bonus.settlement.id}`}>{bonus.settlement.title}</Link>
            ) : (
              <small>{bonus.settlement.title}</small>
            ))}
          <small>{format.dateTime(bonus.at)}</small>
        </span>
      ),
    },
  ];
  return (
    <Page title={t('bonuses')} hint={t('bonuses.hint')}>
      <Panel flush>
        <div className="co-filters">
          <DatePicker
            picker="month"
            aria-label={t('simulate.month')}
            placeholder={t('simulate.month')}
            inputReadOnly
            value={month ? dayjs(`${month}-01`) : null}
            disabledDate={(day) => day.isAfter(dayjs(), 'month')}
            onChange={(day) => filters.set({ month: day?.format('YYYY-MM') })}
          />
          <Select
            className="co-filter-state"
            aria-label={t('holds.state')}
            allowClear
            placeholder={t('holds.state')}
            value={state ?? null}
            options={states.map((value) => ({ value, label: all(`commission.state.${value}`) }))}
            onChange={(value) => filters.set({ state: value ?? undefined })}
          />
          <OrgFilter filters={filters} />
        </div>
        <PagedTable
          query={query}
          empty={
            <EmptyState
              illustration={isFiltered ? 'search' : 'orders'}
              title={isFiltered ? all('common.nothing-found') : t('bonuses.empty')}
              hint={isFiltered ? all('common.nothing-found-hint') : t('bonuses.empty.hint')}
            />
          }
          caption={t('bonuses')}
          columns={columns}
          rowKey={({ id }) => id}
          testId="bonus-row"
        />
      </Panel>
    </Page>
  );
}

/** The month's days, as the report of inviters has them in its address. */
const daysOf = (month: string): string =>
  `from=${month}-01&to=${dayjs(`${month}-01`).endOf('month').format('YYYY-MM-DD')}`;

const Why = ({ bonus }: { bonus: CommissionBonus }): ReactNode => {
  const t = useCommissionT();
  const format = useFormat();
  const due = format.money(bonus.beforeFen + bonus.amountFen);
  const net = format.money(bonus.netFen);
  return (
    <span className="co-stacked co-start">
      <span>
        {bonus.tier > 0
          ? t('bonuses.reached', { net, n: bonus.tier, percent: `${bonus.bps / 100}%`, due })
          : t('bonuses.below', { net, due })}
      </span>
      {bonus.part > 1 && <small>{t('bonuses.before', { before: format.money(bonus.beforeFen) })}</small>}
      {bonus.waitsUntil !== null && <small>{t('bonuses.waits', { date: format.dateTime(bonus.waitsUntil) })}</small>}
      <Link to="/commission-rules">{t('bonuses.rule', { n: bonus.ruleVersion })}</Link>
    </span>
  );
};
