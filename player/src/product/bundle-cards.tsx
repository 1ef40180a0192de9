import type { BundleView } from '@walnut-live/contracts';
import { Button, Countdown, Price, useFormat } from '@walnut-live/ui';
import { Fragment, type ReactNode } from 'react';
import { bundlesLeft } from './bundle-item.ts';
import { useProductT } from './messages.ts';
import './product.css';

/** Below this the number is told. */
const FEW = 20;

/** Bundles that a product is part of. */
export const BundleCards = ({
  bundles,
  now,
  serverOffsetMs,
  disabled,
  onBuy,
}: {
  bundles: readonly BundleView[];
  now: number;
  serverOffsetMs: number;
  disabled: boolean;
  onBuy: (bundle: BundleView) => void;
}): ReactNode => {
  const t = useProductT();
  const format = useFormat();
  const open = bundles.filter(({ endsAt }) => Date.parse(endsAt) > now);
  if (open.length === 0) return null;
  return (
    <section>
      <h4 className="pl-label">{t('bundle.title')}</h4>
      {open.map((bundle) => {
        const left = bundlesLeft(bundle);
        const soon = Date.parse(bundle.startsAt) > now;
        const saved = bundle.shelfFen - bundle.priceFen;
        return (
          <article key={bundle.id} className="pl-bundle" data-testid="bundle">
            <div className="pl-bundle-parts">
              {bundle.parts.map(({ skuId, pictureUrl, title, quantity }, n) => (
                <Fragment key={skuId}>
                  {n > 0 && <span aria-hidden="true">+</span>}
                  <figure>
                    <img src={pictureUrl} alt="" width={64} height={64} />
                    <figcaption>
                      {title} × {quantity}
                    </figcaption>
                  </figure>
                </Fragment>
              ))}
            </div>
            <div className="pl-bundle-foot">
              <p>
                <b>{bundle.title}</b>
                <Price fen={bundle.priceFen} size="m" />
                <small>
                  {t('bundle.apart', { price: format.money(bundle.shelfFen, { fen: 'trim' }) })}
                  {saved > 0 && ` · ${t('bundle.save', { price: format.money(saved, { fen: 'trim' }) })}`}
                  {left > 0 && left <= FEW && ` · ${t('bundle.left', { count: left })}`}
                </small>
              </p>
              {soon ? (
                <Countdown look="text" until={bundle.startsAt} serverOffsetMs={serverOffsetMs} />
              ) : (
                <Button
                  variant="hot"
                  disabled={disabled || left === 0}
                  onClick={() => onBuy(bundle)}
                  data-testid="bundle-buy"
                >
                  {left === 0 ? t('bundle.soldOut') : t('bundle.buy')}
                </Button>
              )}
            </div>
          </article>
        );
      })}
    </section>
  );
};
