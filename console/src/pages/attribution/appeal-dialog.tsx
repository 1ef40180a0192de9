import { appealCredit, orderCredit, sharerCredit } from '@walnut-live/contracts';
import { useFormat } from '@walnut-live/ui';
import type { ReactNode } from 'react';
import { useAction } from '../../data/use-call.ts';
import { ReasonDialog } from '../../shared/reason-dialog.tsx';
import { useAttributionT } from './messages.ts';

const MOST_CHARS = 500;

export const AppealDialog = ({
  credit,
  onClose,
}: {
  credit: { orderId: string; appealUntil: string };
  onClose: () => void;
}): ReactNode => {
  const t = useAttributionT();
  const format = useFormat();
  const appeal = useAction(appealCredit, [orderCredit.id, sharerCredit.id, 'credit-appeals.list']);
  return (
    <ReasonDialog
      title={t('appeal.do')}
      label={t('appeal.do.label')}
      hint={t('appeal.do.hint', { until: format.dateTime(credit.appealUntil) })}
      okText={t('appeal.do')}
      done={t('appeal.done')}
      most={MOST_CHARS}
      pending={appeal.isPending}
      error={appeal.error}
      onSubmit={(text) => appeal.mutateAsync({ params: { id: credit.orderId }, body: { text } })}
      onClose={onClose}
    />
  );
};
