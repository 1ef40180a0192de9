/** What changes people's standing is done with a reason, which stands in the audit log. */
import { useToast } from '@walnut-live/ui';
import { Input, Modal } from 'antd';
import { type ReactNode, useState } from 'react';
import { Failure } from '../../shared/ship-dialog.tsx';
import { useCustomerT } from './messages.ts';

const MOST = 100;

export const ReasonDialog = ({
  title,
  done,
  danger = false,
  pending,
  error,
  onSubmit,
  onClose,
}: {
  title: string;
  done: string;
  danger?: boolean;
  pending: boolean;
  error: unknown;
  onSubmit: (reason: string) => Promise<unknown>;
  onClose: () => void;
}): ReactNode => {
  const t = useCustomerT();
  const toast = useToast();
  const [reason, setReason] = useState('');
  const submit = async (): Promise<void> => {
    await onSubmit(reason.trim());
    toast(done, { tone: 'success' });
    onClose();
  };
  return (
    <Modal
      open
      title={title}
      okText={t('save')}
      cancelText={t('cancel')}
      confirmLoading={pending}
      okButtonProps={{ danger, disabled: !reason.trim(), 'data-testid': 'reason-submit' }}
      onOk={() => void submit().catch(() => undefined)}
      onCancel={onClose}
    >
      <Input
        value={reason}
        maxLength={MOST}
        autoFocus
        placeholder={t('koc.reason')}
        aria-label={t('koc.reason')}
        onChange={(event) => setReason(event.target.value)}
        data-testid="reason"
      />
      <Failure error={error} />
    </Modal>
  );
};
