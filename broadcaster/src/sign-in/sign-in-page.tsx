import { BrandMark, Button, IconButton, useErrorText, useLocale } from '@walnut-live/ui';
import { Eye, EyeOff } from 'lucide-react';
import { type FormEvent, type ReactNode, useId, useState } from 'react';
import { useServices } from '../app/services.tsx';
import { useT } from '../i18n/index.ts';
import { CodeSheet } from './code-sheet.tsx';
import './sign-in.css';

export const LanguageButton = (): ReactNode => {
  const t = useT();
  const { locale, setLocale } = useLocale();
  return (
    <Button
      variant="ghost"
      size="s"
      lang={locale === 'en' ? 'zh-CN' : 'en'}
      onClick={() => setLocale(locale === 'en' ? 'zh-CN' : 'en')}
    >
      {t('app.language')}
    </Button>
  );
};

export const SignInPage = (): ReactNode => {
  const { api } = useServices();
  const t = useT();
  const errorText = useErrorText();
  const [username, setUsername] = useState('');
  const [password, setPassword] = useState('');
  const [shown, setShown] = useState(false);
  const [hasCode, setHasCode] = useState(false);
  const [busy, setBusy] = useState(false);
  const [problem, setProblem] = useState<string | null>(null);
  const id = useId();

  const submit = async (event: FormEvent): Promise<void> => {
    event.preventDefault();
    if (busy) return;
    if (!username.trim() || !password) return setProblem(t('signIn.empty'));
    setBusy(true);
    setProblem(null);
    try {
      await api.signInStaff({ username: username.trim(), password });
    } catch (error) {
      setProblem(errorText(error));
    } finally {
      setBusy(false);
    }
  };

  return (
    <main className="st-signin">
      <div className="st-signin-art" aria-hidden="true">
        <img src="/pictures/room-walnut-grove.svg" alt="" />
      </div>
      <section className="st-signin-card">
        <div className="st-signin-lang">
          <LanguageButton />
        </div>
        <BrandMark size={64} />
        <h1>{t('signIn.title')}</h1>
        <p className="st-signin-lead">{t('signIn.lead')}</p>
        <form onSubmit={(event) => void submit(event)} noValidate>
          <div className="st-field">
            <label htmlFor={`${id}-username`}>{t('signIn.username')}</label>
            <input
              id={`${id}-username`}
              className="st-input"
              value={username}
              onChange={(event) => setUsername(event.target.value)}
              autoComplete="username"
              autoCapitalize="none"
              spellCheck={false}
              maxLength={64}
            />
          </div>
          <div className="st-field">
            <label htmlFor={`${id}-password`}>{t('signIn.password')}</label>
            <div className="st-input-with">
              <input
                id={`${id}-password`}
                className="st-input"
                type={shown ? 'text' : 'password'}
                value={password}
                onChange={(event) => setPassword(event.target.value)}
                autoComplete="current-password"
                maxLength={200}
              />
              <IconButton
                label={t(shown ? 'signIn.hidePassword' : 'signIn.showPassword')}
                icon={shown ? <EyeOff aria-hidden /> : <Eye aria-hidden />}
                onClick={() => setShown(!shown)}
              />
            </div>
          </div>
          <p className="st-problem" role="alert">
            {problem}
          </p>
          <Button type="submit" size="l" block loading={busy}>
            {t('signIn.submit')}
          </Button>
        </form>
        <Button variant="ghost" block onClick={() => setHasCode(true)} data-testid="sign-in-code">
          {t('code.open')}
        </Button>
        {hasCode && (
          <CodeSheet
            username={username}
            onClose={() => setHasCode(false)}
            onSet={(name, chosen) => {
              setUsername(name);
              setPassword(chosen);
              setProblem(null);
              setHasCode(false);
            }}
          />
        )}
      </section>
    </main>
  );
};
