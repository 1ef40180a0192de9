import { useErrorText, useLocale, useToast } from '@walnut-live/ui';
import type { ReactNode } from 'react';
import { useServerNow } from '../room/use-room.ts';
import { lastBurst } from './giving.ts';
import { useGifts, useGiving } from './giving-provider.tsx';
import { useGiftT } from './messages.ts';

/** What was just given, and for how long it can be taken back (rule G1). */
const Undo = (): ReactNode => {
  const t = useGiftT();
  const { locale } = useLocale();
  const toast = useToast();
  const errorText = useErrorText();
  const { giving } = useGifts();
  const cooling = useGiving((state) => state.cooling);
  const takingBack = useGiving((state) => state.takingBack);
  const now = useServerNow(250);
  const burst = lastBurst(cooling, now);
  const first = burst[0];
  if (!first) return null;
  const pieces = burst.reduce((sum, { quantity }) => sum + quantity, 0);
  const seconds = Math.max(1, Math.ceil((Math.max(...burst.map(({ untilMs }) => untilMs)) - now) / 1_000));
  const takeBack = async (): Promise<void> => {
    try {
      const coins = await giving.takeBack();
      if (coins > 0) toast(t('undo.done', { count: coins }), { tone: 'success' });
    } catch (error) {
      toast(errorText(error), { tone: 'error' });
    }
  };
  return (
    <div className="pl-gift-undo" data-testid="gift-undo">
      <img src={first.gift.pictureUrl} alt="" width="28" height="28" />
      <span className="pl-gift-undo-text">
        {t('sent', { gift: locale === 'en' ? first.gift.nameEn : first.gift.name, count: pieces })}
      </span>
      <button type="button" disabled={takingBack} onClick={() => void takeBack()} data-testid="gift-take-back">
        {t('undo', { seconds })}
      </button>
    </div>
  );
};

export const UndoBar = (): ReactNode => (useGiving((state) => state.cooling.length) > 0 ? <Undo /> : null);
