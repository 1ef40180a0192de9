import type { GiftReceipt } from '@walnut-live/contracts';
import { isApiError, randomId } from '@walnut-live/live-client/http';
import { useErrorText, useFormat, useToast } from '@walnut-live/ui';
import {
  createContext,
  type ReactNode,
  useContext,
  useEffect,
  useMemo,
  useRef,
  useState,
  useSyncExternalStore,
} from 'react';
import { useServices } from '../app/services.tsx';
import { useRoomHandle } from '../room/use-room.ts';
import { createGiving, type Giving, type GivingState } from './giving.ts';
import { useGiftT } from './messages.ts';

/** What stands in the way of a gift and is mended in the sheet. */
export type Need = 'coins' | 'adult' | 'prices';
export type Gifts = {
  giving: Giving;
  need: Need | null;
  setNeed: (need: Need | null) => void;
  open: boolean;
  setOpen: (open: boolean) => void;
};

const GiftsContext = createContext<Gifts | null>(null);

/** What a receipt or a refusal says to the person, whether the sheet is open or not. */
const useWords = () => {
  const t = useGiftT();
  const format = useFormat();
  const toast = useToast();
  const errorText = useErrorText();
  const capText = (error: unknown): string | null => {
    const facts = isApiError(error, 'gift_cap_reached') ? error.facts : undefined;
    const cap = facts?.cap;
    if (cap !== 'gift' && cap !== 'day' && cap !== 'month') return null;
    const values = { cap: format.count(Number(facts?.capCoins)), used: format.count(Number(facts?.usedCoins)) };
    return cap === 'gift' ? t('cap.gift', { cap: values.cap }) : t(`cap.${cap}`, values);
  };
  return {
    receipt: ({ notice, usage }: GiftReceipt): void => {
      if (notice === null) return;
      const { usedCoins, capCoins } = notice === 'day_half' ? usage.day : usage.month;
      toast(t(`notice.${notice}`, { used: format.count(usedCoins), cap: format.count(capCoins) }), {
        durationMs: 5_000,
      });
    },
    refusal: (error: unknown): void => {
      const text = isApiError(error, 'price_changed') ? t('priceChanged') : (capText(error) ?? errorText(error));
      toast(text, { tone: 'error' });
    },
  };
};

export const GivingProvider = ({ children }: { children: ReactNode }): ReactNode => {
  const { api } = useServices();
  const session = useRoomHandle();
  const words = useWords();
  const latest = useRef(words);
  latest.current = words;
  const [need, setNeed] = useState<Need | null>(null);
  const [open, setOpen] = useState(false);
  const giving = useMemo(
    () =>
      createGiving({
        api,
        roomId: session.roomId,
        nowMs: session.serverNowMs,
        newId: randomId,
        onReceipt: (receipt) => latest.current.receipt(receipt),
        onRefused: (error) => {
          latest.current.refusal(error);
          if (isApiError(error, 'insufficient_coins')) setNeed('coins');
          else if (isApiError(error, 'adult_check_needed')) setNeed('adult');
          else if (isApiError(error, 'price_changed') || isApiError(error, 'gone')) setNeed('prices');
        },
      }),
    [api, session],
  );
  useEffect(() => giving.close, [giving]);
  const gifts = useMemo(() => ({ giving, need, setNeed, open, setOpen }), [giving, need, open]);
  return <GiftsContext value={gifts}>{children}</GiftsContext>;
};

export const useGifts = (): Gifts => {
  const gifts = useContext(GiftsContext);
  if (!gifts) throw new Error('GivingProvider is missing');
  return gifts;
};

export const useGiving = <Part,>(selector: (state: GivingState) => Part): Part => {
  const { giving } = useGifts();
  return useSyncExternalStore(giving.subscribe, () => selector(giving.get()));
};
