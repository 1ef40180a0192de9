import { useStaffCode as setPassword } from '@walnut-live/contracts';
import { isApiError } from '@walnut-live/live-client/http';
import { Button, Sheet, useErrorText, useToast } from '@walnut-live/ui';
import { type FormEvent, type ReactNode, useId, useState } from 'react';
import { useServices } from '../app/services.tsx';
import { useT } from '../i18n/index.ts';

const SHORTEST = 10;

/** Whoever was given a code, as every new account is, sets a password of their own with it. */
export const CodeSheet = ({
  username,
  onClose,
  onSet,
}: {
  username: string;
  onClose: () => void;
  /** With what signs in from now on. */
  onSet: (username: string, password: string) => void;
}): ReactNode => {
  const { api } = useServices();
  const t = useT();
  const toast = useToast();
  const errorText = useErrorText();
  const id = useId();
  const [name, setName] = useState(username);
  const [code, setCode] = useState('');
  const [password, setNew] = useState('');
  const [busy, setBusy] = useState(false);
  const [problem, setProblem] = useState<string | null>(null);

  const submit = async (event: FormEvent): Promise<void> => {
    event.preventDefault();
    if (busy) return;
    const body = { username: name.trim(), code: code.trim(), password };
    if (!body.username || !body.code) return setProblem(t('code.empty'));
    if (password.length < SHORTEST) return setProblem(t('code.short', { n: SHORTEST }));
    setBusy(true);
    setProblem(null);
    try {
      await api.call(setPassword, { body });
      toast(t('code.done'), { tone: 'success' });
      onSet(body.username, password);
    } catch (error) {
      // Of the three it is the code that is wrong, used or old.
      setProblem(isApiError(error, 'wrong_credentials') ? t('code.wrong') : errorText(error));
      setBusy(false);
    }
  };
  const fields = [
    {
      key: 'username',
      label: t('signIn.username'),
      value: name,
      set: setName,
      type: 'text',
      fill: 'username',
      limit: 64,
    },
    { key: 'code', label: t('code.code'), value: code, set: setCode, type: 'text', fill: 'one-time-code', limit: 20 },
    {
      ...{ key: 'password', label: t('code.password', { n: SHORTEST }), value: password, set: setNew },
      ...{ type: 'password', fill: 'new-password', limit: 200 },
    },
  ];
  return (
    <Sheet open onClose={onClose} title={t('code.title')}>
      <form onSubmit={(event) => void submit(event)} noValidate>
        <p className="st-hint">{t('code.hint')}</p>
        {fields.map(({ key, label, value, set, type, fill, limit }) => (
          <div key={key} className="st-field">
            <label htmlFor={`${id}-${key}`}>{label}</label>
            <input
              id={`${id}-${key}`}
              className="st-input"
              type={type}
              value={value}
              autoComplete={fill}
              autoCapitalize="none"
              spellCheck={false}
              maxLength={limit}
              onChange={(event) => set(event.target.value)}
              data-testid={`code-${key}`}
            />
          </div>
        ))}
        <p className="st-problem" role="alert">
          {problem}
        </p>
        <Button type="submit" size="l" block loading={busy} data-testid="code-submit">
          {t('code.submit')}
        </Button>
      </form>
    </Sheet>
  );
};
