import { useErrorText } from '@walnut-live/ui';
import { useT } from '../../i18n/index.ts';

const own = ['no_picture', 'host_reconnecting', 'bad_network', 'no_viewers'] as const;
const isOwn = (trouble: string): trouble is (typeof own)[number] => (own as readonly string[]).includes(trouble);

/** A trouble is one of the wall's own or any error code. */
export const useTroubleText = (): ((trouble: string) => string) => {
  const t = useT();
  const errorText = useErrorText();
  return (trouble) => {
    if (isOwn(trouble)) return t(`trouble.${trouble}`);
    return errorText(trouble);
  };
};
