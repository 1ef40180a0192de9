import type { ReactNode } from 'react';
import { type Fen, formatMoney, splitMoney } from '../format/format.ts';
import { useLocale } from '../i18n/locale-provider.tsx';
import { uiI18n } from '../i18n/ui-messages.ts';
import { cx } from './class-names.ts';

export type PriceProps = {
  /** Integer fen. */
  fen: Fen;
  /** Earlier price, shown struck through; only with a stated basis (rule Z4). Hidden when not higher than `fen`. */
  struckFen?: Fen | null;
  size?: 's' | 'm' | 'l' | 'xl';
  /** `hot` for a live price, `plain` for ordinary ones. */
  tone?: 'hot' | 'plain';
  className?: string;
};

/** Small ¥ and fen around large yuan; read aloud as one amount. */
export const Price = ({ fen, struckFen, size = 'm', tone = 'hot', className }: PriceProps): ReactNode => {
  const { locale } = useLocale();
  const t = uiI18n.useT();
  const parts = splitMoney(fen);
  const struck = struckFen !== null && struckFen !== undefined && BigInt(struckFen) > BigInt(fen) ? struckFen : null;
  const spoken = formatMoney(fen, locale);
  return (
    <span className={cx('wl-price', `wl-price-${size}`, `wl-price-${tone}`, className)}>
      <span className="wl-visually-hidden">{struck === null ? spoken : t('price.now', { price: spoken })}</span>
      <span className="wl-price-now" aria-hidden="true">
        {parts.negative && '−'}
        <span className="wl-price-sign">¥</span>
        <span className="wl-price-yuan">{parts.yuan}</span>
        {parts.fen !== '00' && <span className="wl-price-fen">.{parts.fen}</span>}
      </span>
      {struck !== null && (
        <>
          <span className="wl-visually-hidden">{t('price.was', { price: formatMoney(struck, locale) })}</span>
          <s className="wl-price-was" aria-hidden="true">
            {formatMoney(struck, locale, { fen: 'trim' })}
          </s>
        </>
      )}
    </span>
  );
};
