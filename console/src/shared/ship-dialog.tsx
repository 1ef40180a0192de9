import { requestIdOf, useErrorText } from '@walnut-live/ui';
import { Form, Input, Modal } from 'antd';
import type { ReactNode } from 'react';
import { useT } from '../i18n/index.ts';

/** What the server said no to, with the request's id for whoever asks about it. */
export const Failure = ({ error }: { error: unknown }): ReactNode => {
  const errorText = useErrorText();
  return error === null ? null : (
    <p className="co-form-error" role="alert">
      {errorText(error)}
      {requestIdOf(error) && <code>{requestIdOf(error)}</code>}
    </p>
  );
};

/** Asks for the number of the parcel. `send` rejects with what is then shown; the dialog stays until it resolves. */
export const ShipDialog = ({
  send,
  pending,
  error,
  onClose,
  children,
}: {
  send: (trackingNo: string) => Promise<void>;
  pending: boolean;
  error: unknown;
  onClose: () => void;
  children?: ReactNode;
}): ReactNode => {
  const t = useT();
  const [form] = Form.useForm<{ trackingNo: string }>();
  return (
    <Modal
      open
      title={t('ship.title')}
      okText={t('ship.submit')}
      confirmLoading={pending}
      onOk={() => form.submit()}
      onCancel={onClose}
      okButtonProps={{ 'data-testid': 'ship-submit' }}
    >
      {children}
      <Form
        form={form}
        layout="vertical"
        requiredMark={false}
        onFinish={({ trackingNo }) => void send(trackingNo.trim()).catch(() => undefined)}
      >
        <Form.Item
          name="trackingNo"
          label={t('ship.tracking')}
          rules={[{ required: true, whitespace: true, message: t('ship.tracking-needed') }]}
        >
          <Input maxLength={40} autoFocus data-testid="ship-tracking" />
        </Form.Item>
        <Failure error={error} />
      </Form>
    </Modal>
  );
};
