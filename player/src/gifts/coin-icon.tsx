import type { ReactNode } from 'react';

/** A coin with a walnut's seam. */
export const CoinIcon = ({ size }: { size: number }): ReactNode => (
  <svg viewBox="0 0 24 24" width={size} height={size} aria-hidden="true" className="pl-coin">
    <circle cx="12" cy="12" r="11" fill="#e9a532" />
    <circle cx="12" cy="12" r="8.4" fill="#ffd469" />
    <path
      d="M12 5.4C9.6 9 9.6 15 12 18.6M8 7.6c-2 2.6-1.8 6 0 8.8M16 7.6c2 2.6 1.8 6 0 8.8"
      fill="none"
      stroke="#a5690f"
      strokeWidth="1.5"
      strokeLinecap="round"
    />
  </svg>
);
