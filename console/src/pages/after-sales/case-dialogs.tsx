/** What staff do to a case. Each asks first, says what follows, and is sent under one key until the server has decided. */
import {
  type AfterSaleView,
  decideAfterSale,
  escalateAfterSale,
  inspectAfterSale,
  replaceAfterSale,
} from '@walnut-live/contracts';
import { useFormat, useToast } from '@walnut-live/ui';
import { Form, Input, InputNumber, Modal, Radio } from 'antd';
import type { ReactNode } from 'react';
import { useAction } from '../../data/use-call.ts';
import { Failure } from '../../shared/ship-dialog.tsx';
import { useAfterSaleT } from './messages.ts';

export type CaseDialogKind = 'approve' | 'as_refund' | 'reject' | 'escalate' | 'inspect' | 'replace';
const touched = ['after-sales.get', 'after-sales.list', 'after-sales.of-order', 'orders.get', 'orders.list'];
const FEN_PER_YUAN = 100;

type Values = {
  note?: string;
  returnTo?: string;
  amount?: number;
  accepted?: boolean;
  trackingNo?: string;
  restock?: Record<string, number>;
};

export const CaseDialog = ({
  kind,
  one,
  isHq,
  onClose,
}: {
  kind: CaseDialogKind;
  one: AfterSaleView;
  isHq: boolean;
  onClose: () => void;
}): ReactNode => {
  const t = useAfterSaleT();
  const format = useFormat();
  const toast = useToast();
  const [form] = Form.useForm<Values>();
  const decide = useAction(decideAfterSale, touched);
  const escalate = useAction(escalateAfterSale, touched);
  const inspect = useAction(inspectAfterSale, touched);
  const replace = useAction(replaceAfterSale, touched);
  const action = { approve: decide, as_refund: decide, reject: decide, escalate, inspect, replace }[kind];
  const goodsFirst = one.kind !== 'refund_only' && one.returnTrackingNo === null;
  const paysNow = one.kind !== 'exchange' && !goodsFirst;
  const grants = kind === 'approve' && isHq && one.state === 'escalated' && one.kind !== 'exchange';
  const accepted = Form.useWatch('accepted', form) !== false;

  const send = async (values: Values): Promise<void> => {
    const base = { kind: one.id, params: { id: one.id } };
    const note = values.note?.trim() ?? '';
    if (kind === 'approve')
      await decide.mutateAsync({
        ...base,
        body: {
          ...{ approve: true, note },
          ...(goodsFirst ? { returnTo: values.returnTo?.trim() ?? '' } : {}),
          ...(grants && values.amount !== undefined ? { amountFen: Math.round(values.amount * FEN_PER_YUAN) } : {}),
        },
      });
    else if (kind === 'as_refund') await decide.mutateAsync({ ...base, body: { approve: true, note, asRefund: true } });
    else if (kind === 'reject') await decide.mutateAsync({ ...base, body: { approve: false, note } });
    else if (kind === 'escalate') await escalate.mutateAsync({ ...base, body: { note } });
    else if (kind === 'replace')
      await replace.mutateAsync({ ...base, body: { trackingNo: values.trackingNo?.trim() ?? '' } });
    else
      await inspect.mutateAsync({
        ...base,
        body: {
          ...{ accepted: values.accepted !== false, note },
          restock: accepted
            ? one.items.flatMap(({ itemId }) => {
                const quantity = values.restock?.[itemId] ?? 0;
                return quantity > 0 ? [{ itemId, quantity }] : [];
              })
            : [],
        },
      });
    toast(t('done'), { tone: 'success' });
    onClose();
  };

  const approved = paysNow
    ? t('approve.refund', { sum: format.money(one.amountFen) })
    : t(goodsFirst ? 'approve.goods' : 'approve.replacement');
  const needed = [{ required: true, whitespace: true, message: t('dialog.required') }];
  return (
    <Modal
      open
      title={t(`${kind}.title`)}
      okText={t(kind === 'inspect' ? 'inspect.submit' : `do.${kind}`)}
      confirmLoading={action.isPending}
      onOk={() => form.submit()}
      onCancel={onClose}
      okButtonProps={{ danger: kind === 'reject', 'data-testid': 'case-submit' }}
    >
      {kind === 'approve' && <p className="co-warning">{approved}</p>}
      {kind === 'as_refund' && <p className="co-warning">{t('as_refund.body')}</p>}
      {kind === 'reject' && <p className="co-warning">{t(isHq ? 'reject.bodyHq' : 'reject.body')}</p>}
      <Form
        form={form}
        layout="vertical"
        requiredMark={false}
        initialValues={{ amount: one.amountFen / FEN_PER_YUAN, accepted: true }}
        onFinish={(values) => void send(values).catch(() => undefined)}
      >
        {kind === 'inspect' && (
          <>
            <Form.Item name="accepted">
              <Radio.Group
                className="as-radios"
                options={[
                  { value: true, label: t('inspect.accepted') },
                  { value: false, label: t('inspect.turnedDown') },
                ]}
              />
            </Form.Item>
            {accepted && (
              <fieldset className="as-restock">
                <legend>{t('inspect.restock')}</legend>
                <small className="co-quiet">{t('inspect.restockHint')}</small>
                {one.items.map((item) => (
                  <Form.Item
                    key={item.itemId}
                    name={['restock', item.itemId]}
                    label={`${item.title} ${item.skuName}`}
                    initialValue={0}
                  >
                    <InputNumber min={0} max={item.quantity} precision={0} addonAfter={`/ ${item.quantity}`} />
                  </Form.Item>
                ))}
              </fieldset>
            )}
          </>
        )}
        {kind === 'approve' && goodsFirst && (
          <Form.Item name="returnTo" label={t('dialog.returnTo')} rules={needed}>
            <Input.TextArea rows={2} maxLength={200} data-testid="case-return-to" />
          </Form.Item>
        )}
        {grants && (
          <Form.Item
            name="amount"
            label={t('dialog.amount')}
            extra={t('dialog.amountHint', { sum: format.money(one.amountFen) })}
          >
            <InputNumber min={0.01} max={one.amountFen / FEN_PER_YUAN} precision={2} />
          </Form.Item>
        )}
        {kind === 'replace' ? (
          <Form.Item name="trackingNo" label={t('replace.no')} rules={needed}>
            <Input maxLength={40} autoFocus data-testid="case-tracking" />
          </Form.Item>
        ) : (
          <Form.Item name="note" label={t('dialog.note')} rules={needed}>
            <Input.TextArea rows={3} maxLength={500} showCount data-testid="case-note" />
          </Form.Item>
        )}
        <Failure error={action.error} />
      </Form>
    </Modal>
  );
};
