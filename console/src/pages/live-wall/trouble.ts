import { useErrorText } from '@walnut-live/ui';
import { useT } from '../../i18n/index.ts';

/** A trouble is one of the wall's own or any error code. */
export const useTroubleText = (): ((trouble: string) => string) => {
  const t = useT();
  const errorText = useErrorText();
  return (trouble) => {
    if (trouble === 'no_picture' || trouble === 'host_reconnecting' || trouble === 'no_viewers')
      return t(`trouble.${trouble}`);
    return errorText(trouble);
  };
};
