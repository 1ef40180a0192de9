import { useErrorText, useToast } from '@walnut-live/ui';
import { useState } from 'react';

/** One piece of work at a time; what goes wrong is said. */
export const useRun = () => {
  const toast = useToast();
  const errorText = useErrorText();
  const [busy, setBusy] = useState(false);
  const run = async (work: () => Promise<unknown>): Promise<void> => {
    if (busy) return;
    setBusy(true);
    try {
      await work();
    } catch (error) {
      toast(errorText(error), { tone: 'error' });
    } finally {
      setBusy(false);
    }
  };
  return { busy, run };
};
