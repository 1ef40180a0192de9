import type { Me } from '@walnut-live/contracts';
import { useEffect, useState } from 'react';
import { useMe, useServices } from '../app/services.tsx';

/** Restores this browser's session; `undefined` while it is asked, null if the api cannot be reached. */
export const usePerson = (): Me | null | undefined => {
  const { api } = useServices();
  const me = useMe();
  const [failed, setFailed] = useState(false);
  useEffect(() => {
    if (!me) void api.ensureSession().catch(() => setFailed(true));
  }, [api, me]);
  return me ?? (failed ? null : undefined);
};
