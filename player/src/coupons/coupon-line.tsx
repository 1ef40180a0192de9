import { type Coupon, claimCoupon, type OpenCoupon, openCoupons } from '@walnut-live/contracts';
import { Button, cx, useErrorText, useFormat, useToast } from '@walnut-live/ui';
import { ChevronDown, TicketPercent } from 'lucide-react';
import { type ReactNode, useEffect, useId, useState } from 'react';
import { useServices } from '../app/services.tsx';
import { useRoom } from '../room/use-room.ts';
import { afterTap, bestCoupons, type CouponChoice, isUsable, type Shipping, sumOf } from './choice.ts';
import { useCouponT } from './messages.ts';
import './coupons.css';

/** One coupon to choose, or why not now. */
const Option = ({
  coupon,
  note,
  checked,
  disabled,
  onChoose,
}: {
  coupon: Coupon;
  note: string | null;
  checked: boolean;
  disabled: boolean;
  onChoose: () => void;
}): ReactNode => {
  const t = useCouponT();
  const format = useFormat();
  return (
    <label className={cx('pl-coupon-option', disabled && 'pl-coupon-off')}>
      <input
        type="checkbox"
        name="coupon"
        checked={checked}
        disabled={disabled}
        onChange={onChoose}
        value={coupon.id}
      />
      <b className="pl-coupon-money wl-number">{format.money(coupon.offFen, { fen: 'trim' })}</b>
      <span className="pl-coupon-text">
        <span>{coupon.title}</span>
        <small>{t('until', { date: format.date(coupon.expiresAt) })}</small>
        {note !== null && <small>{note}</small>}
      </span>
    </label>
  );
};

/** What anybody can claim in this store, asked for when the list is opened. */
const Claimable = ({ onClaimed }: { onClaimed: () => void }): ReactNode => {
  const t = useCouponT();
  const format = useFormat();
  const toast = useToast();
  const errorText = useErrorText();
  const { api, pending } = useServices();
  const roomId = useRoom((state) => state.roomId);
  const [open, setOpen] = useState<readonly OpenCoupon[]>([]);
  const [busy, setBusy] = useState<string | null>(null);
  useEffect(() => {
    let gone = false;
    void api
      .call(openCoupons, { query: { roomId } })
      .then(({ items }) => void (gone || setOpen(items.filter(({ claimable }) => claimable))))
      .catch(() => undefined); // an offer, nothing that is missed
    return () => {
      gone = true;
    };
  }, [api, roomId]);
  const claim = async (kindId: string): Promise<void> => {
    if (busy !== null) return;
    setBusy(kindId);
    try {
      await pending.run(`coupon:${kindId}`, { kindId }, (idempotencyKey) =>
        api.call(claimCoupon, { body: { kindId }, idempotencyKey }),
      );
      toast(t('pay.claimed'), { tone: 'success' });
      setOpen((before) => before.filter((one) => one.kindId !== kindId));
      onClaimed();
    } catch (error) {
      toast(errorText(error), { tone: 'error' });
    } finally {
      setBusy(null);
    }
  };
  if (open.length === 0) return null;
  return (
    <div className="pl-coupon-claims">
      <p className="pl-label">{t('pay.open')}</p>
      {open.map((one) => (
        <p key={one.kindId} className="pl-coupon-option">
          <b className="pl-coupon-money wl-number">{format.money(one.offFen, { fen: 'trim' })}</b>
          <span className="pl-coupon-text">
            <span>{one.title}</span>
            <small>{t('drop.left', { count: format.count(one.left) })}</small>
          </span>
          <Button loading={busy === one.kindId} onClick={() => void claim(one.kindId)} data-testid="claim-coupon">
            {t('pay.claim')}
          </Button>
        </p>
      ))}
    </div>
  );
};

/** The coupons of a checkout: chosen by themselves, can be changed or left out; the list opens under the line. */
export const CouponLine = ({
  coupons,
  tooLow,
  goodsFen,
  shipping,
  now,
  chosen,
  disabled,
  onChoose,
  onClaimed,
}: {
  coupons: readonly Coupon[];
  /** Of these, those that would take the goods below their lowest price. */
  tooLow: ReadonlySet<string>;
  goodsFen: number;
  shipping: Shipping;
  /** Server time. */
  now: number;
  chosen: readonly Coupon[];
  disabled: boolean;
  onChoose: (choice: CouponChoice) => void;
  onClaimed: () => void;
}): ReactNode => {
  const t = useCouponT();
  const format = useFormat();
  const [open, setOpen] = useState(false);
  const listId = useId();
  const fits = (coupon: Coupon): boolean => isUsable(coupon, goodsFen, now) && !tooLow.has(coupon.id);
  const usable = coupons.filter(fits);
  const best = bestCoupons(usable, goodsFen, shipping, now);
  const isBest = chosen.length > 0 && best.length === chosen.length && best.every((one) => chosen.includes(one));
  const { discountFen } = sumOf(goodsFen, chosen, shipping);
  const noteOf = (coupon: Coupon): string | null => {
    if (goodsFen < coupon.minSpendFen)
      return t('pay.short', { more: format.money(coupon.minSpendFen - goodsFen, { fen: 'trim' }) });
    if (tooLow.has(coupon.id)) return t('pay.floor');
    const costlier = sumOf(goodsFen, [coupon], shipping).totalFen > sumOf(goodsFen, [], shipping).totalFen;
    if (costlier) return t('pay.costlier');
    return coupon.stacking === 'alone' ? t('pay.alone') : t('pay.stacks', { group: t(`group.${coupon.stackGroup}`) });
  };
  return (
    <section className="pl-card pl-coupon" data-testid="coupon-line" data-chosen={chosen.map(({ id }) => id).join(' ')}>
      <button
        type="button"
        className="pl-coupon-head"
        aria-expanded={open}
        aria-controls={listId}
        onClick={() => setOpen(!open)}
        data-testid="coupon-open"
      >
        <TicketPercent size={20} aria-hidden="true" />
        <span className="pl-coupon-name">
          {t('pay.title')}
          {isBest && <small>{t(chosen.length > 1 ? 'pay.savingMany' : 'pay.saving', { count: chosen.length })}</small>}
        </span>
        <span className={cx('wl-number', chosen.length > 0 && 'pl-coupon-saving')}>
          {chosen.length > 0
            ? format.money(-discountFen)
            : usable.length > 0
              ? t('pay.unused', { count: usable.length })
              : t('pay.noneUsable')}
        </span>
        <ChevronDown size={18} aria-hidden="true" className="pl-coupon-arrow" />
      </button>
      {open && (
        <fieldset id={listId} className="pl-coupon-list" disabled={disabled}>
          <legend className="wl-visually-hidden">{t('pay.yours')}</legend>
          {coupons.map((coupon) => (
            <Option
              key={coupon.id}
              coupon={coupon}
              note={noteOf(coupon)}
              checked={chosen.some(({ id }) => id === coupon.id)}
              disabled={!fits(coupon)}
              onChoose={() => onChoose(afterTap(chosen, coupon, goodsFen))}
            />
          ))}
          {coupons.length > 0 && (
            <label className="pl-coupon-option">
              <input
                type="radio"
                name="coupon-none"
                checked={chosen.length === 0}
                onChange={() => onChoose([])}
                value=""
                data-testid="coupon-none"
              />
              <span className="pl-coupon-text">{t('pay.none')}</span>
            </label>
          )}
          <Claimable onClaimed={onClaimed} />
        </fieldset>
      )}
    </section>
  );
};
