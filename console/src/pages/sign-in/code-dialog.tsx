import { useStaffCode as setPassword } from '@walnut-live/contracts';
import type { Api } from '@walnut-live/live-client/http';
import { useErrorText, useToast } from '@walnut-live/ui';
import { Form, Input, Modal } from 'antd';
import { type ReactNode, useState } from 'react';
import { useCodeT } from './messages.ts';

const SHORTEST = 10;
type Values = { username: string; code: string; password: string };

/** Whoever was given a code sets a password of their own with it. */
export const CodeDialog = ({ api, onClose }: { api: Api; onClose: () => void }): ReactNode => {
  const t = useCodeT();
  const toast = useToast();
  const errorText = useErrorText();
  const [form] = Form.useForm<Values>();
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState<unknown>(null);
  const submit = async (body: Values): Promise<void> => {
    setBusy(true);
    setError(null);
    try {
      await api.call(setPassword, { body });
      toast(t('done'), { tone: 'success' });
      onClose();
    } catch (reason) {
      setError(reason);
    } finally {
      setBusy(false);
    }
  };
  const needed = { required: true, message: t('needed') };
  return (
    <Modal
      open
      title={t('title')}
      okText={t('submit')}
      confirmLoading={busy}
      onOk={() => form.submit()}
      onCancel={onClose}
    >
      <Form form={form} layout="vertical" requiredMark={false} onFinish={(values) => void submit(values)}>
        <Form.Item name="username" label={t('username')} rules={[needed]}>
          <Input autoComplete="username" autoCapitalize="none" data-testid="code-username" />
        </Form.Item>
        <Form.Item name="code" label={t('code')} rules={[needed]}>
          <Input autoComplete="one-time-code" data-testid="code-code" />
        </Form.Item>
        <Form.Item name="password" label={t('password')} rules={[needed, { min: SHORTEST, message: t('short') }]}>
          <Input.Password autoComplete="new-password" onPressEnter={() => form.submit()} data-testid="code-password" />
        </Form.Item>
        {error !== null && (
          <p className="co-form-error" role="alert">
            {errorText(error)}
          </p>
        )}
      </Form>
    </Modal>
  );
};
