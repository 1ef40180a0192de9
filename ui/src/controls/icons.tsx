import type { ReactNode } from 'react';

/** The few icons the shared controls need themselves; apps bring their own set. 24-unit grid, 1.8 stroke. */
const icon = (path: ReactNode): ReactNode => (
  <svg
    viewBox="0 0 24 24"
    width="1em"
    height="1em"
    fill="none"
    stroke="currentColor"
    strokeWidth="1.8"
    strokeLinecap="round"
    strokeLinejoin="round"
    aria-hidden="true"
    focusable="false"
  >
    {path}
  </svg>
);

export const closeIcon = icon(<path d="m6 6 12 12M18 6 6 18" />);
export const minusIcon = icon(<path d="M6 12h12" />);
export const plusIcon = icon(<path d="M12 6v12M6 12h12" />);
export const checkIcon = icon(<path d="m5 12.5 4.5 4.5L19 7.5" />);
export const copyIcon = icon(
  <path d="M9 9h9.5a.5.5 0 0 1 .5.5V19a.5.5 0 0 1-.5.5H9a.5.5 0 0 1-.5-.5V9.5A.5.5 0 0 1 9 9ZM15.5 5.5v-.5a.5.5 0 0 0-.5-.5H5.500a.5.5 0 0 0-.5.5V15a.5.5 0 0 0 .5.5h.5" />,
);
export const micOffIcon = icon(
  <path d="m4 4 16 16M9 9v2.5a3 3 0 0 0 4.700 2.500M15 11.500V6.500a3 3 0 0 0-5.500-1.700M6 11.500a6 6 0 0 0 9.500 4.900M18 11.500a6 6 0 0 1-.5 2.400M12 17.500V21" />,
);
export const alertIcon = icon(
  <path d="M12 8.500v4.500M12 16.300v.1M10.6 4.6 3.3 17.300A1.6 1.6 0 0 0 4.7 19.700h14.600a1.6 1.6 0 0 0 1.4-2.400L13.4 4.600a1.6 1.6 0 0 0-2.8 0Z" />,
);
export const infoIcon = icon(<path d="M12 11v5.500M12 7.600v.1M21 12a9 9 0 1 1-18 0 9 9 0 0 1 18 0Z" />);
