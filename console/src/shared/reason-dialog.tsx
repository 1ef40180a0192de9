/** What is ended, left out or done to people's standing is done with a reason, which stands in the audit log. */
import { useToast } from '@walnut-live/ui';
import { Form, Input, Modal } from 'antd';
import { type ReactNode, useId, useState } from 'react';
import { Failure } from './ship-dialog.tsx';

const MOST = 100;

export const ReasonDialog = ({
  title,
  label,
  hint,
  refusal,
  okText,
  done,
  danger = false,
  most = MOST,
  shortest = 1,
  ready = true,
  pending,
  error,
  onSubmit,
  onClose,
  children,
}: {
  title: string;
  /** Of the reason: who reads it, what it is for. */
  label: string;
  /** What follows. */
  hint?: string;
  /** Why the last try was refused, where that can be said better than by the error's code. */
  refusal?: string | undefined;
  /** "OK" when left out. */
  okText?: string;
  /** Said when it was done. */
  done: string;
  danger?: boolean;
  /** Characters. */
  most?: number;
  shortest?: number;
  /** Whether what is chosen besides the reason can be sent. */
  ready?: boolean;
  pending: boolean;
  error: unknown;
  /** Rejects with what is then shown; the dialog stays until it resolves. */
  onSubmit: (reason: string) => Promise<unknown>;
  onClose: () => void;
  /** What is chosen besides the reason. */
  children?: ReactNode;
}): ReactNode => {
  const toast = useToast();
  const id = useId();
  const [reason, setReason] = useState('');
  const isEnough = ready && reason.trim().length >= shortest;
  const submit = async (): Promise<void> => {
    if (!isEnough || pending) return;
    await onSubmit(reason.trim());
    toast(done, { tone: 'success' });
    onClose();
  };
  const send = () => void submit().catch(() => undefined);
  return (
    <Modal
      open
      title={title}
      {...(okText === undefined ? {} : { okText })}
      confirmLoading={pending}
      okButtonProps={{ danger, disabled: !isEnough, 'data-testid': 'reason-submit' }}
      onOk={send}
      onCancel={onClose}
    >
      {hint !== undefined && <p className="co-quiet co-dialog-lead">{hint}</p>}
      {children}
      <Form layout="vertical" requiredMark={false} component={false}>
        <Form.Item label={label} htmlFor={id}>
          <Input
            id={id}
            value={reason}
            maxLength={most}
            autoFocus
            onChange={(event) => setReason(event.target.value)}
            onPressEnter={send}
            data-testid="reason"
          />
        </Form.Item>
      </Form>
      {refusal === undefined ? (
        <Failure error={error} />
      ) : (
        <p className="co-form-error" role="alert">
          {refusal}
        </p>
      )}
    </Modal>
  );
};
