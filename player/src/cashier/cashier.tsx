/**
 * The cashier of one order or top-up: a way to pay is chosen, begun, and its outcome asked of the server. Whatever a provider's
 * page or bridge says on the way back is a hint to ask, never an outcome.
 */
import {
  type PaymentMethod,
  type SandboxCallback,
  settleSandbox,
  startPaymentBy,
  tellWechatCode,
} from '@walnut-live/contracts';
import { isApiError } from '@walnut-live/live-client/http';
import { Button, Countdown, ErrorState, Price, Skeleton, useErrorText, useFormat } from '@walnut-live/ui';
import { ShieldAlert } from 'lucide-react';
import { type ReactNode, useEffect, useRef, useState } from 'react';
import { useServices } from '../app/services.tsx';
import { playerI18n } from '../i18n/messages.ts';
import { leaveFor, takeCode, takeLeft } from './leaving.ts';
import { useCashierT } from './messages.ts';
import { usePayment, type Waiting } from './use-payment.ts';
import { CallbackChoice, CodeToScan, nameOf, Underway, Ways } from './ways.tsx';
import { payByBridge } from './wechat-bridge.ts';
import './cashier.css';

/** What is under way: a code is shown, the payer is at WeChat, or the outcome is asked for. */
type Stage = { at: 'choosing' } | { at: 'scanning'; code: string } | { at: 'away' } | { at: 'asking' };

export const Cashier = ({
  paymentId: first,
  onPaid,
  onLater,
}: {
  paymentId: string;
  /** Null when coins were bought. */
  onPaid: (orderId: string | null) => void;
  onLater: () => void;
}): ReactNode => {
  const t = playerI18n.useT();
  const ct = useCashierT();
  const format = useFormat();
  const errorText = useErrorText();
  const { api, pending } = useServices();
  /** WeChat's sheets that were opened: the last one alone is listened to. */
  const sheets = useRef(0);
  const [stage, setStage] = useState<Stage>(() => (takeLeft(first) ? { at: 'away' } : { at: 'choosing' }));
  const [wanted, setWanted] = useState<PaymentMethod | null>(null);
  const [callback, setCallback] = useState<SandboxCallback>('prompt');
  const [busy, setBusy] = useState<'pay' | 'decline' | null>(null);
  const [isDeclined, setDeclined] = useState(false);
  const [isTimeOver, setTimeOver] = useState(false);
  const [problem, setProblem] = useState<string | null>(null);

  const waiting: Waiting =
    stage.at === 'asking' || isDeclined
      ? 'approved'
      : stage.at !== 'choosing'
        ? 'away'
        : isTimeOver
          ? 'time over'
          : 'no';
  const { paymentId, slip, data, methods, isCaptured, hasMoved, follow } = usePayment(first, waiting, onPaid);

  // Back from WeChat's "who is that": told once, and out of the address.
  const code = useRef(takeCode());
  const { refetch: askMethods } = methods;
  useEffect(() => {
    const told = code.current;
    code.current = null;
    if (!told) return;
    void api
      .call(tellWechatCode, { body: told })
      .catch(() => setProblem(ct('account')))
      .then(() => askMethods());
  }, [api, askMethods, ct]);

  const items = methods.data?.items ?? [];
  const chosen = items.find((one) => wanted !== null && nameOf(one) === nameOf(wanted)) ?? items[0];
  const isSandbox = chosen?.provider === 'sandbox';
  const isOver = data !== undefined && (data.state === 'closed' || (data.state === 'failed' && isTimeOver));
  const isAsking = stage.at === 'asking' || isCaptured;

  /** Begins (or goes on) in the chosen way; answers under which payment. */
  const start = async ({ provider, way }: PaymentMethod) => {
    const body = { provider, ...(way === null ? {} : { way }) };
    const started = await pending.run(`pay:${paymentId}`, body, (idempotencyKey) =>
      api.call(startPaymentBy, { params: { paymentId }, body, idempotencyKey }),
    );
    if (started.paymentId !== paymentId) follow(started.paymentId);
    return started;
  };

  const settle = async (method: PaymentMethod, outcome: 'captured' | 'failed'): Promise<void> => {
    const { paymentId: current } = await start(method);
    await api.call(settleSandbox, { params: { paymentId: current }, body: { outcome, callback } });
    if (outcome === 'captured') setStage({ at: 'asking' });
    else {
      setDeclined(true);
      setProblem(t('cashier.declined'));
    }
  };

  const payByWechat = async (method: PaymentMethod): Promise<void> => {
    if (method.askUrl !== null) return leaveFor(method.askUrl);
    const { bridge, codeUrl, cashierUrl, paymentId: current } = await start(method);
    if (codeUrl !== null) return setStage({ at: 'scanning', code: codeUrl });
    if (bridge === null) {
      setStage({ at: 'away' });
      return leaveFor(cashierUrl, current);
    }
    // WeChat's sheet may never call back: the payer is away until it does, or until they choose something else here.
    const sheet = ++sheets.current;
    setStage({ at: 'away' });
    void payByBridge(bridge).then((answer) => {
      if (sheet !== sheets.current) return;
      setStage({ at: answer === 'done' ? 'asking' : 'choosing' });
      if (answer !== 'done') setProblem(ct(answer === 'absent' ? 'noBridge' : answer));
    });
  };

  const act = async (what: 'pay' | 'decline'): Promise<void> => {
    if (!chosen) return;
    setBusy(what);
    setProblem(null);
    setDeclined(false);
    try {
      if (isSandbox) await settle(chosen, what === 'pay' ? 'captured' : 'failed');
      else await payByWechat(chosen);
    } catch (error) {
      // Paid in another way, or on another device: what it is now is asked, and shown.
      if (isApiError(error) && error.code === 'already_paid') setStage({ at: 'asking' });
      else if (isApiError(error) && error.facts.reason === 'way_refused') setProblem(ct('refusedWay'));
      else setProblem(errorText(error));
    }
    setBusy(null);
    await slip.refetch();
  };

  if (slip.isError && !data)
    return <ErrorState error={slip.error} onRetry={() => void slip.refetch()} retrying={slip.isFetching} />;

  const amount = data ? format.money(data.amountFen) : '';
  const isChoosing = stage.at === 'choosing' && !isAsking && !isOver;
  const label = isAsking
    ? t('cashier.confirming')
    : isSandbox || !chosen
      ? t('cashier.pay')
      : ct(`go.${nameOf(chosen) as 'jsapi' | 'h5' | 'native'}`, { amount });
  const alert = isOver ? t(data.state === 'closed' ? 'cashier.closed' : 'cashier.declined') : problem;
  return (
    <>
      <div className="pl-panel-scroll pl-cashier" data-testid="cashier" data-stage={stage.at}>
        {isSandbox && (
          <p className="pl-sandbox-banner">
            <ShieldAlert size={18} aria-hidden="true" />
            {t('cashier.sandbox')}
          </p>
        )}
        {data ? (
          <>
            <p className="pl-cashier-payee">
              {data.payee}
              {(data.part === 'deposit' || data.part === 'balance') && ` · ${ct(`part.${data.part}`)}`}
            </p>
            <Price fen={data.amountFen} size="xl" tone="plain" className="pl-cashier-amount" />
            {stage.at === 'scanning' && !isOver && !isAsking ? (
              <CodeToScan code={stage.code} amountFen={data.amountFen} until={data.expiresAt} />
            ) : (
              (stage.at === 'away' || (isAsking && !isSandbox)) &&
              !isOver && <Underway kind={isAsking ? 'asking' : 'away'} />
            )}
            <dl className="pl-facts">
              <dt>{t('order.no')}</dt>
              <dd className="pl-mono">{data.orderNo}</dd>
              {isChoosing && (
                <>
                  <dt>{t('cashier.expires')}</dt>
                  <dd>
                    <Countdown
                      look="text"
                      until={data.expiresAt}
                      serverOffsetMs={api.serverNowMs() - Date.now()}
                      onEnd={() => {
                        setTimeOver(true);
                        void slip.refetch();
                      }}
                    />
                  </dd>
                </>
              )}
            </dl>
            {isChoosing && items.length > 1 && (
              <Ways methods={items} chosen={chosen} disabled={busy !== null} onChoose={setWanted} />
            )}
            {isChoosing && isSandbox && (
              <CallbackChoice chosen={callback} disabled={busy !== null} onChoose={setCallback} />
            )}
            {methods.isSuccess && items.length === 0 && <p className="pl-refusal">{ct('none')}</p>}
            {hasMoved && !isOver && !isAsking && (
              <p className="pl-fine" role="status">
                {ct('moved')}
              </p>
            )}
          </>
        ) : (
          <div aria-busy="true">
            <Skeleton lines={4} height={28} />
          </div>
        )}
        {alert && (
          <p className="pl-refusal" role="alert">
            {alert}
          </p>
        )}
      </div>
      <footer className="pl-panel-foot">
        {isChoosing || isAsking || isOver ? (
          <Button
            variant="grove"
            size="l"
            block
            loading={busy === 'pay' || (isAsking && !isOver)}
            disabled={!data || !chosen || isOver}
            data-testid="pay"
            onClick={() => void act('pay')}
          >
            {label}
          </Button>
        ) : (
          <>
            {stage.at === 'away' && (
              <Button variant="grove" size="l" block loading={busy === 'pay'} onClick={() => void act('pay')}>
                {ct('away.again')}
              </Button>
            )}
            <Button
              variant="ghost"
              block
              data-testid="pay-change"
              disabled={busy !== null}
              onClick={() => {
                sheets.current++; // what a sheet left behind answers is of no interest any more
                setStage({ at: 'choosing' });
              }}
            >
              {ct('change')}
            </Button>
          </>
        )}
        <div className="pl-cashier-more">
          {isSandbox && (
            <Button
              variant="ghost"
              loading={busy === 'decline'}
              disabled={!data || !isChoosing}
              data-testid="pay-decline"
              onClick={() => void act('decline')}
            >
              {t('cashier.decline')}
            </Button>
          )}
          <Button variant="ghost" onClick={onLater}>
            {t('cashier.later')}
          </Button>
        </div>
      </footer>
    </>
  );
};
