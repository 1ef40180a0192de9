import { useQueries } from '@tanstack/react-query';
import { getShippingRule, listOrgUnits, type ShippingFee, type ShippingRule } from '@walnut-live/contracts';
import { Badge, EmptyState, ErrorState, Skeleton, useFormat } from '@walnut-live/ui';
import { Button, Input } from 'antd';
import { type ReactNode, useState } from 'react';
import { useSession } from '../../app/session.tsx';
import { useCall } from '../../data/use-call.ts';
import { type Column, DataTable } from '../../shared/data-table.tsx';
import { MoreButton, Page, Panel } from '../../shared/page.tsx';
import { useShippingT } from './messages.ts';
import { RuleDrawer } from './rule-drawer.tsx';
import './shipping.css';

/** Units whose rules are read at once. */
const PAGE = 20;

/** A fee in words. */
const useFeeText = (): ((fee: ShippingFee | null) => string) => {
  const t = useShippingT();
  const format = useFormat();
  const yuan = (fen: number): string => format.money(fen, { fen: 'trim' });
  return (fee) => {
    if (fee === null) return t('fee.none');
    const base =
      fee.by === 'flat'
        ? t('fee.flat', { fee: yuan(fee.feeFen) })
        : t(`fee.${fee.by}`, {
            ...{ first: format.count(fee.first), fee: yuan(fee.firstFen) },
            ...{ next: format.count(fee.next), more: yuan(fee.nextFen) },
          });
    return fee.freeFromFen === null ? base : `${base} · ${t('fee.free', { amount: yuan(fee.freeFromFen) })}`;
  };
};

/** What shipping costs in the units of my scope, by whose terms; set here. */
export default function ShippingPage(): ReactNode {
  const t = useShippingT();
  const format = useFormat();
  const feeText = useFeeText();
  const { api, may } = useSession();
  const [search, setSearch] = useState('');
  const [shown, setShown] = useState(PAGE);
  const [editing, setEditing] = useState<ShippingRule | null>(null);
  const units = useCall(listOrgUnits, undefined);
  const found = (units.data?.items ?? []).filter(({ name }) => name.includes(search.trim()));
  const rules = useQueries({
    queries: found.slice(0, shown).map(({ id }) => ({
      queryKey: [getShippingRule.id, { params: { orgUnitId: id } }],
      queryFn: ({ signal }: { signal: AbortSignal }) =>
        api.call(getShippingRule, { params: { orgUnitId: id }, signal }),
    })),
  });
  const ruleOf = new Map(rules.flatMap(({ data }) => (data ? [[data.orgUnit.id, data] as const] : [])));
  type Unit = (typeof found)[number];
  const ofRule = (unit: Unit, render: (rule: ShippingRule) => ReactNode): ReactNode => {
    const rule = ruleOf.get(unit.id);
    return rule ? render(rule) : <Skeleton width={120} height={16} />;
  };
  const columns: Column<Unit>[] = [
    {
      key: 'unit',
      title: t('unit'),
      head: true,
      render: (unit) => (
        <span className="co-stacked co-start">
          <b>{unit.name}</b>
          <small>{t(`kind.${unit.kind}`)}</small>
        </span>
      ),
    },
    {
      key: 'holds',
      title: t('holds'),
      render: (unit) =>
        ofRule(unit, ({ effective }) => (
          <span className="co-stacked co-start">
            <span>{feeText(effective.other)}</span>
            <small>
              {[
                effective.zones.length > 0 ? t('zones', { n: effective.zones.length }) : null,
                effective.excluded.length > 0 ? t('excluded', { n: effective.excluded.length }) : null,
                t(effective.pickup ? 'pickup' : 'nopickup'),
              ]
                .filter(Boolean)
                .join(' · ')}
            </small>
          </span>
        )),
    },
    {
      key: 'from',
      title: t('from'),
      render: (unit) =>
        ofRule(unit, ({ own, from }) => (
          <Badge tone={own ? 'success' : 'neutral'}>{own ? t('from.own') : (from?.name ?? t('from.default'))}</Badge>
        )),
    },
    {
      key: 'setAt',
      title: t('setAt'),
      deskOnly: true,
      render: (unit) => ofRule(unit, ({ setAt }) => (setAt ? format.dateTime(setAt) : '–')),
    },
    {
      key: 'do',
      title: '',
      align: 'end',
      render: (unit) =>
        ofRule(unit, (rule) => (
          <Button size="small" onClick={() => setEditing(rule)} data-testid="rule-edit">
            {t(may('stock:write') ? 'edit' : 'look')}
          </Button>
        )),
    },
  ];
  const failed = units.error ?? rules.find(({ error }) => error)?.error;
  return (
    <Page title={t('title')} hint={t('hint')}>
      <Panel
        flush
        extra={
          <Input.Search
            allowClear
            placeholder={t('search')}
            aria-label={t('search')}
            onChange={({ target }) => setSearch(target.value)}
            style={{ maxWidth: 280 }}
          />
        }
      >
        {failed ? (
          <ErrorState
            error={failed}
            onRetry={() => void Promise.all([units.refetch(), ...rules.map((rule) => rule.refetch())])}
          />
        ) : units.data && found.length === 0 ? (
          <EmptyState illustration="bag" title={t('empty')} />
        ) : (
          <DataTable
            caption={t('title')}
            rows={found.slice(0, shown)}
            columns={columns}
            rowKey={({ id }) => id}
            testId="shipping-row"
          />
        )}
        <MoreButton
          query={{
            hasNextPage: found.length > shown,
            isFetchingNextPage: rules.some(({ isPending }) => isPending),
            fetchNextPage: () => setShown(shown + PAGE),
          }}
        />
      </Panel>
      {editing && <RuleDrawer key={editing.orgUnit.id} rule={editing} onClose={() => setEditing(null)} />}
    </Page>
  );
}
