import { createContext, type ReactNode, useCallback, useContext, useId, useRef, useState } from 'react';
import { uiI18n } from '../i18n/ui-messages.ts';
import { Button, type ButtonVariant } from './button.tsx';
import { cx } from './class-names.ts';
import { useModalDialog } from './layers.tsx';

export type DialogProps = {
  open: boolean;
  onClose: () => void;
  title: string;
  children?: ReactNode;
  /** Buttons, the main one last. */
  footer?: ReactNode;
  /** `alertdialog` for questions that must be answered. */
  role?: 'dialog' | 'alertdialog';
  theme?: 'light' | 'dark';
  className?: string;
};

/** Centred modal for short questions; for anything longer use a Sheet. */
export const Dialog = ({
  open,
  onClose,
  title,
  children,
  footer,
  role = 'dialog',
  theme = 'light',
  className,
}: DialogProps): ReactNode => {
  const titleId = useId();
  const bodyId = useId();
  const dialog = useModalDialog(open, onClose);
  return (
    <dialog
      ref={dialog}
      className={cx('wl-layer wl-dialog', className)}
      data-theme={theme}
      role={role === 'alertdialog' ? 'alertdialog' : undefined}
      aria-labelledby={titleId}
      aria-describedby={children ? bodyId : undefined}
    >
      {open && (
        <div className="wl-dialog-panel">
          <h2 id={titleId} className="wl-dialog-title">
            {title}
          </h2>
          {children && (
            <div id={bodyId} className="wl-dialog-body">
              {children}
            </div>
          )}
          {footer && <div className="wl-dialog-foot">{footer}</div>}
        </div>
      )}
    </dialog>
  );
};

export type ConfirmOptions = {
  title: string;
  body?: ReactNode;
  confirmText?: string;
  cancelText?: string;
  /** Colour of the confirming button; `danger` for what cannot be undone. */
  tone?: Extract<ButtonVariant, 'primary' | 'hot' | 'danger'>;
  theme?: 'light' | 'dark';
};

export type Confirm = (options: ConfirmOptions) => Promise<boolean>;

const ConfirmContext = createContext<Confirm | null>(null);

/** One question at a time: asking while one is open answers the earlier one with no. */
export const ConfirmProvider = ({ children }: { children: ReactNode }): ReactNode => {
  const t = uiI18n.useT();
  const [question, setQuestion] = useState<ConfirmOptions | null>(null);
  const answer = useRef<((yes: boolean) => void) | null>(null);

  const settle = useCallback((yes: boolean): void => {
    const resolve = answer.current;
    answer.current = null;
    setQuestion(null);
    resolve?.(yes);
  }, []);

  const confirm = useCallback<Confirm>((options) => {
    answer.current?.(false);
    setQuestion(options);
    return new Promise((resolve) => {
      answer.current = resolve;
    });
  }, []);

  return (
    <ConfirmContext value={confirm}>
      {children}
      <Dialog
        open={question !== null}
        onClose={() => settle(false)}
        role="alertdialog"
        title={question?.title ?? ''}
        {...(question?.theme ? { theme: question.theme } : {})}
        footer={
          <>
            <Button variant="soft" size="l" onClick={() => settle(false)}>
              {question?.cancelText ?? t('common.cancel')}
            </Button>
            <Button variant={question?.tone ?? 'primary'} size="l" onClick={() => settle(true)}>
              {question?.confirmText ?? t('common.confirm')}
            </Button>
          </>
        }
      >
        {question?.body}
      </Dialog>
    </ConfirmContext>
  );
};

/** `if (await confirm({ title: … })) …` */
export const useConfirm = (): Confirm => {
  const confirm = useContext(ConfirmContext);
  if (!confirm) throw new Error('UiProvider is missing above useConfirm');
  return confirm;
};
