import { type Invoice, issueInvoice, listInvoices, refuseInvoice } from '@walnut-live/contracts';
import { Badge, EmptyState, useFormat, useToast } from '@walnut-live/ui';
import { Button, Form, Input, Modal } from 'antd';
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
const tones = { requested: 'warn', issued: 'success', refused: 'danger', withdrawn: 'neutral' } as const;

/** What buyers asked for; issued elsewhere, told here. */
export const InvoicesDialog = ({ onClose }: { onClose: () => void }): ReactNode => {
  const t = useDeliveryT();
  const format = useFormat();
  const { may } = useSession();
  const [acting, setActing] = useState<{ invoice: Invoice; what: 'issue' | 'refuse' } | null>(null);
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
          <small>{invoice.number ?? invoice.reason}</small>
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
              invoice.state === 'requested' && (
                <span className="co-row-actions">
                  <Button size="small" type="primary" onClick={() => setActing({ invoice, what: 'issue' })}>
                    {t('invoice.issue')}
                  </Button>
                  <Button size="small" danger onClick={() => setActing({ invoice, what: 'refuse' })}>
                    {t('invoice.refuse')}
                  </Button>
                </span>
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

const EndDialog = ({
  invoice,
  what,
  onClose,
}: {
  invoice: Invoice;
  what: 'issue' | 'refuse';
  onClose: () => void;
}): ReactNode => {
  const t = useDeliveryT();
  const toast = useToast();
  const [form] = Form.useForm<{ number: string; url?: string; reason: string }>();
  const issue = useAction(issueInvoice, touched);
  const refuse = useAction(refuseInvoice, touched);
  const params = { id: invoice.id };
  const submit = async ({ number, url, reason }: { number: string; url?: string; reason: string }): Promise<void> => {
    if (what === 'refuse') await refuse.mutateAsync({ params, body: { reason: reason.trim() } });
    else
      await issue.mutateAsync({
        kind: invoice.id,
        params,
        body: { number: number.trim(), ...(url?.trim() ? { url: url.trim() } : {}) },
      });
    toast(t(what === 'issue' ? 'invoice.issued' : 'invoice.refused'), { tone: 'success' });
    onClose();
  };
  const needed = [{ required: true, whitespace: true, message: t('required') }];
  return (
    <Modal
      open
      title={t(`invoice.${what}`)}
      confirmLoading={issue.isPending || refuse.isPending}
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
          <Form.Item name="reason" label={t('invoice.reason')} rules={needed}>
            <Input.TextArea maxLength={100} rows={2} autoFocus />
          </Form.Item>
        )}
        <Failure error={issue.error ?? refuse.error} />
      </Form>
    </Modal>
  );
};
