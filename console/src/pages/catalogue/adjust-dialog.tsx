import { adjustStock, countStock, type listStock, type ReplyOf } from '@walnut-live/contracts';
import { isApiError } from '@walnut-live/live-client/http';
import { requestIdOf, useErrorText, useFormat, useToast } from '@walnut-live/ui';
import { Form, Input, InputNumber, Modal, Segmented } from 'antd';
import { type ReactNode, useState } from 'react';
import { useAction } from '../../data/use-call.ts';
import { useT } from '../../i18n/index.ts';
import { useCatalogueT } from './messages.ts';

type StockRow = ReplyOf<typeof listStock>['items'][number];
const ways = ['adjust', 'count'] as const;
/** Lists that a change of stock makes old. */
const TOUCHED = ['stock.list', 'stock.movements', 'bag.get'] as const;

/** Stock changed by hand: so many more or fewer, or what a stock-take has counted. */
export const AdjustDialog = ({ row, onClose }: { row: StockRow; onClose: () => void }): ReactNode => {
  const t = useT();
  const ct = useCatalogueT();
  const format = useFormat();
  const toast = useToast();
  const errorText = useErrorText();
  const [way, setWay] = useState<(typeof ways)[number]>('adjust');
  const [form] = Form.useForm<{ pieces: number; reason: string }>();
  const pieces = Form.useWatch('pieces', form);
  const adjust = useAction(adjustStock, [...TOUCHED]);
  const count = useAction(countStock, [...TOUCHED]);
  const { error, isPending } = way === 'adjust' ? adjust : count;
  // Counting began with the number on this screen; the list behind it goes on.
  const [seenOnHand] = useState(row.onHand);

  const submit = async (values: { pieces: number; reason: string }): Promise<void> => {
    const target = { kind: `${way}.${row.skuId}.${row.orgUnit.id}`, params: { id: row.skuId } };
    const more = { orgUnitId: row.orgUnit.id, reason: values.reason.trim() };
    await (way === 'adjust'
      ? adjust.mutateAsync({ ...target, body: { ...more, delta: values.pieces } })
      : count.mutateAsync({ ...target, body: { ...more, counted: values.pieces, seenOnHand } }));
    toast(way === 'adjust' ? t('stock.done') : ct('count.done'), { tone: 'success' });
    onClose();
  };
  const difference = way === 'count' && typeof pieces === 'number' ? pieces - seenOnHand : 0;
  const moved =
    isApiError(error, 'state_conflict') && typeof error.facts.onHand === 'number' ? error.facts.onHand : null;
  return (
    <Modal
      open
      title={t('stock.adjust-title', { product: row.productTitle })}
      okText={way === 'adjust' ? t('stock.submit') : ct('count.submit')}
      confirmLoading={isPending}
      onOk={() => form.submit()}
      onCancel={onClose}
      okButtonProps={{ 'data-testid': 'stock-submit' }}
    >
      <p className="co-quiet">
        {row.orgUnit.name} · {row.skuName}
      </p>
      <Segmented
        block
        value={way}
        options={ways.map((value) => ({ value, label: ct(`stock.way.${value}`) }))}
        onChange={(value) => {
          setWay(value);
          form.resetFields(['pieces']);
        }}
        style={{ marginBlock: '4px 16px' }}
        data-testid="stock-way"
      />
      <Form
        form={form}
        layout="vertical"
        requiredMark={false}
        onFinish={(values) => void submit(values).catch(() => undefined)}
      >
        <Form.Item
          key={way}
          name="pieces"
          label={way === 'adjust' ? t('stock.delta') : ct('count.pieces')}
          extra={
            way === 'adjust'
              ? t('stock.after', { now: format.number(row.onHand), after: format.number(row.onHand + (pieces ?? 0)) })
              : `${ct('count.after', {
                  now: format.number(seenOnHand),
                  difference: `${difference > 0 ? '+' : ''}${format.number(difference)}`,
                })} · ${ct('count.hint')}`
          }
          rules={[
            { required: true, message: t('form.needed') },
            {
              type: 'number',
              min: way === 'adjust' ? row.reserved - row.onHand : row.reserved,
              message: t('stock.below-reserved', { n: format.number(row.reserved) }),
            },
          ]}
        >
          <InputNumber
            precision={0}
            min={way === 'adjust' ? -1_000_000 : 0}
            max={way === 'adjust' ? 1_000_000 : 10_000_000}
            style={{ width: '100%' }}
            autoFocus
            data-testid={way === 'adjust' ? 'stock-delta' : 'stock-counted'}
          />
        </Form.Item>
        <Form.Item
          name="reason"
          label={t('stock.reason')}
          rules={[{ required: true, whitespace: true, message: t('stock.reason-needed') }]}
        >
          <Input maxLength={100} data-testid="stock-reason" />
        </Form.Item>
        {error ? (
          <p className="co-form-error" role="alert">
            {moved === null ? errorText(error) : ct('count.moved', { now: format.number(moved) })}
            {requestIdOf(error) && <code>{requestIdOf(error)}</code>}
          </p>
        ) : null}
      </Form>
    </Modal>
  );
};
