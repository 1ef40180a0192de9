/**
 * Address and key for OBS. A key is told once; it stays on this page (in memory, hidden until it is asked for) through the
 * start of the live, until the page is loaded anew.
 */
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { createStreamKey, readStreamKey, revokeStreamKey } from '@walnut-live/contracts';
import {
  Button,
  CopyButton,
  ErrorState,
  IconButton,
  Spinner,
  useConfirm,
  useErrorText,
  useFormat,
  useToast,
} from '@walnut-live/ui';
import { Eye, EyeOff } from 'lucide-react';
import { type ReactNode, useCallback, useEffect, useId, useRef, useState } from 'react';
import { useServices } from '../app/services.tsx';
import { useEncoderT } from './messages.ts';
import './encoder.css';

export const EncoderPanel = ({
  roomId,
  inUse,
  makeAtOnce = false,
}: {
  roomId: string;
  /** An encoder publishes with the key: ending it takes the picture from the viewers. */
  inUse: boolean;
  /** The tap that led here asked for a key. */
  makeAtOnce?: boolean;
}): ReactNode => {
  const { api } = useServices();
  const t = useEncoderT();
  const toast = useToast();
  const confirm = useConfirm();
  const errorText = useErrorText();
  const format = useFormat();
  const queries = useQueryClient();
  const known = useQuery({
    queryKey: ['stream-key', roomId],
    queryFn: ({ signal }) => api.call(readStreamKey, { params: { id: roomId }, signal }),
  });
  const secret = useQuery<string | null>({
    queryKey: ['stream-key-told', roomId],
    queryFn: () => null,
    initialData: null,
    enabled: false,
    gcTime: Number.POSITIVE_INFINITY,
  }).data;
  const [busy, setBusy] = useState<'make' | 'revoke' | null>(null);
  const asked = useRef(false);

  const change = useCallback(
    async (what: 'make' | 'revoke'): Promise<void> => {
      const params = { id: roomId };
      setBusy(what);
      try {
        const told = what === 'make' ? (await api.call(createStreamKey, { params, body: {} })).bearerToken : null;
        if (what === 'revoke') await api.call(revokeStreamKey, { params });
        queries.setQueryData(['stream-key-told', roomId], told);
        // A first reading that is still on its way is not asked again by itself, and may be from before the change.
        await queries.cancelQueries({ queryKey: ['stream-key', roomId] });
        await queries.invalidateQueries({ queryKey: ['stream-key', roomId] });
        void queries.invalidateQueries({ queryKey: ['room-stream', roomId] });
      } catch (error) {
        toast(errorText(error), { tone: 'error' });
      } finally {
        setBusy(null);
      }
    },
    [api, roomId, queries, toast, errorText],
  );
  useEffect(() => {
    if (!makeAtOnce || asked.current) return;
    asked.current = true;
    void change('make');
  }, [makeAtOnce, change]);

  const ask = async (what: 'make' | 'revoke'): Promise<void> => {
    const name = what === 'make' ? 'renew' : 'revoke';
    const yes =
      !inUse ||
      (await confirm({
        title: t(`key.${name}.title`),
        body: t(`key.${name}.body`),
        confirmText: t(`key.${name}`),
        cancelText: t('cancel'),
        tone: 'danger',
        theme: 'dark',
      }));
    if (yes) await change(what);
  };

  if (known.error && !known.data)
    return <ErrorState compact error={known.error} onRetry={() => void known.refetch()} retrying={known.isFetching} />;
  if (!known.data) return <Spinner label={t('phase.asking')} />;
  const { key, whipUrl } = known.data;
  const told = key ? secret : null;
  return (
    <div className="st-enc" data-testid="encoder-panel">
      <p className="st-enc-hint">{t('steps')}</p>
      <Copyable label={t('server')} value={whipUrl} testId="encoder-server" />
      {told && <Copyable label={t('key')} value={told} testId="encoder-key" secret />}
      <p className="st-enc-hint" role="status">
        {key ? t(told ? 'key.onlyNow' : 'key.exists', { time: format.dateTime(key.expiresAt) }) : t('key.none')}
      </p>
      <div className="st-enc-actions">
        <Button
          variant={key ? 'outline' : 'primary'}
          size="s"
          loading={busy === 'make'}
          disabled={busy !== null}
          onClick={() => void ask('make')}
          data-testid="encoder-make"
        >
          {t(key ? 'key.renew' : 'key.make')}
        </Button>
        {key && (
          <Button
            variant="ghost"
            size="s"
            loading={busy === 'revoke'}
            disabled={busy !== null}
            onClick={() => void ask('revoke')}
          >
            {t('key.revoke')}
          </Button>
        )}
      </div>
      <p className="st-enc-hint">{t('advice')}</p>
    </div>
  );
};

const Copyable = ({
  label,
  value,
  testId,
  secret = false,
}: {
  label: string;
  value: string;
  testId: string;
  secret?: boolean;
}): ReactNode => {
  const id = useId();
  const t = useEncoderT();
  const [shown, setShown] = useState(!secret);
  return (
    <div className="st-enc-field">
      <label htmlFor={id}>{label}</label>
      <div className="st-enc-value">
        <input
          id={id}
          className="st-input"
          type={shown ? 'text' : 'password'}
          autoComplete="off"
          readOnly
          value={value}
          data-testid={testId}
          onFocus={(event) => event.target.select()}
        />
        {secret && (
          <IconButton
            variant="ghost"
            label={t(shown ? 'key.hide' : 'key.show')}
            icon={shown ? <EyeOff aria-hidden /> : <Eye aria-hidden />}
            onClick={() => setShown(!shown)}
          />
        )}
        <CopyButton text={value} />
      </div>
    </div>
  );
};
