import { approveSettlement, cancelSettlement, paySettlement, type SettlementRun } from '@walnut-live/contracts';
import { useFormat } from '@walnut-live/ui';
import type { ReactNode } from 'react';
import { useAction } from '../../data/use-call.ts';
import { ReasonDialog } from '../../shared/reason-dialog.tsx';
import { useSettlementT } from './messages.ts';
import { useConflictText } from './parts.tsx';

export type RunAct = 'approve' | 'pay' | 'cancel';

/** Acts on a run, each with a reason that stands in the audit log. */
export const RunDialog = ({
  act,
  run,
  touched,
  onClose,
}: {
  act: RunAct;
  run: SettlementRun;
  touched: readonly string[];
  onClose: () => void;
}): ReactNode => {
  const t = useSettlementT();
  const format = useFormat();
  const conflictText = useConflictText();
  const approve = useAction(approveSettlement, touched);
  const pay = useAction(paySettlement, touched);
  const cancel = useAction(cancelSettlement, touched);
  const params = { id: run.id };
  const sums = run.preview?.sums;
  const people = format.count(sums?.payPeople ?? 0);
  const shown = {
    approve: {
      action: approve,
      title: t('approve.title', { title: run.title }),
      hint: t('approve.body', {
        ...{ people, net: format.money(sums?.netFen ?? 0), tax: format.money(sums?.withheldFen ?? 0) },
      }),
      submit: (reason: string) =>
        approve.mutateAsync({ kind: run.id, params, body: { hash: run.preview?.hash ?? '', reason } }),
    },
    pay: {
      action: pay,
      title: t('pay.title', { people }),
      hint: t('pay.body'),
      submit: (reason: string) => pay.mutateAsync({ kind: run.id, params, body: { reason } }),
    },
    cancel: {
      action: cancel,
      title: t('cancel.title', { title: run.title }),
      hint: undefined,
      submit: (reason: string) => cancel.mutateAsync({ kind: run.id, params, body: { reason } }),
    },
  }[act];
  const hint = conflictText(shown.action.error) ?? shown.hint;
  return (
    <ReasonDialog
      danger={act === 'cancel'}
      title={shown.title}
      label={t(act === 'approve' ? 'approve.reason' : 'reason')}
      {...(hint === undefined ? {} : { hint })}
      okText={t(act)}
      done={t(`${act}.done`)}
      most={200}
      shortest={2}
      pending={shown.action.isPending}
      error={shown.action.error}
      onSubmit={shown.submit}
      onClose={onClose}
    />
  );
};
