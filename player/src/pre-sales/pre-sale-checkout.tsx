import { type PreSaleReason, type PreSaleTerms, preSaleReasons } from '@walnut-live/contracts';
import { isApiError } from '@walnut-live/live-client/http';
import { Button, Price, QuantityStepper, useErrorText, useFormat } from '@walnut-live/ui';
import { type ReactNode, useState } from 'react';
import { useServices } from '../app/services.tsx';
import { useWhere } from '../delivery/use-where.tsx';
import { placeOnce } from '../purchase/place-order.ts';
import { usePreSaleT } from './messages.ts';
import { inAllFen, sumsOf } from './sums.ts';
import './pre-sales.css';

const reasonOf = (error: unknown): PreSaleReason | undefined =>
  isApiError(error, 'pre_sale_not_open') ? preSaleReasons.find((reason) => reason === error.facts.reason) : undefined;

/** How many, where they go, what is paid now and what later; places the order once its buyer has accepted the rule. */
export const PreSaleCheckout = ({
  roomId,
  terms,
  onPlaced,
  onBack,
}: {
  roomId: string;
  terms: PreSaleTerms & { left: number | null };
  onPlaced: (order: { orderId: string; paymentId: string | null }) => void;
  onBack: () => void;
}): ReactNode => {
  const t = usePreSaleT();
  const format = useFormat();
  const errorText = useErrorText();
  const services = useServices();
  const [quantity, setQuantity] = useState(1);
  const [accepted, setAccepted] = useState(false);
  const [isAsked, setAsked] = useState(false);
  const [failure, setFailure] = useState<unknown>(null);
  const [busy, setBusy] = useState(false);
  const most = Math.min(terms.perPerson, terms.left ?? terms.perPerson);
  const lines = [{ skuId: terms.sku.id, quantity }];
  const where = useWhere({ roomId, lines, goodsFen: inAllFen(terms) * quantity, disabled: busy });
  const { shippingFen } = where;
  const sums = sumsOf(terms, quantity, shippingFen ?? 0);

  const submit = async (): Promise<void> => {
    if (busy) return;
    const taken = where.take();
    setAsked(!accepted);
    if (!taken || !accepted) return;
    setBusy(true);
    setFailure(null);
    try {
      if (!(await services.requireConsumer('buy'))) return setBusy(false);
      const { order } = await placeOnce(services, {
        ...{ roomId, ...taken, preSale: { campaignId: terms.id, ruleAccepted: true } },
        lines: [{ skuId: terms.sku.id, quantity, seenPriceFen: terms.priceFen }],
      });
      onPlaced({ orderId: order.id, paymentId: order.payment?.id ?? null });
    } catch (error) {
      if (where.refusal(error) !== null) where.askAgain();
      setFailure(error);
      setBusy(false);
    }
  };

  const reason = reasonOf(failure);
  const times = { from: format.dateTime(terms.balanceFrom), until: format.dateTime(terms.balanceUntil) };
  return (
    <div className="pl-presale-checkout" data-testid="pre-sale-checkout">
      <section className="pl-card">
        <div className="pl-presale-item">
          <img src={terms.product.pictureUrl} alt="" width={64} height={64} />
          <div>
            <p className="pl-presale-name">{terms.product.title}</p>
            <p className="pl-fine">{terms.sku.name}</p>
            <Price fen={terms.priceFen} />
          </div>
        </div>
        {most > 1 && (
          <div className="pl-quantity">
            <span className="pl-label">{t('quantity')}</span>
            <QuantityStepper value={Math.min(quantity, most)} max={most} disabled={busy} onChange={setQuantity} />
          </div>
        )}
      </section>
      {where.section}
      {failure !== null && (
        <div className="pl-refusal" role="alert" data-testid="pre-sale-refusal">
          {reason ? t(`reason.${reason}`) : (where.refusal(failure) ?? errorText(failure))}
        </div>
      )}
      <section className="pl-card pl-sum">
        <Row label={t('goods')}>{format.money(sums.goodsFen)}</Row>
        {sums.swellFen > 0 && <Row label={t('swell')}>{format.money(-sums.swellFen)}</Row>}
        <Row
          label={
            <>
              {t('shipping')} {where.freeHint && <small>{where.freeHint}</small>}
            </>
          }
        >
          {typeof shippingFen !== 'number'
            ? t('shippingLater')
            : shippingFen === 0
              ? t('shippingFree')
              : format.money(shippingFen)}
        </Row>
        <p className="pl-sum-total">
          <span>{t('total')}</span>
          <span className="wl-number">{format.money(sums.totalFen)}</span>
        </p>
      </section>
      <ol className="pl-card pl-presale-parts">
        <li data-now>
          <span>
            <b>{t('now')}</b>
          </span>
          <b className="wl-number" data-testid="pre-sale-deposit">
            {format.money(sums.depositFen)}
          </b>
        </li>
        <li>
          <span>
            <b>{t('later')}</b>
            <small>{t('window', times)}</small>
          </span>
          <b className="wl-number" data-testid="pre-sale-balance">
            {format.money(sums.balanceFen)}
          </b>
        </li>
        <li>
          <span>
            <b>{t('ships')}</b>
          </span>
          <span>{t('shipsBy', { time: format.dateTime(terms.shipsBy) })}</span>
        </li>
      </ol>
      <label className="pl-presale-rule" data-asked={isAsked || undefined}>
        <input
          type="checkbox"
          checked={accepted}
          disabled={busy}
          data-testid="pre-sale-accept"
          onChange={(event) => {
            setAccepted(event.target.checked);
            setAsked(false);
          }}
        />
        <span>{t('rule', { ...times, unpaid: t(terms.keepsDeposit ? 'rule.kept' : 'rule.returned') })}</span>
      </label>
      {isAsked && (
        <p className="pl-problem" role="alert">
          {t('rule.ask')}
        </p>
      )}
      <div className="pl-presale-actions">
        <Button size="l" variant="ghost" onClick={onBack}>
          {t('back')}
        </Button>
        <Button
          size="l"
          variant="hot"
          loading={busy}
          disabled={where.isRefused || where.isPending}
          onClick={() => void submit()}
          data-testid="pre-sale-place"
        >
          {t('pay', { amount: format.money(sums.depositFen, { fen: 'trim' }) })}
        </Button>
      </div>
    </div>
  );
};

const Row = ({ label, children }: { label: ReactNode; children: ReactNode }): ReactNode => (
  <p>
    <span>{label}</span>
    <span className="wl-number">{children}</span>
  </p>
);
