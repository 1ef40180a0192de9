/** Money back by staff's own hand: all that is left of an order, or exactly these parts of it. */
import { type OrderView, orderAfterSales, pieceShareFen, refundOrder } from '@walnut-live/contracts';
import { Skeleton, useFormat, useToast } from '@walnut-live/ui';
import { Form, Input, InputNumber, Modal, Segmented } from 'antd';
import { type ReactNode, useState } from 'react';
import { useAction, useCall } from '../../data/use-call.ts';
import { useT } from '../../i18n/index.ts';
import { AsyncView } from '../../shared/async-view.tsx';
import { Failure } from '../../shared/ship-dialog.tsx';
import { useAfterSaleT } from './messages.ts';
import './after-sales.css';

const FEN_PER_YUAN = 100;
const fenOf = (yuan: number | null | undefined): number => Math.round((yuan ?? 0) * FEN_PER_YUAN);
const touched = [
  ...['orders.get', 'orders.list', 'orders.credit', 'after-sales.of-order', 'after-sales.list'],
  ...['commissions.list', 'reports.inviters'],
];

type Values = { reason: string };
type Part = { pieces: number; yuan: number };

export const RefundDialog = ({ order, onClose }: { order: OrderView; onClose: () => void }): ReactNode => {
  const t = useAfterSaleT();
  const words = useT();
  const format = useFormat();
  const toast = useToast();
  const [form] = Form.useForm<Values>();
  const [way, setWay] = useState<'all' | 'part'>('all');
  const [parts, setParts] = useState<Readonly<Record<string, Part>>>({});
  const [shipping, setShipping] = useState(0);
  const [empty, setEmpty] = useState(false);
  const refund = useAction(refundOrder, touched);
  const left = useCall(orderAfterSales, { params: { id: order.id } });
  const options = left.data?.options;
  const restFen = options?.wholeFen;
  const partFen = Object.values(parts).reduce((sum, { yuan }) => sum + fenOf(yuan), fenOf(shipping));
  const shownFen = way === 'all' ? restFen : partFen;
  const sum = shownFen === undefined ? '…' : format.money(shownFen);

  const submit = async ({ reason }: Values): Promise<void> => {
    if (shownFen === undefined) return; // nothing is agreed to that nobody was shown
    if (shownFen === 0) return setEmpty(true);
    setEmpty(false);
    const items = Object.entries(parts).flatMap(([itemId, { pieces, yuan }]) =>
      pieces > 0 || yuan > 0 ? [{ itemId, quantity: pieces, amountFen: fenOf(yuan) }] : [],
    );
    await refund.mutateAsync({
      kind: order.id,
      params: { id: order.id },
      body: {
        ...{ reason: reason.trim(), expectedFen: shownFen },
        ...(way === 'part' ? { items, shippingFen: fenOf(shipping) } : {}),
      },
    });
    toast(words('refund.done'), { tone: 'success' });
    onClose();
  };

  return (
    <Modal
      open
      title={words('order.refund')}
      okText={words('refund.submit', { sum })}
      confirmLoading={refund.isPending}
      onOk={() => form.submit()}
      onCancel={onClose}
      okButtonProps={{ danger: true, disabled: shownFen === undefined, 'data-testid': 'refund-submit' }}
    >
      <Segmented
        block
        value={way}
        onChange={(next: 'all' | 'part') => setWay(next)}
        options={[
          { value: 'all', label: t('refund.all') },
          { value: 'part', label: t('refund.part') },
        ]}
      />
      {way === 'all' ? (
        <>
          <p className="co-warning as-gap">{words('refund.consequence', { buyer: order.buyer.name, sum })}</p>
          {options && options.asking > 0 && (
            <p className="co-warning" role="alert" data-testid="refund-cases">
              {t('refund.cases', { count: options.asking })}
            </p>
          )}
        </>
      ) : (
        <AsyncView query={left} skeleton={<Skeleton lines={3} height={40} />}>
          {({ options: open }) => (
            <ul className="as-parts">
              {open.items.map((item) => {
                const part = parts[item.itemId] ?? { pieces: 0, yuan: 0 };
                const set = (next: Part) => setParts((before) => ({ ...before, [item.itemId]: next }));
                const share = (pieces: number): number => {
                  const { amountFen, quantity, refundedPieces } = item;
                  const fen = Number(pieceShareFen({ amountFen: BigInt(amountFen), quantity }, refundedPieces, pieces));
                  return Math.min(fen, item.leftFen) / FEN_PER_YUAN;
                };
                return (
                  <li key={item.itemId}>
                    <span className="co-stacked co-start">
                      <b>{item.title}</b>
                      <small>
                        {item.skuName} · {t('refund.left', { sum: format.money(item.leftFen) })}
                      </small>
                    </span>
                    <InputNumber
                      aria-label={t('refund.pieces')}
                      min={0}
                      max={item.pieces}
                      precision={0}
                      value={part.pieces}
                      addonAfter={`/ ${item.pieces}`}
                      onChange={(pieces) => set({ pieces: pieces ?? 0, yuan: share(pieces ?? 0) })}
                      data-testid="refund-pieces"
                    />
                    <InputNumber
                      aria-label={t('refund.amount')}
                      min={0}
                      max={item.leftFen / FEN_PER_YUAN}
                      precision={2}
                      value={part.yuan}
                      addonBefore="¥"
                      onChange={(yuan) => set({ ...part, yuan: yuan ?? 0 })}
                      data-testid="refund-amount"
                    />
                  </li>
                );
              })}
              {open.shippingLeftFen > 0 && (
                <li>
                  <b>{t('refund.shipping')}</b>
                  <InputNumber
                    aria-label={t('refund.shipping')}
                    min={0}
                    max={open.shippingLeftFen / FEN_PER_YUAN}
                    precision={2}
                    value={shipping}
                    addonBefore="¥"
                    onChange={(yuan) => setShipping(yuan ?? 0)}
                  />
                </li>
              )}
            </ul>
          )}
        </AsyncView>
      )}
      {way === 'part' && <p className="co-quiet as-gap">{t('refund.partHint')}</p>}
      <Form
        form={form}
        layout="vertical"
        requiredMark={false}
        onFinish={(values) => void submit(values).catch(() => undefined)}
      >
        <Form.Item
          name="reason"
          label={words('refund.reason')}
          rules={[{ required: true, whitespace: true, message: words('refund.reason-needed') }]}
        >
          <Input.TextArea maxLength={100} showCount rows={3} data-testid="refund-reason" />
        </Form.Item>
        {empty && (
          <p className="co-form-error" role="alert">
            {t('refund.nothing')}
          </p>
        )}
        <Failure error={refund.error} />
      </Form>
    </Modal>
  );
};
