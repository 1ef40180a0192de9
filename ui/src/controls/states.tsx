import { type ReactNode, useState } from 'react';
import { requestIdOf, useErrorText } from '../i18n/error-messages.ts';
import { uiI18n } from '../i18n/ui-messages.ts';
import { Button } from './button.tsx';
import { cx } from './class-names.ts';
import { checkIcon, copyIcon } from './icons.tsx';
import { Illustration, type IllustrationName } from './illustrations.tsx';

export type EmptyStateProps = {
  illustration?: IllustrationName;
  title: string;
  hint?: string;
  /** Usually one Button. */
  action?: ReactNode;
  compact?: boolean;
  className?: string;
};

export const EmptyState = ({
  illustration = 'walnut',
  title,
  hint,
  action,
  compact = false,
  className,
}: EmptyStateProps): ReactNode => (
  <div className={cx('wl-state', compact && 'wl-state-compact', className)}>
    <Illustration name={illustration} size={compact ? 96 : 148} />
    <p className="wl-state-title">{title}</p>
    {hint && <p className="wl-state-hint">{hint}</p>}
    {action && <div className="wl-state-action">{action}</div>}
  </div>
);

/** Clipboard access needs a secure context and permission; the text stays selectable when it is refused. */
const copyText = async (text: string): Promise<boolean> => {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    return false;
  }
};

export const CopyButton = ({ text, label }: { text: string; label?: string }): ReactNode => {
  const t = uiI18n.useT();
  const [copied, setCopied] = useState(false);
  return (
    <Button
      variant="ghost"
      size="s"
      icon={copied ? checkIcon : copyIcon}
      onClick={() => {
        void copyText(text).then(setCopied);
      }}
    >
      <span aria-live="polite">{copied ? t('common.copied') : (label ?? t('common.copy'))}</span>
    </Button>
  );
};

export type ErrorStateProps = {
  /** An error of the http client, a socket acknowledgement's error, an error code, or anything thrown. */
  error: unknown;
  onRetry?: () => void;
  retrying?: boolean;
  title?: string;
  compact?: boolean;
  className?: string;
};

/** What happened in the reader's words, a way to try again, and the request id for whoever helps them. */
export const ErrorState = ({
  error,
  onRetry,
  retrying = false,
  title,
  compact = false,
  className,
}: ErrorStateProps): ReactNode => {
  const t = uiI18n.useT();
  const text = useErrorText()(error);
  const requestId = requestIdOf(error);
  return (
    <div className={cx('wl-state', compact && 'wl-state-compact', className)} role="alert">
      <Illustration name="broken" size={compact ? 96 : 148} />
      <p className="wl-state-title">{title ?? t('error.title')}</p>
      <p className="wl-state-hint">{text}</p>
      {onRetry && (
        <div className="wl-state-action">
          <Button variant="primary" loading={retrying} onClick={onRetry}>
            {t('common.retry')}
          </Button>
        </div>
      )}
      {requestId && (
        <p className="wl-state-request">
          {t('error.request')} <code>{requestId}</code>
          <CopyButton text={requestId} />
        </p>
      )}
    </div>
  );
};
