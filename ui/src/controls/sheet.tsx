import { type ReactNode, useId, useRef } from 'react';
import { uiI18n } from '../i18n/ui-messages.ts';
import { IconButton } from './button.tsx';
import { cx } from './class-names.ts';
import { closeIcon } from './icons.tsx';
import { useModalDialog } from './layers.tsx';

export type SheetProps = {
  open: boolean;
  /** Asked by Esc, the back gesture, the scrim, a swipe down and the close button. */
  onClose: () => void;
  title: string;
  children: ReactNode;
  /** Stays visible below the scrolling body (buy bar, composer). */
  footer?: ReactNode;
  /** Beside the title. */
  actions?: ReactNode;
  /** `auto` as tall as its content, `tall` 72 %, `full` nearly the whole screen. */
  height?: 'auto' | 'tall' | 'full';
  theme?: 'light' | 'dark';
  /** On screens from 900 px it becomes a panel at the right edge unless told otherwise. */
  wide?: 'side' | 'center';
  className?: string;
};

/** A swipe this far down (CSS pixels) on the header closes the sheet. */
const swipeToClosePx = 96;

/** Bottom sheet on a native modal dialog. Its content is mounted only while open. */
export const Sheet = ({
  open,
  onClose,
  title,
  children,
  footer,
  actions,
  height = 'auto',
  theme = 'light',
  wide = 'side',
  className,
}: SheetProps): ReactNode => {
  const t = uiI18n.useT();
  const titleId = useId();
  const dialog = useModalDialog(open, onClose);
  const panel = useRef<HTMLDivElement>(null);
  const swipe = useRef<{ pointerId: number; startY: number } | null>(null);

  const endSwipe = (clientY: number): void => {
    const start = swipe.current;
    swipe.current = null;
    if (!panel.current || !start) return;
    panel.current.style.removeProperty('translate');
    panel.current.style.removeProperty('transition');
    if (clientY - start.startY > swipeToClosePx) onClose();
  };

  return (
    <dialog
      ref={dialog}
      className={cx('wl-layer wl-sheet', `wl-sheet-${height}`, `wl-sheet-wide-${wide}`, className)}
      data-theme={theme}
      aria-labelledby={titleId}
      onPointerDown={(event) => {
        if (event.target === event.currentTarget) onClose();
      }}
    >
      {open && (
        <div className="wl-sheet-panel" ref={panel}>
          <header
            className="wl-sheet-head"
            onPointerDown={(event) => {
              if (event.pointerType === 'mouse' || (event.target as Element).closest('button, a, input')) return;
              swipe.current = { pointerId: event.pointerId, startY: event.clientY };
              event.currentTarget.setPointerCapture(event.pointerId);
            }}
            onPointerMove={(event) => {
              if (!swipe.current || !panel.current) return;
              panel.current.style.transition = 'none';
              panel.current.style.translate = `0 ${Math.max(0, event.clientY - swipe.current.startY)}px`;
            }}
            onPointerUp={(event) => endSwipe(event.clientY)}
            onPointerCancel={() => endSwipe(Number.NEGATIVE_INFINITY)}
          >
            <h2 id={titleId} className="wl-sheet-title">
              {title}
            </h2>
            {actions}
            <IconButton label={t('common.close')} icon={closeIcon} onClick={onClose} className="wl-sheet-close" />
          </header>
          <div className="wl-sheet-body">{children}</div>
          {footer && <footer className="wl-sheet-foot">{footer}</footer>}
        </div>
      )}
    </dialog>
  );
};
