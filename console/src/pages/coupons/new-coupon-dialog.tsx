import {
  COUPON_VALID_DAYS,
  type CouponGroup,
  type CouponUsage,
  couponGroups,
  couponUsages,
  createCouponKind,
  MAX_COUPON_OFF_FEN,
} from '@walnut-live/contracts';
import { useToast } from '@walnut-live/ui';
import { Checkbox, Form, Input, InputNumber, Modal, Select } from 'antd';
import type { ReactNode } from 'react';
import { useSession } from '../../app/session.tsx';
import { useAction } from '../../data/use-call.ts';
import { Failure } from '../../shared/ship-dialog.tsx';
import { UnitSelect } from '../../shared/unit-select.tsx';
import { useCouponT } from './messages.ts';

const FEN_PER_YUAN = 100;
const fenOf = (yuan: number): number => Math.round(yuan * FEN_PER_YUAN);
const MOST_COUPONS = 1_000_000;
const MOST_DAYS = 365;
const MOST_EACH = 100;

type Values = {
  title: string;
  off: number;
  min?: number;
  usage: CouponUsage;
  orgUnitId: string;
  total: number;
  perPerson: number;
  validDays: number;
  stackGroup?: CouponGroup | 'alone';
  newcomersOnly?: boolean;
  listed?: boolean;
};

/** Terms of a new coupon. They stay as they are written. */
export const NewCouponDialog = ({ onClose }: { onClose: () => void }): ReactNode => {
  const t = useCouponT();
  const toast = useToast();
  const { staff } = useSession();
  const [form] = Form.useForm<Values>();
  const create = useAction(createCouponKind, ['coupon-kinds.list']);
  const submit = async ({ off, min, title, stackGroup, newcomersOnly, listed, ...values }: Values): Promise<void> => {
    const kind = await create.mutateAsync({
      body: {
        ...values,
        title: title.trim(),
        offFen: fenOf(off),
        // A gift costs nothing.
        minSpendFen: values.usage === 'gift' ? 0 : fenOf(min ?? 0),
        ...(stackGroup === undefined || stackGroup === 'alone' ? {} : { stacking: 'with_others' as const, stackGroup }),
        newcomersOnly: newcomersOnly === true,
        listed: listed === true,
      },
    });
    toast(t('create.done', { name: kind.title }), { tone: 'success' });
    onClose();
  };
  const usage = Form.useWatch('usage', form) ?? 'order';
  const needed = [{ required: true, message: t('required') }];
  return (
    <Modal
      open
      title={t('create.title')}
      okText={t('create')}
      confirmLoading={create.isPending}
      onOk={() => form.submit()}
      onCancel={onClose}
      okButtonProps={{ 'data-testid': 'coupon-submit' }}
    >
      <Form
        form={form}
        layout="vertical"
        requiredMark={false}
        initialValues={{
          usage: 'order',
          stackGroup: 'alone',
          orgUnitId: staff.orgUnit.id,
          perPerson: 1,
          validDays: COUPON_VALID_DAYS,
          total: 100,
        }}
        onFinish={(values) => void submit(values).catch(() => undefined)}
      >
        <Form.Item
          name="title"
          label={t('name')}
          rules={[{ required: true, whitespace: true, message: t('required') }]}
        >
          <Input maxLength={30} showCount autoFocus data-testid="coupon-title" />
        </Form.Item>
        <Form.Item name="usage" label={t('usage')}>
          <Select
            options={couponUsages.map((value) => ({ value, label: t(`usage.${value}`) }))}
            data-testid="coupon-usage"
          />
        </Form.Item>
        <div className="cp-fields">
          {usage !== 'gift' && (
            <Form.Item
              name="min"
              label={t('min')}
              dependencies={['off']}
              rules={[
                ...needed,
                ({ getFieldValue }) => ({
                  validator: (_, min: number | null) =>
                    typeof min === 'number' && min <= Number(getFieldValue('off') ?? 0)
                      ? Promise.reject(new Error(t('min.above')))
                      : Promise.resolve(),
                }),
              ]}
            >
              <InputNumber min={0.02} precision={2} data-testid="coupon-min" />
            </Form.Item>
          )}
          <Form.Item name="off" label={t(usage === 'gift' ? 'worth' : 'off')} rules={needed}>
            <InputNumber min={0.01} max={MAX_COUPON_OFF_FEN / FEN_PER_YUAN} precision={2} data-testid="coupon-off" />
          </Form.Item>
          <Form.Item name="total" label={t('total')} rules={needed}>
            <InputNumber min={1} max={MOST_COUPONS} precision={0} data-testid="coupon-total" />
          </Form.Item>
          <Form.Item name="perPerson" label={t('perPerson')} rules={needed}>
            <InputNumber min={1} max={MOST_EACH} precision={0} />
          </Form.Item>
          <Form.Item name="validDays" label={t('days')} extra={t('days.hint')} rules={needed}>
            <InputNumber min={1} max={MOST_DAYS} precision={0} />
          </Form.Item>
        </div>
        <Form.Item name="orgUnitId" label={t('unit')} extra={t('unit.hint')}>
          <UnitSelect />
        </Form.Item>
        {usage === 'order' && (
          <Form.Item name="stackGroup" label={t('stacking')} extra={t('stacking.hint')}>
            <Select
              options={(['alone', ...couponGroups] as const).map((value) => ({ value, label: t(`stacking.${value}`) }))}
              data-testid="coupon-stacking"
            />
          </Form.Item>
        )}
        <Form.Item name="newcomersOnly" valuePropName="checked">
          <Checkbox>{t('newcomers')}</Checkbox>
        </Form.Item>
        {usage === 'order' && (
          <Form.Item name="listed" valuePropName="checked">
            <Checkbox>{t('listed')}</Checkbox>
          </Form.Item>
        )}
        <p className="co-quiet">{t('create.rule')}</p>
        <Failure error={create.error} />
      </Form>
    </Modal>
  );
};
