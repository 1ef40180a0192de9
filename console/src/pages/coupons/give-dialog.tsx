/** One coupon each for the customers of my scope that a tag or a level picks; a reason stands in the audit log. */
import { type CouponKind, getMemberRules, giveCouponToMany, listTagRules } from '@walnut-live/contracts';
import { useToast } from '@walnut-live/ui';
import { Form, Input, Modal, Select } from 'antd';
import type { ReactNode } from 'react';
import { useSession } from '../../app/session.tsx';
import { useAction, useCall } from '../../data/use-call.ts';
import { Failure } from '../../shared/ship-dialog.tsx';
import { useCouponT } from './messages.ts';

const ANY = '';
type Values = { ruleId: string; rank: string; reason: string };

export const GiveDialog = ({ kind, onClose }: { kind: CouponKind; onClose: () => void }): ReactNode => {
  const t = useCouponT();
  const toast = useToast();
  const { may } = useSession();
  const [form] = Form.useForm<Values>();
  const rules = useCall(getMemberRules, undefined);
  const tags = useCall(listTagRules, undefined, { enabled: may('customers:read') });
  const give = useAction(giveCouponToMany, ['coupon-kinds.list']);
  const submit = async ({ ruleId, rank, reason }: Values): Promise<void> => {
    const { picked, given } = await give.mutateAsync({
      kind: kind.id,
      params: { id: kind.id },
      body: { ruleId: ruleId || null, rank: rank === ANY ? null : Number(rank), reason: reason.trim() },
    });
    toast(t('give.done', { picked, given }), { tone: 'success' });
    onClose();
  };
  return (
    <Modal
      open
      title={t('give.title', { name: kind.title })}
      okText={t('give')}
      confirmLoading={give.isPending}
      onOk={() => form.submit()}
      onCancel={onClose}
      okButtonProps={{ 'data-testid': 'give-submit' }}
    >
      <Form
        form={form}
        layout="vertical"
        requiredMark={false}
        initialValues={{ ruleId: ANY, rank: ANY }}
        onFinish={(values) => void submit(values).catch(() => undefined)}
      >
        <Form.Item name="ruleId" label={t('give.tag')}>
          <Select
            options={[
              { value: ANY, label: t('give.any') },
              ...(tags.data?.items ?? [])
                .filter(({ active }) => active)
                .map((rule) => ({ value: rule.id, label: `${rule.name} (${rule.people})` })),
            ]}
          />
        </Form.Item>
        <Form.Item
          name="rank"
          label={t('give.level')}
          dependencies={['ruleId']}
          rules={[
            ({ getFieldValue }) => ({
              validator: (_, rank: string) =>
                rank === ANY && getFieldValue('ruleId') === ANY
                  ? Promise.reject(new Error(t('give.pick')))
                  : Promise.resolve(),
            }),
          ]}
        >
          <Select
            options={[
              { value: ANY, label: t('give.any') },
              { value: '0', label: t('give.none') },
              ...(rules.data?.rules?.levels ?? []).map((level) => ({ value: String(level.rank), label: level.name })),
            ]}
          />
        </Form.Item>
        <p className="co-quiet">{t('give.hint')}</p>
        <Form.Item
          name="reason"
          label={t('give.reason')}
          rules={[{ required: true, whitespace: true, message: t('required') }]}
        >
          <Input maxLength={100} data-testid="give-reason" />
        </Form.Item>
        <Failure error={give.error} />
      </Form>
    </Modal>
  );
};
