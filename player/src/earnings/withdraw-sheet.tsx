/** What a withdrawal would bring, told before it is asked for: the same figures that the server then holds it to. */
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { type myPayouts, putPayoutAccount, type ReplyOf, requestPayout } from '@walnut-live/contracts';
import { isApiError } from '@walnut-live/live-client/http';
import { Button, Sheet, useErrorText, useFormat, useToast } from '@walnut-live/ui';
import { type ReactNode, useId, useState } from 'react';
import { useServices } from '../app/services.tsx';
import '../app/forms.css';
import { useEarningsT } from './messages.ts';

export type Mine = ReplyOf<typeof myPayouts>;
export type Offer = Mine['withdrawable'][number];
export const PAYOUTS_KEY = 'my-payouts';

export const WithdrawSheet = ({
  mine,
  offer,
  onClose,
}: {
  mine: Mine;
  offer: Offer;
  onClose: () => void;
}): ReactNode => {
  const t = useEarningsT();
  const format = useFormat();
  const toast = useToast();
  const errorText = useErrorText();
  const { api, pending } = useServices();
  const cache = useQueryClient();
  const again = () =>
    Promise.all([PAYOUTS_KEY, 'my-earnings', 'my-rewards'].map((key) => cache.invalidateQueries({ queryKey: [key] })));
  const ask = useMutation({
    mutationFn: () => {
      const body = { source: offer.source, expectedFen: offer.netFen };
      return pending.run('payouts.request', body, (idempotencyKey) =>
        api.call(requestPayout, { body, idempotencyKey }),
      );
    },
    onSuccess: () => {
      toast(t('withdraw.done'), { tone: 'success' });
      onClose();
    },
    onError: (error) => {
      const isOld = isApiError(error) && error.facts.reason === 'changed';
      toast(isOld ? t('withdraw.changed') : errorText(error), { tone: 'error' });
    },
    onSettled: again,
  });
  const { provider, realName } = mine.account;
  const restFen = offer.balanceFen - offer.grossFen;
  const money = (fen: number): string => format.money(fen);
  return (
    <Sheet
      open
      onClose={onClose}
      title={t('withdraw.title', { to: t(`to.${provider ?? 'wechat'}`) })}
      footer={
        <Button
          size="l"
          block
          loading={ask.isPending}
          disabled={offer.hindrance !== null}
          onClick={() => ask.mutate()}
          data-testid="withdraw-submit"
        >
          {t('withdraw.submit')}
        </Button>
      }
    >
      <div className="pl-withdraw" data-testid="withdraw-sheet">
        <p className="pl-sum-line">
          <span>{t('withdraw.gross')}</span>
          <span className="wl-number">{money(offer.grossFen)}</span>
        </p>
        {offer.withheldFen > 0 && (
          <p className="pl-sum-line">
            <span>{t('withdraw.tax')}</span>
            <span className="wl-number">{format.money(-offer.withheldFen)}</span>
          </p>
        )}
        <p className="pl-sum-line pl-withdraw-net">
          <span>{t('withdraw.net')}</span>
          <b className="wl-number" data-testid="withdraw-net">
            {money(offer.netFen)}
          </b>
        </p>
        {restFen > 0 && <p className="pl-fine">{t('withdraw.rest', { amount: money(restFen) })}</p>}
        {(offer.hindrance === 'real_name_needed' || offer.netFen >= mine.terms.realNameFromFen) && (
          <RealName name={realName} fromFen={mine.terms.realNameFromFen} done={again} />
        )}
        {offer.hindrance && <p className="pl-debt">{t(`hindrance.${offer.hindrance}`)}</p>}
        <p className="pl-fine">
          {t('withdraw.rule', {
            minimum: format.money(mine.terms.minimumFen, { fen: 'trim' }),
            cap: format.money(mine.terms.dayCapFen, { fen: 'trim' }),
            times: mine.terms.dayTransfers,
          })}
        </p>
      </div>
    </Sheet>
  );
};

const RealName = ({
  name,
  fromFen,
  done,
}: {
  name: string | null;
  fromFen: number;
  done: () => Promise<unknown>;
}): ReactNode => {
  const t = useEarningsT();
  const format = useFormat();
  const toast = useToast();
  const errorText = useErrorText();
  const { api } = useServices();
  const id = useId();
  const [text, setText] = useState('');
  const save = useMutation({
    mutationFn: () => api.call(putPayoutAccount, { body: { realName: text.trim() } }),
    onSuccess: done,
    onError: (error) => toast(errorText(error), { tone: 'error' }),
  });
  if (name !== null) return <p className="pl-fine">{t('name.saved', { name })}</p>;
  return (
    <div className="pl-field">
      <label htmlFor={id}>{t('name')}</label>
      <input
        id={id}
        value={text}
        maxLength={40}
        autoComplete="name"
        onChange={(event) => setText(event.target.value)}
      />
      <p className="pl-fine">{t('name.hint', { from: format.money(fromFen, { fen: 'trim' }) })}</p>
      <Button variant="soft" loading={save.isPending} disabled={text.trim() === ''} onClick={() => save.mutate()}>
        {t('name.save')}
      </Button>
    </div>
  );
};
