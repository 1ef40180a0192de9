import { createContext, type ReactNode, useCallback, useContext, useEffect, useMemo, useRef, useState } from 'react';
import { createPortal } from 'react-dom';
import { uiI18n } from '../i18n/ui-messages.ts';
import { cx } from './class-names.ts';
import { alertIcon, checkIcon, infoIcon } from './icons.tsx';
import { useTopLayer } from './layers.tsx';

export type ToastTone = 'info' | 'success' | 'error';
export type ToastOptions = {
  tone?: ToastTone;
  /** One thing to do about it, for example undo. */
  action?: { label: string; onPress: () => void };
  /** Milliseconds; default 2,600, with an action 6,000. */
  durationMs?: number;
};
export type ShowToast = (text: string, options?: ToastOptions) => void;

type ToastItem = { id: number; text: string } & ToastOptions;

/** At most this many at once; the oldest makes room. */
const maxToasts = 3;
const ToastContext = createContext<ShowToast | null>(null);
const icons = { info: infoIcon, success: checkIcon, error: alertIcon } as const;

export const ToastProvider = ({ children }: { children: ReactNode }): ReactNode => {
  const t = uiI18n.useT();
  const [items, setItems] = useState<readonly ToastItem[]>([]);
  const nextId = useRef(0);
  const timers = useRef(new Set<ReturnType<typeof setTimeout>>());
  const top = useTopLayer();

  useEffect(() => {
    const running = timers.current;
    return () => {
      for (const timer of running) clearTimeout(timer);
      running.clear();
    };
  }, []);

  const drop = useCallback((id: number): void => {
    setItems((current) => current.filter((item) => item.id !== id));
  }, []);

  const show = useCallback<ShowToast>(
    (text, options = {}) => {
      nextId.current += 1;
      const id = nextId.current;
      // The same text again moves to the end instead of piling up.
      setItems((current) =>
        [...current.filter((item) => item.text !== text), { id, text, ...options }].slice(-maxToasts),
      );
      const timer = setTimeout(
        () => {
          timers.current.delete(timer);
          drop(id);
        },
        options.durationMs ?? (options.action ? 6_000 : 2_600),
      );
      timers.current.add(timer);
    },
    [drop],
  );

  const host = useMemo(
    () => (
      <section className="wl-toasts" aria-label={t('toast.region')} aria-live="polite">
        {items.map(({ id, text, tone = 'info', action }) => (
          <div key={id} className={cx('wl-toast', `wl-toast-${tone}`)}>
            <span className="wl-toast-icon">{icons[tone]}</span>
            <span className="wl-toast-text">{text}</span>
            {action && (
              <button
                type="button"
                className="wl-toast-action"
                onClick={() => {
                  drop(id);
                  action.onPress();
                }}
              >
                {action.label}
              </button>
            )}
          </div>
        ))}
      </section>
    ),
    [items, drop, t],
  );

  return (
    <ToastContext value={show}>
      {children}
      {/* Inside the open dialog: what lies outside a modal dialog is inert, so nobody could see, hear or press it. */}
      {createPortal(host, top ?? document.body)}
    </ToastContext>
  );
};

/** `toast('已复制', { tone: 'success' })` */
export const useToast = (): ShowToast => {
  const show = useContext(ToastContext);
  if (!show) throw new Error('UiProvider is missing above useToast');
  return show;
};
