/** Asks the provider once more for a refund that it refused for good; the reason goes into the audit log. */
import { refundAgain } from '@walnut-live/contracts';
import { useErrorText, useToast } from '@walnut-live/ui';
import { Button, Input, Modal } from 'antd';
import { type ReactNode, useState } from 'react';
import { useAction } from '../../data/use-call.ts';
import { usePaymentT } from './messages.ts';

const SHORTEST_REASON = 2;
const LONGEST_REASON = 200;

export const RefundAgain = ({ paymentId }: { paymentId: string }): ReactNode => {
  const t = usePaymentT();
  const toast = useToast();
  const errorText = useErrorText();
  const [isOpen, setOpen] = useState(false);
  const [reason, setReason] = useState('');
  const again = useAction(refundAgain, ['payments.record', 'payments.list']);
  const send = async (): Promise<void> => {
    try {
      const { no } = await again.mutateAsync({ params: { paymentId }, body: { reason: reason.trim() } });
      toast(t('again.done', { no }), { tone: 'success' });
      setOpen(false);
      setReason('');
    } catch (error) {
      toast(errorText(error), { tone: 'error' });
    }
  };
  return (
    <>
      <Button danger onClick={() => setOpen(true)} data-testid="refund-again">
        {t('again.do')}
      </Button>
      <Modal
        open={isOpen}
        title={t('again.title')}
        okText={t('again.do')}
        okButtonProps={{ disabled: reason.trim().length < SHORTEST_REASON }}
        confirmLoading={again.isPending}
        onOk={() => void send()}
        onCancel={() => setOpen(false)}
      >
        <p>{t('again.body')}</p>
        <Input.TextArea
          value={reason}
          maxLength={LONGEST_REASON}
          aria-label={t('again.reason')}
          placeholder={t('again.reason')}
          onChange={(event) => setReason(event.target.value)}
        />
      </Modal>
    </>
  );
};
