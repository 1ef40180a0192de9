import { type Invoice, issueInvoice, listInvoices, refuseInvoice, voidInvoice } from '@walnut-live/contracts';
import { Badge, EmptyState, useFormat, useToast } from '@walnut-live/ui';
import { Button, Checkbox, Form, Input, Modal } from 'antd';
import { type ReactNode, useState } from 'react';
import { useSession } from '../../app/session.tsx';
import { useAction, usePages } from '../../data/use-call.ts';
import type { Column } from '../../shared/data-table.tsx';
import { CsvButton } from '../../shared/page.tsx';
import { PagedTable } from '../../shared/paged-table.tsx';
import { Failure } from '../../shared/ship-dialog.tsx';
import { useDeliveryT } from './delivery-messages.ts';

const PAGE = 20;
const touched = ['invoices.list'];
const tones = {
  requested: 'warn',
  issued: 'success',
  refused: 'danger',
  withdrawn: 'neutral',
  voided: 'danger',
} as const;

type End = 'issue' | 'refuse' | 'void';

/** What buyers asked for; issued elsewhere, told here. */
export const InvoicesDialog = ({ onClose }: { onClose: () => void }): ReactNode => {
  const t = useDeliveryT();
  const format = useFormat();
  const { may } = useSession();
  const [acting, setActing] = useState<{ invoice: Invoice; what: End } | null>(null);
  const query = usePages(listInvoices, { query: { limit: PAGE } });
  const columns: Column<Invoice>[] = [
    {
      key: 'who',
      title: t('invoice.who'),
      head: true,
      render: (invoice) => (
        <span className="co-stacked co-start">
          <b>{invoice.title}</b>
          <small>{invoice.taxNo ?? t('invoice.personal')}</small>
          <small className="wl-number">{invoice.orderNo}</small>
        </span>
      ),
    },
    { key: 'amount', title: t('invoice.amount'), align: 'end', render: (invoice) => format.money(invoice.amountFen) },
    {
      key: 'state',
      title: t('bulk.result'),
      render: (invoice) => (
        <span className="co-stacked co-start">
          <Badge tone={tones[invoice.state]}>{t(`invoice.state.${invoice.state}`)}</Badge>
          <small>{[invoice.number, invoice.reason].filter(Boolean).join(' · ')}</small>
        </span>
      ),
    },
    ...(may('orders:refund')
      ? [
          {
            key: 'do',
            title: '',
            align: 'end' as const,
            render: (invoice: Invoice) =>
              invoice.state === 'issued' ? (
                <Button
                  size="small"
                  danger
                  onClick={() => setActing({ invoice, what: 'void' })}
                  data-testid="invoice-void"
                >
                  {t('invoice.void')}
                </Button>
              ) : (
                invoice.state === 'requested' && (
                  <span className="co-row-actions">
                    <Button size="small" type="primary" onClick={() => setActing({ invoice, what: 'issue' })}>
                      {t('invoice.issue')}
                    </Button>
                    <Button size="small" danger onClick={() => setActing({ invoice, what: 'refuse' })}>
                      {t('invoice.refuse')}
                    </Button>
                  </span>
                )
              ),
          },
        ]
      : []),
  ];
  return (
    <Modal open width={760} title={t('invoice.title')} onCancel={onClose} footer={null}>
      <div className="co-dialog-tools">
        <CsvButton route={listInvoices} args={{ query: { format: 'csv' } }} fileName="invoices" />
      </div>
      <PagedTable
        query={query}
        caption={t('invoice.title')}
        columns={columns}
        rowKey={(invoice) => invoice.id}
        testId="invoice-row"
        empty={<EmptyState illustration="orders" title={t('invoice.empty')} />}
      />
      {acting && <EndDialog {...acting} onClose={() => setActing(null)} />}
    </Modal>
  );
};

type Values = { number: string; url?: string; reason: string; again?: boolean };

const EndDialog = ({ invoice, what, onClose }: { invoice: Invoice; what: End; onClose: () => void }): ReactNode => {
  const t = useDeliveryT();
  const toast = useToast();
  const [form] = Form.useForm<Values>();
  const issue = useAction(issueInvoice, touched);
  const refuse = useAction(refuseInvoice, touched);
  const voids = useAction(voidInvoice, touched);
  const params = { id: invoice.id };
  const submit = async ({ number, url, reason, again }: Values): Promise<void> => {
    if (what === 'void')
      await voids.mutateAsync({ kind: invoice.id, params, body: { reason: reason.trim(), again: again === true } });
    else if (what === 'refuse') await refuse.mutateAsync({ params, body: { reason: reason.trim() } });
    else
      await issue.mutateAsync({
        kind: invoice.id,
        params,
        body: { number: number.trim(), ...(url?.trim() ? { url: url.trim() } : {}) },
      });
    toast(t(`invoice.done.${what}`), { tone: 'success' });
    onClose();
  };
  const needed = [{ required: true, whitespace: true, message: t('required') }];
  return (
    <Modal
      open
      title={t(`invoice.${what}`)}
      confirmLoading={issue.isPending || refuse.isPending || voids.isPending}
      onOk={() => form.submit()}
      onCancel={onClose}
    >
      <Form
        form={form}
        layout="vertical"
        requiredMark={false}
        onFinish={(values) => void submit(values).catch(() => undefined)}
      >
        {what === 'issue' ? (
          <>
            <Form.Item name="number" label={t('invoice.number')} rules={needed}>
              <Input maxLength={40} autoFocus />
            </Form.Item>
            <Form.Item name="url" label={t('invoice.url')} rules={[{ type: 'url' }]}>
              <Input maxLength={500} />
            </Form.Item>
          </>
        ) : (
          <>
            {what === 'void' && <p className="co-warning">{t('invoice.void.body')}</p>}
            <Form.Item name="reason" label={t(`invoice.reason.${what}`)} rules={needed}>
              <Input.TextArea maxLength={100} rows={2} autoFocus data-testid="invoice-reason" />
            </Form.Item>
            {what === 'void' && (
              <Form.Item name="again" valuePropName="checked">
                <Checkbox>{t('invoice.again')}</Checkbox>
              </Form.Item>
            )}
          </>
        )}
        <Failure error={issue.error ?? refuse.error ?? voids.error} />
      </Form>
    </Modal>
  );
};
