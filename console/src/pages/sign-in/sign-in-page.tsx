import { GlobalOutlined, LockOutlined, UserOutlined } from '@ant-design/icons';
import type { Api } from '@walnut-live/live-client/http';
import { BrandMark, requestIdOf, useErrorText, useLocale } from '@walnut-live/ui';
import { Button, Form, Input } from 'antd';
import { type ReactNode, useState } from 'react';
import { useT } from '../../i18n/index.ts';
import { CodeDialog } from './code-dialog.tsx';
import { useCodeT } from './messages.ts';
import './sign-in.css';

type Credentials = { username: string; password: string };

export const SignInPage = ({ api }: { api: Api }): ReactNode => {
  const t = useT();
  const codeT = useCodeT();
  const [hasCode, setHasCode] = useState(false);
  const errorText = useErrorText();
  const { locale, setLocale } = useLocale();
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState<unknown>(null);

  const submit = async (credentials: Credentials): Promise<void> => {
    setBusy(true);
    setError(null);
    try {
      await api.signInStaff(credentials);
    } catch (reason) {
      setError(reason);
      setBusy(false);
    }
  };

  return (
    <main className="co-sign-in">
      <section className="co-sign-in-story">
        <BrandMark size={72} />
        <h1>{t('sign-in.story')}</h1>
        <ul>
          <li>{t('sign-in.point.live')}</li>
          <li>{t('sign-in.point.why')}</li>
          <li>{t('sign-in.point.fen')}</li>
        </ul>
      </section>
      <section className="co-sign-in-card">
        <Button
          type="text"
          size="small"
          className="co-sign-in-language"
          icon={<GlobalOutlined />}
          onClick={() => setLocale(locale === 'zh-CN' ? 'en' : 'zh-CN')}
        >
          {t('account.language')}
        </Button>
        <h2>{t('sign-in.title')}</h2>
        <p className="co-quiet">{t('sign-in.hint')}</p>
        <Form<Credentials>
          layout="vertical"
          requiredMark={false}
          onFinish={(values) => void submit(values)}
          size="large"
        >
          <Form.Item
            name="username"
            label={t('sign-in.username')}
            rules={[{ required: true, whitespace: true, message: t('sign-in.username-needed') }]}
          >
            <Input
              prefix={<UserOutlined />}
              autoComplete="username"
              autoCapitalize="none"
              spellCheck={false}
              autoFocus
              data-testid="sign-in-username"
            />
          </Form.Item>
          <Form.Item
            name="password"
            label={t('sign-in.password')}
            rules={[{ required: true, message: t('sign-in.password-needed') }]}
          >
            <Input.Password prefix={<LockOutlined />} autoComplete="current-password" data-testid="sign-in-password" />
          </Form.Item>
          {error !== null && (
            <p className="co-form-error" role="alert" data-testid="sign-in-error">
              {errorText(error)}
              {requestIdOf(error) && <code>{requestIdOf(error)}</code>}
            </p>
          )}
          <Button type="primary" htmlType="submit" block loading={busy} data-testid="sign-in-submit">
            {t('sign-in.submit')}
          </Button>
        </Form>
        <Button type="link" block onClick={() => setHasCode(true)} data-testid="sign-in-code">
          {codeT('open')}
        </Button>
        {hasCode && <CodeDialog api={api} onClose={() => setHasCode(false)} />}
      </section>
    </main>
  );
};
