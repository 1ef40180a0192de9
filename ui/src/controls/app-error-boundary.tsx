/**
 * What stands where a part of the app failed: while rendering, or because its code could not be fetched.
 * Model: an error is kept until the person tries again or `resetKey` changes; either renders the children anew.
 */
import { Component, type ReactNode } from 'react';
import { forgetFailedLoads, isLoadFailure } from '../browser/lazy-with-retry.ts';
import { uiI18n } from '../i18n/ui-messages.ts';
import { Button } from './button.tsx';
import { cx } from './class-names.ts';
import { Illustration } from './illustrations.tsx';

export type AppErrorBoundaryProps = {
  children: ReactNode;
  /** For a part of a page: small, with a retry that keeps the rest of the page; else a screen that reloads. */
  compact?: boolean;
  /** A change tries again: the path, for a boundary around routes. */
  resetKey?: string;
  /** Offers to close the part instead. */
  onClose?: () => void;
  className?: string;
  reload?: () => void;
};

type Caught = { error: unknown } | null;

type FailureProps = Omit<AppErrorBoundaryProps, 'children' | 'resetKey'> & { error: unknown; onRetry: () => void };

const reloadPage = (): void => location.reload();

const Failure = ({
  error,
  onRetry,
  onClose,
  compact = false,
  className,
  reload = reloadPage,
}: FailureProps): ReactNode => {
  const t = uiI18n.useT();
  const notLoaded = isLoadFailure(error);
  return (
    <div className={cx('wl-state', compact ? 'wl-state-compact' : 'wl-state-page', className)} role="alert">
      <Illustration name="broken" size={compact ? 96 : 148} />
      <p className="wl-state-title">{t(notLoaded ? 'boundary.load.title' : 'boundary.broken.title')}</p>
      <p className="wl-state-hint">{t(notLoaded ? 'boundary.load.hint' : 'boundary.broken.hint')}</p>
      <div className="wl-state-action wl-state-actions">
        {compact && (
          <Button variant="primary" onClick={onRetry}>
            {t('common.retry')}
          </Button>
        )}
        <Button variant={compact ? 'ghost' : 'primary'} onClick={reload}>
          {t('common.reload')}
        </Button>
        {onClose && (
          <Button variant="ghost" onClick={onClose}>
            {t('common.close')}
          </Button>
        )}
      </div>
    </div>
  );
};

/** Put it inside UiProvider: it speaks the person's language. React has error boundaries only as classes. */
export class AppErrorBoundary extends Component<AppErrorBoundaryProps, { caught: Caught }> {
  override state: { caught: Caught } = { caught: null };

  static getDerivedStateFromError(error: unknown): { caught: Caught } {
    return { caught: { error } };
  }

  retry = (): void => {
    forgetFailedLoads();
    this.setState({ caught: null });
  };

  override componentDidUpdate(before: AppErrorBoundaryProps): void {
    if (this.state.caught && before.resetKey !== this.props.resetKey) this.retry();
  }

  override componentWillUnmount(): void {
    // Opened again, the part is asked for again.
    if (this.state.caught) forgetFailedLoads();
  }

  override render(): ReactNode {
    const { children, resetKey: _resetKey, ...look } = this.props;
    const { caught } = this.state;
    return caught ? <Failure {...look} error={caught.error} onRetry={this.retry} /> : children;
  }
}
