import { listCouponKinds, MAX_MEMBER_LEVELS, type MemberRules, setMemberRules } from '@walnut-live/contracts';
import { useToast } from '@walnut-live/ui';
import { Button, Form, Input, InputNumber, Modal, Select } from 'antd';
import type { ReactNode } from 'react';
import { useAction, useCall } from '../../data/use-call.ts';
import { Failure } from '../../shared/ship-dialog.tsx';
import { useCustomerT } from './messages.ts';

const FEN_PER_YUAN = 100;
const MOST_KINDS = 100;
const MOST_DAYS = 1_095;
const MOST_YUAN = 1_000_000;
/** Points a yuan ↔ basis points for one fen. */
export const perYuan = (bps: number): number => bps / FEN_PER_YUAN;
const bpsOf = (rate: number): number => Math.round(rate * FEN_PER_YUAN);

type LevelValues = { name: string; from: number; rate: number; couponKindId?: string };
type Values = { windowDays: number; base: number; pointsValidDays: number; levels: LevelValues[]; reason: string };

/** The next version of the rules; what is on the screen is what was in force. */
export const LevelsDialog = ({ rules, onClose }: { rules: MemberRules | null; onClose: () => void }): ReactNode => {
  const t = useCustomerT();
  const toast = useToast();
  const [form] = Form.useForm<Values>();
  const kinds = useCall(listCouponKinds, { query: { limit: MOST_KINDS } });
  const save = useAction(setMemberRules, ['members.rules', 'customers.list']);
  const needed = [{ required: true, message: t('required') }];
  const submit = async ({ base, levels, ...values }: Values): Promise<void> => {
    await save.mutateAsync({
      body: {
        ...values,
        version: rules?.version ?? 0,
        basePointsBps: bpsOf(base),
        levels: levels.map(({ name, from, rate, couponKindId }) => ({
          name: name.trim(),
          minSpendFen: Math.round(from * FEN_PER_YUAN),
          pointsBps: bpsOf(rate),
          couponKindId: couponKindId || null,
        })),
      },
    });
    toast(t('levels.saved'), { tone: 'success' });
    onClose();
  };
  return (
    <Modal
      open
      width={720}
      title={t('levels.title')}
      okText={t('save')}
      cancelText={t('cancel')}
      confirmLoading={save.isPending}
      onOk={() => form.submit()}
      onCancel={onClose}
      okButtonProps={{ 'data-testid': 'levels-submit' }}
    >
      <Form
        form={form}
        layout="vertical"
        requiredMark={false}
        initialValues={{
          windowDays: rules?.windowDays ?? 365,
          base: perYuan(rules?.basePointsBps ?? FEN_PER_YUAN),
          pointsValidDays: rules?.pointsValidDays ?? 365,
          levels: (rules?.levels ?? []).map((level) => ({
            name: level.name,
            from: level.minSpendFen / FEN_PER_YUAN,
            rate: perYuan(level.pointsBps),
            couponKindId: level.coupon?.kindId ?? '',
          })),
        }}
        onFinish={(values) => void submit(values).catch(() => undefined)}
      >
        <div className="cu-fields">
          <Form.Item name="windowDays" label={t('levels.window')} rules={needed}>
            <InputNumber min={1} max={MOST_DAYS} precision={0} />
          </Form.Item>
          <Form.Item name="base" label={t('levels.base')} rules={needed}>
            <InputNumber min={0} max={100} precision={2} />
          </Form.Item>
          <Form.Item name="pointsValidDays" label={t('levels.valid')} rules={needed}>
            <InputNumber min={1} max={MOST_DAYS} precision={0} />
          </Form.Item>
        </div>
        <Form.List name="levels">
          {(fields, { add, remove }) => (
            <>
              {fields.map(({ key, name }) => (
                <div key={key} className="cu-fields cu-level-fields">
                  <Form.Item name={[name, 'name']} label={`${name + 1} · ${t('level')}`} rules={needed}>
                    <Input maxLength={12} data-testid="level-name" />
                  </Form.Item>
                  <Form.Item name={[name, 'from']} label={t('levels.from')} rules={needed}>
                    <InputNumber min={0.01} max={MOST_YUAN} precision={2} data-testid="level-from" />
                  </Form.Item>
                  <Form.Item name={[name, 'rate']} label={t('levels.rate')} rules={needed}>
                    <InputNumber min={0} max={100} precision={2} data-testid="level-rate" />
                  </Form.Item>
                  <Form.Item name={[name, 'couponKindId']} label={t('levels.coupon')}>
                    <Select
                      showSearch
                      optionFilterProp="label"
                      options={[
                        { value: '', label: t('levels.noCoupon') },
                        ...(kinds.data?.items ?? [])
                          .filter(({ active }) => active)
                          .map((kind) => ({ value: kind.id, label: kind.title })),
                      ]}
                    />
                  </Form.Item>
                </div>
              ))}
              <p className="co-inline">
                {fields.length < MAX_MEMBER_LEVELS && (
                  <Button size="small" onClick={() => add({ rate: 1, couponKindId: '' })} data-testid="level-add">
                    {t('levels.add')}
                  </Button>
                )}
                {fields.length > 0 && (
                  <Button size="small" danger onClick={() => remove(fields.length - 1)}>
                    {t('levels.remove')}
                  </Button>
                )}
              </p>
            </>
          )}
        </Form.List>
        <p className="co-quiet">{t('levels.most')}</p>
        <Form.Item
          name="reason"
          label={t('levels.reason')}
          rules={[{ required: true, whitespace: true, message: t('required') }]}
        >
          <Input maxLength={100} data-testid="levels-reason" />
        </Form.Item>
        <Failure error={save.error} />
      </Form>
    </Modal>
  );
};
