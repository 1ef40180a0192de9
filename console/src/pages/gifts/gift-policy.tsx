import { getGiftPolicy, putGiftPolicy, type ReplyOf } from '@walnut-live/contracts';
import { Skeleton, useErrorText, useFormat, useToast } from '@walnut-live/ui';
import { Button, InputNumber } from 'antd';
import { type FormEvent, type ReactNode, useId, useState } from 'react';
import { useSession } from '../../app/session.tsx';
import { useAction, useCall } from '../../data/use-call.ts';
import { AsyncView } from '../../shared/async-view.tsx';
import { Panel } from '../../shared/page.tsx';
import { useGiftT } from './messages.ts';

type Policy = ReplyOf<typeof getGiftPolicy>;
const BPS_PER_PERCENT = 100;
const WHOLE_BPS = 10_000;

export const GiftPolicy = (): ReactNode => {
  const query = useCall(getGiftPolicy, {});
  return (
    <Panel>
      <AsyncView query={query} skeleton={<Skeleton lines={7} height={32} />}>
        {(policy) => <PolicyForm key={policy.version} policy={policy} />}
      </AsyncView>
    </Panel>
  );
};

const fields = [
  ['coolingSeconds', 'seconds', 3, 300, 1],
  ['perGiftCapCoins', 'perGift', 1, 100_000_000, 1],
  ['dayCapCoins', 'day', 1, 100_000_000, 1],
  ['monthCapCoins', 'month', 1, 100_000_000, 1],
  ['brandBps', 'bps.brand', 0, WHOLE_BPS, BPS_PER_PERCENT],
  ['storeBps', 'bps.store', 0, WHOLE_BPS, BPS_PER_PERCENT],
  ['guideBps', 'bps.guide', 0, WHOLE_BPS, BPS_PER_PERCENT],
] as const;

/** A new version of the rules (rule G1: caps and cooling; M4: shares that are a whole). */
const PolicyForm = ({ policy }: { policy: Policy }): ReactNode => {
  const t = useGiftT();
  const format = useFormat();
  const toast = useToast();
  const errorText = useErrorText();
  const formId = useId();
  const mayWrite = useSession().may('gifts:write');
  const action = useAction(putGiftPolicy, [getGiftPolicy.id]);
  const { version, effectiveFrom, ...now } = policy;
  const [terms, setTerms] = useState(now);
  const sum = terms.brandBps + terms.storeBps + terms.guideBps;
  const problem =
    sum !== WHOLE_BPS
      ? t('shares.sum', { sum: sum / BPS_PER_PERCENT })
      : terms.perGiftCapCoins > terms.dayCapCoins || terms.dayCapCoins > terms.monthCapCoins
        ? t('caps.order')
        : null;
  const changed = fields.some(([name]) => terms[name] !== now[name]);

  const submit = (event: FormEvent): void => {
    event.preventDefault();
    if (problem || !changed) return;
    action.mutate(
      { body: terms },
      {
        onSuccess: () => toast(t('saved'), { tone: 'success' }),
        onError: (error) => toast(errorText(error), { tone: 'error' }),
      },
    );
  };

  return (
    <form className="co-gift-policy" onSubmit={submit} data-testid="gift-policy">
      <p className="co-page-hint">{t('policy.hint', { version, time: format.dateTime(effectiveFrom) })}</p>
      <div className="co-gift-fields">
        {fields.map(([name, label, min, max, scale]) => (
          <label key={name} htmlFor={`${formId}-${name}`}>
            <span>{t(label)}</span>
            <InputNumber
              id={`${formId}-${name}`}
              min={min / scale}
              max={max / scale}
              precision={scale === 1 ? 0 : 2}
              disabled={!mayWrite}
              value={terms[name] / scale}
              onChange={(value) => value !== null && setTerms({ ...terms, [name]: Math.round(value * scale) })}
            />
          </label>
        ))}
      </div>
      {problem && (
        <p className="co-minus" role="alert">
          {problem}
        </p>
      )}
      {mayWrite ? (
        <Button
          type="primary"
          htmlType="submit"
          disabled={problem !== null || !changed}
          loading={action.isPending}
          data-testid="gift-policy-save"
        >
          {t('save')}
        </Button>
      ) : (
        <p className="co-page-hint">{t('policy.readOnly')}</p>
      )}
    </form>
  );
};
