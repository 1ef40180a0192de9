import { type BodyInputOf, quoteCoupons } from '@walnut-live/contracts';
import { useEffect, useState } from 'react';
import { useServices } from '../app/services.tsx';

/** While somebody changes the number of pieces. */
const QUOTE_AFTER_MS = 300;

/**
 * Ids of coupons that the server would not take off these goods for what only it knows: their lowest price (rule S6). Empty until
 * it has said so, and when it cannot be asked: the order itself says it then.
 */
export const useFloorRefusals = (asked: BodyInputOf<typeof quoteCoupons>, enabled: boolean): ReadonlySet<string> => {
  const { api } = useServices();
  const [told, setTold] = useState<{ key: string; ids: ReadonlySet<string> } | null>(null);
  const key = JSON.stringify(asked);
  useEffect(() => {
    if (!enabled) return;
    let gone = false;
    const timer = setTimeout(() => {
      void api
        .call(quoteCoupons, { body: JSON.parse(key) })
        .then(({ coupons }) => {
          const refused = coupons.filter(({ reason }) => reason === 'price_floor');
          if (!gone) setTold({ key, ids: new Set(refused.map(({ id }) => id)) });
        })
        .catch(() => undefined); // as the doc above says
    }, QUOTE_AFTER_MS);
    return () => {
      gone = true;
      clearTimeout(timer);
    };
  }, [api, key, enabled]);
  return told?.key === key ? told.ids : none;
};
const none: ReadonlySet<string> = new Set();
