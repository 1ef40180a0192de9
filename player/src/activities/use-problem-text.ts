import { isApiError } from '@walnut-live/live-client/http';
import { useErrorText } from '@walnut-live/ui';
import { useActivityT } from './messages.ts';

/** The words for a refusal: some codes mean something of their own here. */
export const useProblemText = (): ((error: unknown) => string) => {
  const t = useActivityT();
  const errorText = useErrorText();
  return (error) => {
    if (isApiError(error, 'too_late')) return t('poll.tooLate');
    if (isApiError(error, 'gone')) return t('chain.gone');
    if (isApiError(error, 'state_conflict')) return t('over');
    return errorText(error);
  };
};
