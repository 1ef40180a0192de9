import type { ReactNode } from 'react';

/*
 * Small drawings for empty and broken states. One hand: a soft blob, flat walnut tones with one green or red accent,
 * 2-unit rounded lines. Colours are fixed mid-tones that hold on light and dark surfaces alike.
 */
export type IllustrationName =
  | 'walnut'
  | 'bag'
  | 'orders'
  | 'chat'
  | 'rooms'
  | 'search'
  | 'people'
  | 'offline'
  | 'broken';

const line = '#8a5a3a';
const shell = '#c99a70';
const shellDark = '#a8744c';
const cream = '#fff6e8';
const green = '#6cb054';
const red = '#f1501f';

const blob = (
  <path
    d="M22 84c-9-19-1-47 20-58 17-9 29-2 45-4 21-2 42 9 47 31 4 19-6 36-22 44-20 10-40 3-58 5-14 2-26-5-32-18Z"
    fill="#d6b595"
    opacity=".24"
  />
);

const ground = <ellipse cx="80" cy="112" rx="42" ry="5" fill="#77492d" opacity=".18" />;

const leaf = (x: number, y: number, turn: number, size = 1): ReactNode => (
  <g transform={`translate(${x} ${y}) rotate(${turn}) scale(${size})`}>
    <path d="M0 0c6-10 18-12 26-8-3 10-14 16-26 8Z" fill={green} />
    <path d="M2-.5c7-1 13-3 19-6" fill="none" stroke="#3d7a2e" strokeWidth="1.5" strokeLinecap="round" />
  </g>
);

const walnut = (x: number, y: number, size: number): ReactNode => (
  <g transform={`translate(${x} ${y}) scale(${size})`}>
    <path d="M0-24C15-24 25-13 25 1S14 25 0 25-25 15-25 1-15-24 0-24Z" fill={shell} />
    <path d="M0-24C15-24 25-13 25 1S14 25 0 25c6-10 8-18 7-27S4-18 0-24Z" fill={shellDark} opacity=".7" />
    <path d="M0-24c4 7 6 14 6 23S4 17 0 25" fill="none" stroke={line} strokeWidth="2.4" strokeLinecap="round" />
    <path
      d="M-8-15c-7 3-9 9-7 14M-9 4c-5 1-8 5-6 10M-4-5c-3 3-3 7 0 9M13-12c5 4 6 9 4 13M12 7c4 1 5 5 3 8"
      fill="none"
      stroke={line}
      strokeWidth="2"
      strokeLinecap="round"
      opacity=".75"
    />
  </g>
);

const drawings: Record<IllustrationName, ReactNode> = {
  walnut: (
    <>
      {leaf(92, 48, -28, 1.1)}
      {leaf(88, 46, -72, 0.9)}
      {walnut(74, 82, 1.18)}
    </>
  ),
  bag: (
    <>
      <path d="M64 56c0-14 6-22 16-22s16 8 16 22" fill="none" stroke={line} strokeWidth="3.5" strokeLinecap="round" />
      <path d="M48 54h64l5 52a5 5 0 0 1-5 6H48a5 5 0 0 1-5-6Z" fill={shell} />
      <path d="M96 54h16l5 52a5 5 0 0 1-5 6H98Z" fill={shellDark} opacity=".65" />
      <path d="M66 82c4 6 9 9 14 9s10-3 14-9" fill="none" stroke={cream} strokeWidth="3" strokeLinecap="round" />
      {leaf(100, 50, -38, 0.9)}
    </>
  ),
  orders: (
    <>
      <path d="M50 30h52a4 4 0 0 1 4 4v78l-8-5-8 5-9-5-9 5-8-5-9 5-9-5V34a4 4 0 0 1 4-4Z" fill={cream} />
      <path
        d="M50 30h52a4 4 0 0 1 4 4v78l-8-5-8 5-9-5-9 5-8-5-9 5-9-5V34a4 4 0 0 1 4-4Z"
        fill="none"
        stroke={line}
        strokeWidth="2.4"
        strokeLinejoin="round"
      />
      <path d="M58 48h26M58 60h36M58 72h30" stroke={shell} strokeWidth="4" strokeLinecap="round" />
      <path d="M58 88h12" stroke={red} strokeWidth="4.5" strokeLinecap="round" />
      {walnut(108, 96, 0.62)}
    </>
  ),
  chat: (
    <>
      <path
        d="M40 40h58a10 10 0 0 1 10 10v22a10 10 0 0 1-10 10H66L52 94V82H40a10 10 0 0 1-10-10V50a10 10 0 0 1 10-10Z"
        fill={shell}
      />
      <path d="M48 56h34M48 67h22" stroke={cream} strokeWidth="4" strokeLinecap="round" />
      <path d="M92 72h26a8 8 0 0 1 8 8v14a8 8 0 0 1-8 8h-3v9l-11-9H92a8 8 0 0 1-8-8V80a8 8 0 0 1 8-8Z" fill={green} />
      <path d="M98 87h.100M106 87h.100M114 87h.1" stroke={cream} strokeWidth="5" strokeLinecap="round" />
    </>
  ),
  rooms: (
    <>
      <rect x="54" y="24" width="52" height="88" rx="10" fill={line} />
      <rect x="58" y="30" width="44" height="74" rx="5" fill={cream} />
      {walnut(80, 72, 0.66)}
      <rect x="63" y="35" width="18" height="8" rx="4" fill={red} />
      <path
        d="M112 50c5 5 5 15 0 20M120 43c9 9 9 25 0 34M48 50c-5 5-5 15 0 20M40 43c-9 9-9 25 0 34"
        fill="none"
        stroke={shell}
        strokeWidth="3.4"
        strokeLinecap="round"
      />
    </>
  ),
  search: (
    <>
      {walnut(70, 68, 0.86)}
      <circle cx="72" cy="66" r="31" fill={cream} fillOpacity=".36" stroke={line} strokeWidth="4.5" />
      <path d="m96 90 18 18" stroke={line} strokeWidth="8" strokeLinecap="round" />
      <path d="M53 55c4-7 10-11 17-11" fill="none" stroke={cream} strokeWidth="3.5" strokeLinecap="round" />
    </>
  ),
  people: (
    <>
      <circle cx="58" cy="58" r="13" fill={shellDark} />
      <path d="M34 108c0-17 10-29 24-29s24 12 24 29Z" fill={shellDark} />
      <circle cx="100" cy="60" r="12" fill={green} />
      <path d="M79 108c1-16 9-27 21-27s21 11 22 27Z" fill={green} />
      <circle cx="79" cy="50" r="15" fill={shell} stroke={cream} strokeWidth="3" />
      <path d="M52 110c0-20 11-35 27-35s27 15 27 35Z" fill={shell} stroke={cream} strokeWidth="3" />
    </>
  ),
  offline: (
    <>
      <path d="M52 96a20 20 0 0 1-2-40 27 27 0 0 1 52-5 22 22 0 0 1 7 45Z" fill={shell} />
      <path d="M88 96h21a22 22 0 0 0-7-45c5 12 3 32-14 45Z" fill={shellDark} opacity=".55" />
      <path d="m68 66 22 22M90 66 68 88" stroke={cream} strokeWidth="5" strokeLinecap="round" />
    </>
  ),
  broken: (
    <>
      <g transform="translate(66 82) rotate(-14)">
        <path d="M4-28C-13-30-28-18-29-2S-19 26-3 27c2-9-3-12 0-19s-5-11-1-18 3-10 8-18Z" fill={shell} />
        <path
          d="M-14-16c-6 4-7 9-4 14M-15 6c-4 2-5 7-2 11"
          fill="none"
          stroke={line}
          strokeWidth="2.2"
          strokeLinecap="round"
        />
      </g>
      <g transform="translate(98 84) rotate(16)">
        <path d="M-8-27c17-2 32 9 33 25S15 27-1 28c2-9-5-12-2-19s-6-11-3-18-4-10-2-18Z" fill={shellDark} />
        <path
          d="M8-2c1 6 5 8 4 14M14-15c4 4 4 8 2 12"
          fill="none"
          stroke={cream}
          strokeWidth="2"
          strokeLinecap="round"
          opacity=".6"
        />
      </g>
      <path d="M82 42V28M68 46l-7-11M97 46l8-10" stroke={red} strokeWidth="3.4" strokeLinecap="round" />
    </>
  ),
};

/** Decoration: the text beside it says everything. */
export const Illustration = ({ name, size = 148 }: { name: IllustrationName; size?: number }): ReactNode => (
  <svg
    className="wl-illustration"
    viewBox="0 0 160 128"
    width={size}
    height={size * 0.8}
    aria-hidden="true"
    focusable="false"
  >
    {blob}
    {ground}
    {drawings[name]}
  </svg>
);

export const illustrationNames = Object.keys(drawings) as IllustrationName[];
