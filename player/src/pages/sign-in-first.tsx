import { Button, EmptyState } from '@walnut-live/ui';
import type { ReactNode } from 'react';
import { type SignInReason, useServices } from '../app/services.tsx';
import { playerI18n } from '../i18n/messages.ts';

/** A consumer's own things, while nobody has signed in. */
export const SignInFirst = ({ reason }: { reason: SignInReason }): ReactNode => {
  const t = playerI18n.useT();
  const { requireConsumer } = useServices();
  return (
    <EmptyState
      illustration="people"
      title={t('signIn.first')}
      hint={t(`signIn.title.${reason}`)}
      action={
        <Button size="l" onClick={() => void requireConsumer(reason)} data-testid="sign-in">
          {t('signIn.submit')}
        </Button>
      }
    />
  );
};
