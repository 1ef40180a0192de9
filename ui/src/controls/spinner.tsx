import type { ReactNode } from 'react';
import { uiI18n } from '../i18n/ui-messages.ts';

/** `decorative` when the surrounding control already says that it is busy. */
export const Spinner = ({
  size = 24,
  label,
  decorative = false,
}: {
  /** CSS pixels, or any CSS length. */
  size?: number | string;
  label?: string;
  decorative?: boolean;
}): ReactNode => {
  const t = uiI18n.useT();
  const arc = (
    <svg className="wl-spinner" viewBox="0 0 24 24" width={size} height={size} aria-hidden="true" focusable="false">
      <circle cx="12" cy="12" r="9.5" fill="none" stroke="currentColor" strokeOpacity=".22" strokeWidth="2.6" />
      <path
        d="M21.5 12A9.5 9.5 0 0 0 12 2.5"
        fill="none"
        stroke="currentColor"
        strokeWidth="2.6"
        strokeLinecap="round"
      />
    </svg>
  );
  if (decorative) return arc;
  return (
    <span role="status" className="wl-spinner-box">
      {arc}
      <span className={label ? 'wl-spinner-label' : 'wl-visually-hidden'}>{label ?? t('common.loading')}</span>
    </span>
  );
};
