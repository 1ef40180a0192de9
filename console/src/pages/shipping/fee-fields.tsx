import { Form, InputNumber, Segmented } from 'antd';
import type { ReactNode } from 'react';
import { useShippingT } from './messages.ts';

const MOST_PIECES = 999;
const MOST_GRAMS = 1_000_000;
const yuan = { precision: 2, stringMode: true, prefix: '¥', min: '0', style: { width: '100%' } } as const;
/** The highest fee the api takes, in yuan, and the highest threshold. */
const MOST_FEE = '10000';
const MOST_FREE = '10000000';

/** One fee: flat, by piece or by weight, and from which amount it is none. */
export const FeeFields = ({ path }: { path: (string | number)[] }): ReactNode => {
  const t = useShippingT();
  const form = Form.useFormInstance();
  // Inside a list the fields are named by their place in it, the value is asked for by all of the path.
  const whole = path.length > 1 ? ['zones', ...path] : path;
  const by = (Form.useWatch([...whole, 'by'], form) ?? 'flat') as 'flat' | 'piece' | 'weight';
  const needed = [{ required: true, message: t('required') }];
  const steps = by === 'flat' ? null : by;
  return (
    <>
      <Form.Item name={[...path, 'by']} label={t('by')}>
        <Segmented
          options={(['flat', 'piece', 'weight'] as const).map((one) => ({ value: one, label: t(`by.${one}`) }))}
        />
      </Form.Item>
      <div className="cp-fields">
        {steps && (
          <Form.Item name={[...path, 'first']} label={t(`${steps}.first`)} rules={needed}>
            <InputNumber min={1} max={steps === 'piece' ? MOST_PIECES : MOST_GRAMS} precision={0} />
          </Form.Item>
        )}
        <Form.Item name={[...path, 'fee']} label={t(steps ? 'first.fee' : 'flat.fee')} rules={needed}>
          <InputNumber<string> {...yuan} max={MOST_FEE} data-testid={`fee-${whole.join('-')}`} />
        </Form.Item>
        {steps && (
          <>
            <Form.Item name={[...path, 'next']} label={t(`${steps}.next`)} rules={needed}>
              <InputNumber min={1} max={steps === 'piece' ? MOST_PIECES : MOST_GRAMS} precision={0} />
            </Form.Item>
            <Form.Item name={[...path, 'nextFee']} label={t('next.fee')} rules={needed}>
              <InputNumber<string> {...yuan} max={MOST_FEE} />
            </Form.Item>
          </>
        )}
        <Form.Item name={[...path, 'freeFrom']} label={t('freeFrom')} tooltip={t('freeFrom.hint')}>
          <InputNumber<string> {...yuan} max={MOST_FREE} data-testid={`free-${whole.join('-')}`} />
        </Form.Item>
      </div>
    </>
  );
};
