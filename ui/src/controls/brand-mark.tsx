import { type ReactNode, useId } from 'react';

/** The brand's walnut. Decorative unless it gets a label; `tile` puts it on its walnut-brown ground. */
export const BrandMark = ({
  size = 40,
  tile = true,
  label,
  className,
}: {
  /** CSS pixels. */
  size?: number;
  tile?: boolean;
  label?: string;
  className?: string;
}): ReactNode => {
  const ground = useId();
  const shell = tile ? '#fbe9cb' : 'currentColor';
  return (
    // biome-ignore lint/a11y/noSvgWithoutTitle: named by aria-label or hidden, a title would also be a tooltip
    <svg
      className={className}
      viewBox="0 0 256 256"
      width={size}
      height={size}
      focusable="false"
      {...(label ? { role: 'img', 'aria-label': label } : { 'aria-hidden': true })}
    >
      {tile && (
        <>
          <linearGradient id={ground} x1="0" y1="0" x2="0" y2="1">
            <stop offset="0" stopColor="#6f4526" />
            <stop offset="1" stopColor="#3f2616" />
          </linearGradient>
          <rect width="256" height="256" rx="60" fill={`url(#${ground})`} />
        </>
      )}
      <g transform={tile ? 'translate(126 142) scale(.86)' : 'translate(126 148) scale(1.04)'}>
        <path
          d="M-6-74C-62-84-98-40-92 14-86 66-46 96-8 98-22 66-6 40-18 8-28-20-4-44-6-74ZM12-74C66-82 98-38 92 14 86 64 50 94 12 98-4 66 12 42 2 10-8-18 14-44 12-74Z"
          fill={shell}
        />
        <path
          d="M-58-28C-72-8-70 14-54 30M-36 34C-50 44-52 58-44 72M-40-46C-34-30-40-14-48-4M44-48C58-34 60-14 50 2M64 4C74 20 68 40 54 50M30 22C40 32 42 48 34 62"
          fill="none"
          stroke={tile ? '#5a3721' : 'var(--wl-bg)'}
          strokeWidth="9"
          strokeLinecap="round"
        />
        <path d="M6-88C6-118 30-138 70-134 68-104 42-84 6-88Z" fill="#8cc866" />
      </g>
    </svg>
  );
};
