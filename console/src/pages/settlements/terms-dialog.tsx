import { MinusCircleOutlined, PlusOutlined } from '@ant-design/icons';
import { putSettlementTerms } from '@walnut-live/contracts';
import { useToast } from '@walnut-live/ui';
import { Button, Form, Input, InputNumber, Modal, Select } from 'antd';
import type { ReactNode } from 'react';
import { useAction } from '../../data/use-call.ts';
import { Failure } from '../../shared/ship-dialog.tsx';
import { areRising, type TermsValues, termsOf, valuesOf } from './terms-form.ts';
import { useTermsT } from './terms-messages.ts';
import type { Terms } from './terms-page.tsx';
import './settlements.css';

const MOST_YUAN = 100_000_000;
const MOST_BANDS = 10;

/** New terms from now on; the ones before stay as a version. */
export const TermsDialog = ({ terms, onClose }: { terms: Terms; onClose: () => void }): ReactNode => {
  const t = useTermsT();
  const toast = useToast();
  const [form] = Form.useForm<TermsValues>();
  const put = useAction(putSettlementTerms, ['settlement-terms.get', 'payouts.list']);
  const submit = async (values: TermsValues): Promise<void> => {
    await put.mutateAsync({ body: termsOf(values, terms.version) });
    toast(t('done'), { tone: 'success' });
    onClose();
  };
  const needed = [{ required: true, message: t('needed') }];
  const money = (name: keyof TermsValues, label: string, { min = 0, extra }: { min?: number; extra?: string } = {}) => (
    <Form.Item name={name} label={label} rules={needed} {...(extra ? { extra } : {})}>
      <InputNumber min={min} max={MOST_YUAN} precision={2} prefix="¥" style={{ width: '100%' }} />
    </Form.Item>
  );
  return (
    <Modal
      open
      width={640}
      title={t('change')}
      okText={t('save')}
      confirmLoading={put.isPending}
      onOk={() => form.submit()}
      onCancel={onClose}
      okButtonProps={{ 'data-testid': 'terms-submit' }}
    >
      <Form
        form={form}
        layout="vertical"
        requiredMark={false}
        initialValues={valuesOf(terms)}
        onFinish={(values) => void submit(values).catch(() => undefined)}
      >
        <div className="co-terms-fields">
          {money('minimum', t('minimum'), { min: 0.01 })}
          {money('dayCap', t('dayCap'), { min: 0.01 })}
          <Form.Item name="dayTransfers" label={t('dayTransfers')} rules={needed}>
            <InputNumber min={1} max={100} precision={0} style={{ width: '100%' }} />
          </Form.Item>
          {money('realName', t('realName'), { min: 0.01, extra: t('realName.hint') })}
        </div>
        <h3 className="co-form-title">{t('tax')}</h3>
        <Form.Item name="appliesTo" label={t('appliesTo')}>
          <Select
            options={(['consumers', 'nobody'] as const).map((value) => ({ value, label: t(`appliesTo.${value}`) }))}
          />
        </Form.Item>
        <div className="co-terms-fields">
          {money('exempt', t('exempt'))}
          {money('deductUntil', t('deductUntil'))}
          {money('deduct', t('deduct'))}
          <Form.Item name="deductPercent" label={t('deductRate')} rules={needed}>
            <InputNumber min={0} max={100} precision={2} suffix="%" style={{ width: '100%' }} />
          </Form.Item>
        </div>
        <Form.List
          name="bands"
          rules={[
            {
              validator: async (_, bands: TermsValues['bands']) => {
                if (!areRising(bands)) throw new Error(t('band.rising'));
              },
            },
          ]}
        >
          {(fields, { add, remove }, { errors }) => (
            <fieldset className="co-bands">
              <legend>{t('bands')}</legend>
              {fields.map((field, at) => (
                <div key={field.key} className="co-band">
                  <Form.Item name={[field.name, 'over']} label={t('band.over')} rules={needed}>
                    <InputNumber min={0} max={MOST_YUAN} precision={2} prefix="¥" style={{ width: '100%' }} />
                  </Form.Item>
                  <Form.Item name={[field.name, 'percent']} label={t('band.rate')} rules={needed}>
                    <InputNumber min={0} max={100} precision={2} suffix="%" style={{ width: '100%' }} />
                  </Form.Item>
                  <Form.Item name={[field.name, 'quick']} label={t('band.quick')} rules={needed}>
                    <InputNumber min={0} max={MOST_YUAN} precision={2} prefix="¥" style={{ width: '100%' }} />
                  </Form.Item>
                  <Button
                    type="text"
                    icon={<MinusCircleOutlined />}
                    disabled={fields.length === 1}
                    aria-label={t('band.remove', { n: at + 1 })}
                    onClick={() => remove(field.name)}
                  />
                </div>
              ))}
              <Form.ErrorList errors={errors} />
              {fields.length < MOST_BANDS && (
                <Button icon={<PlusOutlined />} onClick={() => add()}>
                  {t('band.add')}
                </Button>
              )}
            </fieldset>
          )}
        </Form.List>
        <Form.Item
          name="reason"
          label={t('reason')}
          rules={[{ required: true, whitespace: true, min: 2, message: t('reason.needed') }]}
        >
          <Input maxLength={200} data-testid="terms-reason" />
        </Form.Item>
        <Failure error={put.error} />
      </Form>
    </Modal>
  );
};
