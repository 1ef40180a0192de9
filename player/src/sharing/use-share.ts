import { createShareLink } from '@walnut-live/contracts';
import { useErrorText, useToast } from '@walnut-live/ui';
import { useServices } from '../app/services.tsx';
import { useSharingT } from './messages.ts';
import type { Target } from './poster.tsx';

/** Hands out my own link to a target: by the phone's share sheet where there is one, else as a copy. */
export function useShare(): (target: Target, title: string) => Promise<void> {
  const t = useSharingT();
  const toast = useToast();
  const errorText = useErrorText();
  const { api } = useServices();
  return async (target, title) => {
    try {
      const link = await api.call(createShareLink, { body: { ...target, channel: 'copy' } });
      const url = new URL(link.path || link.url, location.origin).href;
      if (typeof navigator.share === 'function') await navigator.share({ title, url }).catch(() => undefined);
      else
        await navigator.clipboard.writeText(url).then(
          () => toast(t('content.copied'), { tone: 'success' }),
          () => toast(`${t('content.byHand')} ${url}`),
        );
    } catch (error) {
      toast(errorText(error), { tone: 'error' });
    }
  };
}
