import { changeWebhook, createWebhook, domainEventTypes, type ReplyOf, type Webhook } from '@walnut-live/contracts';
import { useToast } from '@walnut-live/ui';
import { Form, Input, Modal, Select } from 'antd';
import type { ReactNode } from 'react';
import { useSession } from '../../app/session.tsx';
import { useAction } from '../../data/use-call.ts';
import { Failure } from '../../shared/ship-dialog.tsx';
import { UnitSelect } from '../../shared/unit-select.tsx';
import { useWebhookT } from './messages.ts';

type Values = { orgUnitId: string; url: string; types: (typeof domainEventTypes)[number][]; description: string };

/** A new address, or what is sent to a known one and where. `onMade` gets the secret, which is told only now. */
export const WebhookDialog = ({
  webhook,
  onMade,
  onClose,
}: {
  webhook: Webhook | null;
  onMade: (made: ReplyOf<typeof createWebhook>) => void;
  onClose: () => void;
}): ReactNode => {
  const t = useWebhookT();
  const toast = useToast();
  const { staff } = useSession();
  const [form] = Form.useForm<Values>();
  const create = useAction(createWebhook, ['webhooks.list']);
  const change = useAction(changeWebhook, ['webhooks.list']);
  const submit = async ({ orgUnitId, ...values }: Values): Promise<void> => {
    const body = { ...values, url: values.url.trim(), description: values.description.trim() };
    if (webhook) {
      await change.mutateAsync({ params: { id: webhook.id }, body });
      toast(t('saved'), { tone: 'success' });
    } else onMade(await create.mutateAsync({ body: { orgUnitId, ...body } }));
    onClose();
  };
  return (
    <Modal
      open
      title={t(webhook ? 'edit' : 'add')}
      okText={t('save')}
      confirmLoading={create.isPending || change.isPending}
      onOk={() => form.submit()}
      onCancel={onClose}
      okButtonProps={{ 'data-testid': 'webhook-save' }}
    >
      <Form
        form={form}
        layout="vertical"
        requiredMark={false}
        initialValues={{
          orgUnitId: webhook?.orgUnit.id ?? staff.orgUnit.id,
          url: webhook?.url ?? '',
          types: webhook?.types ?? [],
          description: webhook?.description ?? '',
        }}
        onFinish={(values) => void submit(values).catch(() => undefined)}
      >
        <Form.Item name="url" label={t('url')} rules={[{ required: true, type: 'url', message: 'https://…' }]}>
          <Input maxLength={500} placeholder="https://" autoFocus data-testid="webhook-url" />
        </Form.Item>
        {!webhook && (
          <Form.Item name="orgUnitId" label={t('unit')}>
            <UnitSelect />
          </Form.Item>
        )}
        <Form.Item name="types" label={t('types')} extra={t('types.hint')}>
          <Select
            mode="multiple"
            allowClear
            placeholder={t('types.all')}
            options={domainEventTypes.map((type) => ({ value: type, label: type }))}
          />
        </Form.Item>
        <Form.Item name="description" label={t('description')}>
          <Input maxLength={100} />
        </Form.Item>
        <Failure error={create.error ?? change.error} />
      </Form>
    </Modal>
  );
};

export const SecretDialog = ({ secret, onClose }: { secret: string; onClose: () => void }): ReactNode => {
  const t = useWebhookT();
  const toast = useToast();
  const copy = (): void =>
    void navigator.clipboard.writeText(secret).then(
      () => toast(t('secret.copied'), { tone: 'success' }),
      () => undefined, // it can be marked and copied by hand
    );
  return (
    <Modal
      open
      title={t('secret.title')}
      okText={t('secret.close')}
      cancelText={t('secret.copy')}
      onOk={onClose}
      cancelButtonProps={{ onClick: copy }}
      closable={false}
      mask={{ closable: false }}
      keyboard={false}
    >
      <p>{t('secret.once')}</p>
      <code className="co-secret" data-testid="webhook-secret">
        {secret}
      </code>
    </Modal>
  );
};
