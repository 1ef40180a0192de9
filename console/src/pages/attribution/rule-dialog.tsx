import { type CreditExplanation, listStaff, networkSearch, orderCredit, ruleCredit } from '@walnut-live/contracts';
import { useToast } from '@walnut-live/ui';
import { Form, Input, Modal, Radio, Select } from 'antd';
import { type ReactNode, useState } from 'react';
import { useSession } from '../../app/session.tsx';
import { useAction, useCall } from '../../data/use-call.ts';
import { useT } from '../../i18n/index.ts';
import { Failure } from '../../shared/ship-dialog.tsx';
import { useAttributionT } from './messages.ts';

const MOST_CHARS = 500;
const NOBODY = 'nobody';
type Values = { outcome: 'upheld' | 'changed'; to?: string; reason: string };

/** Headquarters rules: it stays, or goes to somebody who was considered, to staff, to a sharer found by name, or to nobody. */
export const RuleDialog = ({ credit, onClose }: { credit: CreditExplanation; onClose: () => void }): ReactNode => {
  const t = useAttributionT();
  const common = useT();
  const toast = useToast();
  const { may } = useSession();
  const [form] = Form.useForm<Values>();
  const outcome = Form.useWatch('outcome', form) ?? 'upheld';
  const [typed, setTyped] = useState('');
  const rule = useAction(ruleCredit, [orderCredit.id, 'credit-appeals.list', 'orders.get', 'orders.list']);
  const staff = useCall(listStaff, undefined, { enabled: outcome === 'changed' });
  const found = useCall(
    networkSearch,
    { query: { q: typed.trim(), limit: 10 } },
    { enabled: outcome === 'changed' && may('customers:read') && typed.trim() !== '' },
  );
  const holder = credit.credit.inviter?.id ?? null;
  const seen = new Set([holder, credit.order.buyer.id]);
  const fresh = <Row extends { id: string }>(people: readonly Row[]): Row[] =>
    people.filter(({ id }) => {
      if (seen.has(id)) return false;
      seen.add(id);
      return true;
    });
  const considered = fresh(
    credit.considered.flatMap(({ person, reason }) =>
      person ? [{ ...person, note: common(`reason.${reason}`) }] : [],
    ),
  );
  const people = fresh((typed.trim() === '' ? [] : (found.data?.items ?? [])).map(({ person }) => person));
  const colleagues = fresh((staff.data?.items ?? []).filter(({ active }) => active));
  const options = [
    ...(holder === null ? [] : [{ value: NOBODY, label: t('rule.to.nobody') }]),
    {
      label: t('rule.to.considered'),
      options: considered.map(({ id, name, note }) => ({ value: id, label: `${name} · ${note}` })),
    },
    { label: t('rule.to.found'), options: people.map(({ id, name }) => ({ value: id, label: name })) },
    {
      label: t('rule.to.staff'),
      options: colleagues.map(({ id, name, orgUnit }) => ({ value: id, label: `${name} · ${orgUnit.name}` })),
    },
  ].filter((group) => !('options' in group) || (group.options?.length ?? 0) > 0);
  const version = credit.versions.at(-1)?.version ?? 1;
  const submit = async ({ reason, to, ...values }: Values): Promise<void> => {
    const personId = to === NOBODY ? null : to;
    await rule.mutateAsync({
      kind: `${credit.orderId}.${version}`,
      params: { id: credit.orderId },
      body: {
        seenVersion: version,
        outcome: values.outcome,
        ...(values.outcome === 'changed' && personId !== undefined ? { personId } : {}),
        reason: reason.trim(),
      },
    });
    toast(t('rule.done'), { tone: 'success' });
    onClose();
  };
  return (
    <Modal
      open
      title={t('rule.title')}
      okText={t('credit.rule')}
      confirmLoading={rule.isPending}
      okButtonProps={{ 'data-testid': 'rule-submit' }}
      onOk={() => form.submit()}
      onCancel={onClose}
    >
      <p className="co-attribution-hint">{t('rule.hint')}</p>
      <Form
        form={form}
        layout="vertical"
        requiredMark={false}
        initialValues={{ outcome: 'upheld', reason: '' }}
        onFinish={(values) => void submit(values).catch(() => undefined)}
      >
        <Form.Item name="outcome" label={t('rule.outcome')}>
          <Radio.Group
            options={[
              { value: 'upheld', label: t('rule.upheld') },
              { value: 'changed', label: t('rule.changed') },
            ]}
          />
        </Form.Item>
        {outcome === 'changed' && (
          <Form.Item name="to" label={t('rule.to')} rules={[{ required: true, message: t('rule.to.needed') }]}>
            <Select
              options={options}
              placeholder={t('rule.to.search')}
              showSearch={{ optionFilterProp: 'label', onSearch: setTyped }}
              loading={staff.isFetching || found.isFetching}
              data-testid="rule-to"
            />
          </Form.Item>
        )}
        <Form.Item
          name="reason"
          label={t('reason')}
          rules={[{ required: true, whitespace: true, message: t('reason.needed') }]}
        >
          <Input.TextArea maxLength={MOST_CHARS} rows={3} data-testid="rule-reason" />
        </Form.Item>
        <Failure error={rule.error} />
      </Form>
    </Modal>
  );
};
