/** At the counter: a customer's coupon is looked up by its code, then taken, once and for good (rule S10). */
import { type CounterCoupon, getCounterCoupon, listCounterCoupons, redeemCounterCoupon } from '@walnut-live/contracts';
import { Badge, EmptyState, useFormat, useToast } from '@walnut-live/ui';
import { Button, Form, Input } from 'antd';
import { type ReactNode, useState } from 'react';
import { useAction, useCall, usePages } from '../../data/use-call.ts';
import { AsyncView } from '../../shared/async-view.tsx';
import { type Column, TableSkeleton } from '../../shared/data-table.tsx';
import { Page, Panel } from '../../shared/page.tsx';
import { PagedTable } from '../../shared/paged-table.tsx';
import { Failure } from '../../shared/ship-dialog.tsx';
import { useCustomerT } from './messages.ts';
import './customers.css';

const PAGE = 50;
const CODE = /^\d{16}$/;
const tones = { held: 'success', redeemed: 'neutral', expired: 'hot' } as const;

const useTerms = (): ((coupon: CounterCoupon) => string) => {
  const t = useCustomerT();
  const format = useFormat();
  return (coupon) =>
    t(`counter.${coupon.usage}`, {
      min: format.money(coupon.minSpendFen, { fen: 'trim' }),
      off: format.money(coupon.offFen, { fen: 'trim' }),
    });
};

const Found = ({ couponCode, onTaken }: { couponCode: string; onTaken: () => void }): ReactNode => {
  const t = useCustomerT();
  const format = useFormat();
  const toast = useToast();
  const terms = useTerms();
  const [note, setNote] = useState('');
  const params = { couponCode };
  const query = useCall(getCounterCoupon, { params });
  const take = useAction(redeemCounterCoupon, ['counter-coupons.get', 'counter-coupons.list']);
  const redeem = async (): Promise<void> => {
    await take.mutateAsync({ kind: couponCode, params, body: { note: note.trim() } });
    toast(t('counter.done'), { tone: 'success' });
    onTaken();
  };
  return (
    <AsyncView query={query} skeleton={<TableSkeleton rows={2} />}>
      {(coupon) => (
        <div className="cu-found" data-testid="counter-coupon" data-state={coupon.state}>
          <p className="co-inline">
            <b>{coupon.title}</b>
            <Badge tone={tones[coupon.state]}>{t(`counter.${coupon.state}`)}</Badge>
          </p>
          <p>
            {terms(coupon)} · {coupon.person.name} · {coupon.orgUnit.name}
          </p>
          <p className="co-quiet">
            {coupon.redeemedAt && coupon.redeemedBy
              ? t('counter.by', {
                  name: coupon.redeemedBy.name,
                  unit: coupon.redeemedUnit?.name ?? '',
                  at: format.dateTime(coupon.redeemedAt),
                })
              : t('counter.until', { at: format.dateTime(coupon.expiresAt) })}
          </p>
          {coupon.state === 'held' && (
            <>
              <Input
                value={note}
                maxLength={100}
                placeholder={t('counter.note')}
                aria-label={t('counter.note')}
                onChange={(event) => setNote(event.target.value)}
              />
              <p className="co-inline">
                <Button
                  type="primary"
                  size="large"
                  loading={take.isPending}
                  onClick={() => void redeem().catch(() => undefined)}
                  data-testid="counter-redeem"
                >
                  {t('counter.redeem')}
                </Button>
                <small>{t('counter.final')}</small>
              </p>
            </>
          )}
          <Failure error={take.error} />
        </div>
      )}
    </AsyncView>
  );
};

export default function CounterPage(): ReactNode {
  const t = useCustomerT();
  const format = useFormat();
  const terms = useTerms();
  const [code, setCode] = useState<string | null>(null);
  const [form] = Form.useForm<{ code: string }>();
  const query = usePages(listCounterCoupons, { query: { limit: PAGE } });
  const columns: Column<CounterCoupon>[] = [
    {
      key: 'coupon',
      title: t('counter.code'),
      head: true,
      render: (row) => (
        <span className="co-stacked co-start">
          <b>{row.title}</b>
          <small>{terms(row)}</small>
        </span>
      ),
    },
    { key: 'person', title: t('name'), render: (row) => row.person.name },
    {
      key: 'by',
      title: t('counter.redeemed'),
      render: (row) =>
        t('counter.by', {
          name: row.redeemedBy?.name ?? '',
          unit: row.redeemedUnit?.name ?? '',
          at: row.redeemedAt ? format.dateTime(row.redeemedAt) : '',
        }),
    },
  ];
  return (
    <Page title={t('counter.title')} hint={t('counter.hint')}>
      <Panel>
        <Form
          form={form}
          layout="inline"
          className="cu-counter"
          onFinish={(values) => setCode(values.code.replaceAll(/\s/g, ''))}
        >
          <Form.Item
            name="code"
            rules={[
              {
                validator: (_, value?: string) =>
                  CODE.test((value ?? '').replaceAll(/\s/g, ''))
                    ? Promise.resolve()
                    : Promise.reject(new Error(t('counter.wrong'))),
              },
            ]}
          >
            <Input
              size="large"
              autoFocus
              inputMode="numeric"
              maxLength={24}
              aria-label={t('counter.code')}
              placeholder={t('counter.code')}
              data-testid="counter-code"
            />
          </Form.Item>
          <Button size="large" htmlType="submit" data-testid="counter-look">
            {t('counter.look')}
          </Button>
        </Form>
        {code && <Found key={code} couponCode={code} onTaken={() => form.resetFields()} />}
      </Panel>
      <Panel flush title={t('counter.list')}>
        <PagedTable
          query={query}
          empty={<EmptyState compact illustration="orders" title={t('counter.none')} />}
          caption={t('counter.list')}
          columns={columns}
          rowKey={({ id }) => id}
          testId="counter-row"
        />
      </Panel>
    </Page>
  );
}
