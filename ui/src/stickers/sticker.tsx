import type { StickerId } from '@walnut-live/contracts';
import type { ReactNode } from 'react';
import { uiI18n } from '../i18n/ui-messages.ts';

/** One walnut with many moods: the shell is shared, eyes, mouth and what it holds are the mood. On a canvas of 96 × 96. */
const ink = '#3b2314';
const line = { fill: 'none', stroke: ink, strokeWidth: 3.4, strokeLinecap: 'round', strokeLinejoin: 'round' } as const;

const Shell = (): ReactNode => (
  <>
    <ellipse cx="48" cy="88" rx="25" ry="4" fill="#2b180c" opacity="0.22" />
    <path
      d="M48 16c8-5 20-1 26 8 8 6 12 16 10 27-1 19-17 33-36 33S13 70 12 51c-2-11 2-21 10-27 6-9 18-13 26-8Z"
      fill="#d19a5b"
      stroke="#7a4a22"
      strokeWidth="3.4"
      strokeLinejoin="round"
    />
    <path
      d="M48 16c-5 7 4 10 0 17M26 27c5 1 4 7 9 8M70 27c-5 1-4 7-9 8M18 62c4-1 6 3 9 1M78 62c-4-1-6 3-9 1M48 84c-3-4 2-6 0-9"
      fill="none"
      stroke="#a8703a"
      strokeWidth="3"
      strokeLinecap="round"
    />
    <ellipse cx="27" cy="58" rx="6" ry="4" fill="#f0876a" opacity="0.65" />
    <ellipse cx="69" cy="58" rx="6" ry="4" fill="#f0876a" opacity="0.65" />
  </>
);

const OpenEyes = (): ReactNode => (
  <>
    <circle cx="36" cy="48" r="5" fill={ink} />
    <circle cx="60" cy="48" r="5" fill={ink} />
    <circle cx="37.8" cy="46.2" r="1.7" fill="#fff" />
    <circle cx="61.8" cy="46.2" r="1.7" fill="#fff" />
  </>
);
const HappyEyes = (): ReactNode => <path d="M30 49c2-6 9-6 11 0M55 49c2-6 9-6 11 0" {...line} />;
const Smile = (): ReactNode => <path d="M40 60c4 6 12 6 16 0" {...line} />;
const OpenMouth = (): ReactNode => (
  <>
    <path
      d="M38 58h20c0 9-4 14-10 14s-10-5-10-14Z"
      fill="#7a2414"
      stroke={ink}
      strokeWidth="3"
      strokeLinejoin="round"
    />
    <path d="M43 69c2-4 8-4 10 0-2 2-8 2-10 0Z" fill="#f0876a" />
  </>
);
const Heart = ({ x, y, size, fill = '#e8413a' }: { x: number; y: number; size: number; fill?: string }): ReactNode => (
  <path
    d="M0 6C-2-2-12-2-12 6c0 6 7 10 12 15 5-5 12-9 12-15C12-2 2-2 0 6Z"
    transform={`translate(${x} ${y}) scale(${size})`}
    fill={fill}
  />
);
const Hand = ({ x, y, turn = 0 }: { x: number; y: number; turn?: number }): ReactNode => (
  <g transform={`translate(${x} ${y}) rotate(${turn})`} stroke="#7a4a22" strokeWidth="2.8" strokeLinejoin="round">
    <path d="M-6 2c-1-8 2-13 6-13s7 5 6 13c0 5-3 7-6 7s-6-2-6-7Z" fill="#f4cf9c" />
    <path d="M-6 0c-4-1-5-5-3-6" fill="none" strokeLinecap="round" />
  </g>
);

const moods: Record<StickerId, ReactNode> = {
  hello: (
    <>
      <Shell />
      <OpenEyes />
      <OpenMouth />
      <Hand x={83} y={36} turn={18} />
      <path d="M74 16c3 1 5 3 6 6M83 12c4 2 7 5 8 9" {...line} stroke="#c5330d" strokeWidth="2.8" />
    </>
  ),
  like: (
    <>
      <Shell />
      <HappyEyes />
      <Smile />
      <path
        d="M70 88V68h5l5-14c5-1 8 3 6 8l-1 5h7c4 0 5 4 3 6 2 2 1 5-1 6 1 3 0 5-2 6 0 2-2 4-5 4Z"
        fill="#f4cf9c"
        stroke="#7a4a22"
        strokeWidth="2.8"
        strokeLinejoin="round"
      />
      <path d="M62 68h8v20h-8Z" fill="#3f7f31" stroke="#28551f" strokeWidth="2.4" strokeLinejoin="round" />
    </>
  ),
  love: (
    <>
      <Shell />
      <Heart x={36} y={41} size={0.62} />
      <Heart x={60} y={41} size={0.62} />
      <OpenMouth />
      <Heart x={80} y={6} size={0.55} fill="#ff7a5c" />
      <Heart x={12} y={12} size={0.42} fill="#ff7a5c" />
    </>
  ),
  want: (
    <>
      <Shell />
      <path
        d="m36 39 2.6 6 6.4.6-4.9 4.2 1.5 6.3-5.6-3.4-5.6 3.4 1.5-6.3-4.9-4.2 6.4-.6ZM60 39l2.6 6 6.4.6-4.9 4.2 1.5 6.3-5.6-3.4-5.6 3.4 1.5-6.3-4.9-4.2 6.4-.6Z"
        fill="#ffd84d"
        stroke={ink}
        strokeWidth="2"
        strokeLinejoin="round"
      />
      <path d="M41 64c3 4 11 4 14 0" {...line} />
      <path d="M56 66c1 4 0 7-2 9-2-2-2-6 0-9" fill="#8fd3ff" />
      <Hand x={30} y={82} turn={24} />
      <Hand x={66} y={82} turn={-24} />
    </>
  ),
  laugh: (
    <>
      <Shell />
      <path d="m30 43 9 5-9 5M66 43l-9 5 9 5" {...line} />
      <OpenMouth />
      <path
        d="M18 50c-5 4-8 10-5 13s8-1 9-8ZM78 50c5 4 8 10 5 13s-8-1-9-8Z"
        fill="#8fd3ff"
        stroke="#4aa3d8"
        strokeWidth="1.6"
      />
    </>
  ),
  thanks: (
    <>
      <Shell />
      <HappyEyes />
      <path d="M43 60c3 3 7 3 10 0" {...line} />
      <path
        d="M39 90c-3-7 3-14 9-19 6 5 12 12 9 19Z"
        fill="#f4cf9c"
        stroke="#7a4a22"
        strokeWidth="2.8"
        strokeLinejoin="round"
      />
      <path d="M48 72v17" stroke="#7a4a22" strokeWidth="2.4" />
      <g transform="translate(76 16)">
        {[0, 72, 144, 216, 288].map((turn) => (
          <ellipse key={turn} cx="0" cy="-6" rx="4.4" ry="6" fill="#ff9d85" transform={`rotate(${turn})`} />
        ))}
        <circle r="4" fill="#ffd84d" />
      </g>
    </>
  ),
  question: (
    <>
      <Shell />
      <OpenEyes />
      <path d="M29 37c3-3 8-3 11-1M56 34c4-2 8 0 10 3" {...line} strokeWidth="3" />
      <path d="M43 64c3-3 7-3 10 0" {...line} />
      <path
        d="M72 14c0-9 16-9 16 1 0 7-8 7-8 14"
        fill="none"
        stroke="#c5330d"
        strokeWidth="5.5"
        strokeLinecap="round"
      />
      <circle cx="80" cy="38" r="3.6" fill="#c5330d" />
    </>
  ),
  cheer: (
    <>
      <Shell />
      <HappyEyes />
      <OpenMouth />
      <path d="M14 44 8 20M82 44l6-24" {...line} stroke="#7a4a22" strokeWidth="4" />
      <path
        d="m8 4 3 7 7-2-4 6 6 4-7 1 1 7-6-4-6 4 1-7-7-1 6-4-4-6 7 2ZM88 4l3 7 7-2-4 6 6 4-7 1 1 7-6-4-6 4 1-7-7-1 6-4-4-6 7 2Z"
        fill="#e8531f"
        stroke="#9b2a08"
        strokeWidth="1.4"
        strokeLinejoin="round"
      />
      <Hand x={15} y={50} turn={-14} />
      <Hand x={81} y={50} turn={14} />
    </>
  ),
};

/** A drawn sticker, with its name for who cannot see it. */
export const Sticker = ({ id, size = 72 }: { id: StickerId; size?: number }): ReactNode => {
  const t = uiI18n.useT();
  return (
    <svg
      className="wl-sticker"
      width={size}
      height={size}
      viewBox="-4 0 104 96"
      role="img"
      aria-label={t(`sticker.${id}`)}
      data-sticker={id}
    >
      {moods[id]}
    </svg>
  );
};
