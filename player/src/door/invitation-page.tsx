import { redeemInvitation } from '@walnut-live/contracts';
import { isApiError } from '@walnut-live/live-client/http';
import { Button, Illustration, useErrorText } from '@walnut-live/ui';
import { type ReactNode, useState } from 'react';
import { Link, useLocation, useNavigate } from 'react-router';
import { useServices } from '../app/services.tsx';
import { useDocumentTitle } from '../app/use-document-title.ts';
import { useDoorT } from './messages.ts';
import './door.css';

const SETTLE_MS = 30;
const SETTLE_TRIES = 60;

type Refusal = 'taken' | 'expired' | 'revoked' | 'unknown';
const refusalOf = (error: unknown): Refusal | null => {
  if (!isApiError(error)) return null;
  if (error.code === 'state_conflict') return 'taken';
  if (error.code === 'gone') return error.facts?.reason === 'revoked' ? 'revoked' : 'expired';
  return error.code === 'not_found' || error.code === 'invalid_request' ? 'unknown' : null;
};

/** The sign-in sheet takes its entry out of the history a moment after it has closed, and would take the next page with it. */
const sheetsClosed = async (): Promise<void> => {
  const depth = (): number => (history.state as { walnutDepth?: number } | null)?.walnutDepth ?? 0;
  for (let tries = 0; depth() > 0 && tries < SETTLE_TRIES; tries++)
    await new Promise((resolve) => setTimeout(resolve, SETTLE_MS));
};

/** The token is behind the `#`: it reaches no log and no referrer. A tap uses it, a preview of the link does not. */
const InvitationPage = (): ReactNode => {
  const t = useDoorT();
  const errorText = useErrorText();
  const { api, requireConsumer } = useServices();
  const navigate = useNavigate();
  const token = useLocation().hash.slice(1);
  const [refusal, setRefusal] = useState<Refusal | null>(token ? null : 'unknown');
  const [problem, setProblem] = useState<string | null>(null);
  const [busy, setBusy] = useState(false);
  useDocumentTitle(t('invitation.title'));

  const accept = async (): Promise<void> => {
    if (busy || !(await requireConsumer('me'))) return;
    setBusy(true);
    setProblem(null);
    try {
      const { roomId } = await api.call(redeemInvitation, { body: { token } });
      await sheetsClosed();
      void navigate(`/r/${roomId}`, { replace: true });
    } catch (error) {
      const known = refusalOf(error);
      if (known) setRefusal(known);
      else setProblem(errorText(error));
      setBusy(false);
    }
  };

  return (
    <main className="pl-door" data-theme="dark" data-testid="invitation">
      <div className="pl-door-card">
        <Illustration name="people" size={132} />
        <h1 className="pl-door-title">{t(refusal ? `invitation.${refusal}` : 'invitation.title')}</h1>
        <p>{t(refusal ? 'invitation.ask' : 'invitation.hint')}</p>
        {problem && <p role="alert">{problem}</p>}
        <div className="pl-door-actions">
          {!refusal && (
            <Button size="l" block loading={busy} onClick={() => void accept()} data-testid="invitation-accept">
              {t('invitation.use')}
            </Button>
          )}
          <Link to="/" className="wl-btn wl-btn-glass wl-btn-l wl-btn-block">
            {t('door.more')}
          </Link>
        </div>
      </div>
    </main>
  );
};

export default InvitationPage;
