import type { ReactNode } from 'react';
import { cx } from './class-names.ts';

/** Pairs with at least 4.5:1 between the white-cream letter and both ends (tokens.test.ts checks). */
export const avatarGradients = [
  ['#8a5a3a', '#4e2f1c'],
  ['#3f7d38', '#1f4a2b'],
  ['#b5432a', '#7a2414'],
  ['#8a6212', '#5a3a0c'],
  ['#2f6f73', '#173f46'],
  ['#7b4a6e', '#46263f'],
  ['#5d6b2c', '#343f16'],
  ['#94503c', '#5c2a20'],
] as const;

/** FNV-1a: the same name has the same colours everywhere. */
const hashOf = (text: string): number => {
  let hash = 0x811c9dc5;
  for (const char of text) hash = Math.imul(hash ^ (char.codePointAt(0) ?? 0), 0x01000193) >>> 0;
  return hash;
};

/** Chinese: the last character of the name, which tells people apart; Latin: up to two initials. */
export const initialsOf = (name: string): string => {
  const trimmed = name.trim();
  if (trimmed === '') return '·';
  if (/\p{Script=Han}/u.test(trimmed)) return [...trimmed.replace(/[^\p{L}\p{N}]/gu, '')].at(-1) ?? '·';
  const words = trimmed.split(/[\s._-]+/).filter(Boolean);
  return words
    .slice(0, 2)
    .map((word) => [...word][0]?.toUpperCase() ?? '')
    .join('');
};

export type AvatarProps = {
  name: string;
  src?: string | null;
  /** CSS pixels. */
  size?: number;
  /** Coloured ring for someone who is live now. */
  live?: boolean;
  /** Set when the name is written beside it. Default true. */
  decorative?: boolean;
  className?: string;
};

export const Avatar = ({
  name,
  src,
  size = 36,
  live = false,
  decorative = true,
  className,
}: AvatarProps): ReactNode => {
  const [from, to] = avatarGradients[hashOf(name) % avatarGradients.length] ?? avatarGradients[0];
  const initials = initialsOf(name);
  return (
    <span
      className={cx('wl-avatar', live && 'wl-avatar-live', className)}
      style={{
        width: size,
        height: size,
        fontSize: size * (initials.length > 1 ? 0.36 : 0.44),
        backgroundImage: `radial-gradient(120% 120% at 22% 12%, ${from}, ${to})`,
      }}
      {...(decorative ? { 'aria-hidden': true } : { role: 'img', 'aria-label': name })}
    >
      {src ? <img src={src} alt="" width={size} height={size} loading="lazy" /> : initials}
    </span>
  );
};
