import { type getWallet, type ReplyOf, topUpWallet } from '@walnut-live/contracts';
import { Button, useErrorText, useFormat } from '@walnut-live/ui';
import { type ReactNode, useState } from 'react';
import { useServices } from '../app/services.tsx';
import { CoinIcon } from './coin-icon.tsx';
import { useGiftT } from './messages.ts';

type Wallet = ReplyOf<typeof getWallet>;

/** Coins by the package, at the published rate. */
export const CoinShop = ({
  wallet,
  onCashier,
}: {
  wallet: Wallet;
  onCashier: (paymentId: string) => void;
}): ReactNode => {
  const t = useGiftT();
  const format = useFormat();
  const errorText = useErrorText();
  const { api, pending } = useServices();
  const [chosen, setChosen] = useState(wallet.packages[1]?.id ?? wallet.packages[0]?.id ?? '');
  const [busy, setBusy] = useState(false);
  const [problem, setProblem] = useState<string | null>(null);
  const pack = wallet.packages.find(({ id }) => id === chosen);

  const buy = async (): Promise<void> => {
    if (!pack) return;
    setBusy(true);
    setProblem(null);
    try {
      const body = { packageId: pack.id as 'yuan-6' };
      const { paymentId } = await pending.run('coins', body, (idempotencyKey) =>
        api.call(topUpWallet, { body, idempotencyKey }),
      );
      onCashier(paymentId);
    } catch (error) {
      setProblem(errorText(error));
    }
    setBusy(false);
  };

  return (
    <div className="pl-coins">
      <p className="pl-coins-balance">
        <CoinIcon size={22} />
        <span>{t('balance')}</span>
        <b className="wl-number">{format.number(wallet.coins)}</b>
      </p>
      <div className="pl-coin-packs" role="radiogroup" aria-label={t('coins.title')}>
        {wallet.packages.map(({ id, coins, priceFen }) => (
          // biome-ignore lint/a11y/useSemanticElements: a card is the radio
          <button
            key={id}
            type="button"
            role="radio"
            aria-checked={id === chosen}
            data-testid={`coins-${id}`}
            onClick={() => setChosen(id)}
          >
            <span className="pl-coin-pack-coins wl-number">
              <CoinIcon size={18} />
              {format.number(coins)}
            </span>
            <span className="wl-number">{format.money(priceFen, { fen: 'trim' })}</span>
          </button>
        ))}
      </div>
      <p className="pl-fine">{t('coins.rate', { count: 100 / wallet.fenPerCoin })}</p>
      {problem && (
        <p className="pl-problem" role="alert">
          {problem}
        </p>
      )}
      <Button
        variant="hot"
        size="l"
        block
        loading={busy}
        disabled={!pack}
        data-testid="coins-buy"
        onClick={() => void buy()}
      >
        {t('coins.pay', { price: pack ? format.money(pack.priceFen, { fen: 'trim' }) : '' })}
      </Button>
    </div>
  );
};
