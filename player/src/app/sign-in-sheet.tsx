import { Button, Sheet, useErrorText } from '@walnut-live/ui';
import { type FormEvent, type ReactNode, useId, useState } from 'react';
import { playerI18n } from '../i18n/messages.ts';
import { type SignInReason, useServices } from './services.tsx';
import './forms.css';

const phonePattern = /^1[3-9]\d{9}$/;

/** Sandbox identity: any phone number, no code is sent; the sheet says so. */
const SignInSheet = ({ reason, onDone }: { reason: SignInReason; onDone: (signedIn: boolean) => void }): ReactNode => {
  const t = playerI18n.useT();
  const errorText = useErrorText();
  const { api } = useServices();
  const [phone, setPhone] = useState('');
  const [name, setName] = useState('');
  const [problem, setProblem] = useState<string | null>(null);
  const [busy, setBusy] = useState(false);
  const phoneId = useId();
  const nameId = useId();
  const problemId = useId();

  const submit = async (event: FormEvent): Promise<void> => {
    event.preventDefault();
    if (busy) return;
    if (!phonePattern.test(phone)) return setProblem(t('signIn.phoneWrong'));
    setBusy(true);
    setProblem(null);
    try {
      await api.signInSandbox({ phone, ...(name.trim() ? { name: name.trim() } : {}) });
      onDone(true);
    } catch (error) {
      setProblem(errorText(error));
      setBusy(false);
    }
  };

  return (
    <Sheet open onClose={() => onDone(false)} title={t(`signIn.title.${reason}`)} wide="center">
      <form className="pl-form" onSubmit={submit} noValidate>
        <p className="pl-sandbox-note">{t('signIn.sandbox')}</p>
        <div className="pl-field">
          <label htmlFor={phoneId}>{t('signIn.phone')}</label>
          <input
            id={phoneId}
            data-testid="sign-in-phone"
            type="tel"
            inputMode="numeric"
            autoComplete="tel-national"
            maxLength={11}
            placeholder="13800000000"
            value={phone}
            aria-invalid={problem !== null}
            aria-describedby={problem ? problemId : undefined}
            onChange={(event) => setPhone(event.target.value.replace(/\D/g, ''))}
          />
        </div>
        <div className="pl-field">
          <label htmlFor={nameId}>
            {t('signIn.name')} <small>{t('common.optional')}</small>
          </label>
          <input
            id={nameId}
            data-testid="sign-in-name"
            autoComplete="nickname"
            maxLength={24}
            placeholder={t('signIn.namePlaceholder')}
            value={name}
            onChange={(event) => setName(event.target.value)}
          />
        </div>
        {problem && (
          <p id={problemId} className="pl-problem" role="alert">
            {problem}
          </p>
        )}
        <Button type="submit" size="l" block loading={busy} data-testid="sign-in-submit">
          {t('signIn.submit')}
        </Button>
      </form>
    </Sheet>
  );
};

export default SignInSheet;
