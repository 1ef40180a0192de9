import type { ButtonHTMLAttributes, ReactNode, Ref } from 'react';
import { cx } from './class-names.ts';
import { Spinner } from './spinner.tsx';

export type ButtonVariant = 'primary' | 'hot' | 'grove' | 'soft' | 'outline' | 'ghost' | 'glass' | 'danger';
export type ButtonSize = 's' | 'm' | 'l';

export type ButtonProps = ButtonHTMLAttributes<HTMLButtonElement> & {
  /** `hot` is for buying and going live only; `glass` for controls over video. */
  variant?: ButtonVariant;
  size?: ButtonSize;
  /** Full width. */
  block?: boolean;
  /** Shows a spinner, keeps the width and the focus, ignores clicks. */
  loading?: boolean;
  icon?: ReactNode;
  ref?: Ref<HTMLButtonElement>;
};

export const Button = ({
  variant = 'primary',
  size = 'm',
  block = false,
  loading = false,
  icon,
  className,
  children,
  type = 'button',
  onClick,
  ...rest
}: ButtonProps): ReactNode => (
  <button
    {...rest}
    type={type}
    className={cx('wl-btn', `wl-btn-${variant}`, `wl-btn-${size}`, block && 'wl-btn-block', className)}
    aria-busy={loading || undefined}
    aria-disabled={loading || undefined}
    onClick={(event) => {
      if (loading) event.preventDefault();
      else onClick?.(event);
    }}
  >
    {loading ? <Spinner size="1.1em" decorative /> : icon}
    {children !== undefined && <span className="wl-btn-label">{children}</span>}
  </button>
);

export type IconButtonProps = Omit<ButtonProps, 'children' | 'icon' | 'block'> & {
  /** What it does, for those who cannot see the icon. */
  label: string;
  icon: ReactNode;
  /** Small counter at the corner; 0 hides it. */
  count?: number;
};

export const IconButton = ({
  label,
  icon,
  count = 0,
  className,
  variant = 'ghost',
  ...rest
}: IconButtonProps): ReactNode => (
  <Button
    {...rest}
    variant={variant}
    className={cx('wl-icon-btn', className)}
    aria-label={count > 0 ? `${label} (${count})` : label}
    title={label}
    icon={
      <>
        {icon}
        {count > 0 && (
          <span className="wl-icon-btn-count" aria-hidden="true">
            {count > 99 ? '99+' : count}
          </span>
        )}
      </>
    }
  />
);
