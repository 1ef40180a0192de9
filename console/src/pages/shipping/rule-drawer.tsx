import { DeleteOutlined, PlusOutlined } from '@ant-design/icons';
import { putShippingRule, type ShippingRule } from '@walnut-live/contracts';
import { isApiError } from '@walnut-live/live-client/http';
import { useLocale, useToast } from '@walnut-live/ui';
import { Button, Drawer, Form, Input, Select, Switch } from 'antd';
import type { ReactNode } from 'react';
import { useSession } from '../../app/session.tsx';
import { useAction } from '../../data/use-call.ts';
import { Failure } from '../../shared/ship-dialog.tsx';
import { FeeFields } from './fee-fields.tsx';
import { useShippingT } from './messages.ts';
import { provinces } from './provinces.ts';
import { newFee, type TermsValues, takenBy, toTerms, toValues } from './shipping-form.ts';
import '../catalogue/catalogue.css';
import '../coupons/coupons.css';

const MOST_ZONES = 20;

const matches = (input: string, option?: { label: string; search: string }): boolean =>
  option?.search.toLowerCase().includes(input.trim().toLowerCase()) ?? false;

/** The rule of one unit: its own terms are set here, or given up. Others in between are noticed by the version. */
export const RuleDrawer = ({ rule, onClose }: { rule: ShippingRule; onClose: () => void }): ReactNode => {
  const t = useShippingT();
  const toast = useToast();
  const { locale } = useLocale();
  const { may } = useSession();
  const mayWrite = may('stock:write');
  const [form] = Form.useForm<TermsValues>();
  const put = useAction(putShippingRule, ['shipping.rule']);
  const own = Form.useWatch('own', form) ?? rule.own !== null;
  const elsewhere = Form.useWatch('elsewhere', form) ?? rule.effective.other !== null;
  const zones = Form.useWatch('zones', form) ?? [];
  const excluded = Form.useWatch('excluded', form) ?? [];
  const optionsFor = (zone: number | null) => {
    const taken = takenBy({ zones, excluded }, zone);
    return provinces.map(({ code, zh, en }) => ({
      ...{ value: code, label: locale === 'zh-CN' ? zh : en, search: `${zh} ${en}`, disabled: taken.has(code) },
    }));
  };
  const submit = async (values: TermsValues): Promise<void> => {
    await put.mutateAsync({
      params: { orgUnitId: rule.orgUnit.id },
      body: { terms: toTerms(values), version: rule.version, reason: values.reason.trim() },
    });
    toast(t('saved'), { tone: 'success' });
    onClose();
  };
  const needed = { required: true, whitespace: true, message: t('required') };
  const picker = (zone: number | null) => (
    <Select
      mode="multiple"
      options={optionsFor(zone)}
      showSearch={{ filterOption: matches }}
      placeholder={t('zone.choose')}
      data-testid={zone === null ? 'excluded' : `zone-${zone}-provinces`}
    />
  );
  return (
    <Drawer
      open
      onClose={onClose}
      size={600}
      rootClassName="co-drawer"
      title={t('edit.title', { unit: rule.orgUnit.name })}
    >
      <Form
        form={form}
        layout="vertical"
        requiredMark={false}
        disabled={!mayWrite}
        initialValues={toValues(rule.own ?? rule.effective, rule.own !== null)}
        onFinish={(values) => void submit({ ...form.getFieldsValue(true), ...values }).catch(() => undefined)}
      >
        <Form.Item name="own" label={t('own')} extra={t(own ? 'own.hint' : 'own.above')} valuePropName="checked">
          <Switch data-testid="rule-own" />
        </Form.Item>
        <div hidden={!own} data-testid="rule-terms">
          <h3 className="co-form-title">{t('other')}</h3>
          <Form.Item name="elsewhere" label={t('elsewhere')} valuePropName="checked">
            <Switch />
          </Form.Item>
          {own && elsewhere && <FeeFields path={['other']} />}
          <h3 className="co-form-title">{t('zones.title')}</h3>
          <Form.List name="zones">
            {(fields, { add, remove }) => (
              <>
                {own &&
                  fields.map(({ key, name }) => (
                    <fieldset key={key} className="sh-zone" data-testid="rule-zone">
                      <legend>{t('zone', { n: name + 1 })}</legend>
                      <Form.Item name={[name, 'name']} label={t('zone.name')} rules={[needed]}>
                        <Input maxLength={20} data-testid={`zone-${name}-name`} />
                      </Form.Item>
                      <Form.Item
                        name={[name, 'provinces']}
                        label={t('zone.provinces')}
                        rules={[{ required: true, type: 'array', min: 1, message: t('required') }]}
                      >
                        {picker(name)}
                      </Form.Item>
                      <FeeFields path={[name, 'fee']} />
                      <Button
                        type="text"
                        danger
                        icon={<DeleteOutlined />}
                        aria-label={t('zone.remove', { n: name + 1 })}
                        onClick={() => remove(name)}
                      />
                    </fieldset>
                  ))}
                <Button
                  type="dashed"
                  block
                  icon={<PlusOutlined />}
                  disabled={!mayWrite || fields.length >= MOST_ZONES}
                  onClick={() => add({ name: '', provinces: [], fee: { ...newFee } })}
                  data-testid="zone-add"
                >
                  {t('zone.add')}
                </Button>
              </>
            )}
          </Form.List>
          <Form.Item name="excluded" label={t('excluded.title')} className="sh-after">
            {picker(null)}
          </Form.Item>
          <Form.Item name="pickup" label={t('pickup.title')} extra={t('pickup.hint')} valuePropName="checked">
            <Switch data-testid="rule-pickup" />
          </Form.Item>
        </div>
        {mayWrite && (
          <Form.Item name="reason" label={t('reason')} extra={t('reason.hint')} rules={[needed]}>
            <Input maxLength={100} data-testid="rule-reason" />
          </Form.Item>
        )}
        {isApiError(put.error, 'conflict') ? (
          <p className="co-form-error" role="alert">
            {t('moved')}
          </p>
        ) : (
          <Failure error={put.error} />
        )}
        <div className="co-form-foot">
          <Button disabled={false} onClick={onClose}>
            {t('cancel')}
          </Button>
          {mayWrite && (
            <Button type="primary" htmlType="submit" loading={put.isPending} data-testid="rule-save">
              {t('save')}
            </Button>
          )}
        </div>
      </Form>
    </Drawer>
  );
};
