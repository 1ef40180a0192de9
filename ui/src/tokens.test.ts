import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { avatarGradients } from './controls/avatar.tsx';
import { colors } from './tokens.ts';

const css = readFileSync(new URL('./css/tokens.css', import.meta.url), 'utf8');

/** Declarations of one rule, with var() resolved against the ones before. */
const declarations = (selector: string, inherited: ReadonlyMap<string, string>): Map<string, string> => {
  const start = css.indexOf(`${selector} {`);
  const body = css.slice(start, css.indexOf('\n}', start));
  const found = new Map(inherited);
  for (const match of body.matchAll(/--wl-([\w-]+):\s*([^;]+);/g)) found.set(match[1] ?? '', match[2]?.trim() ?? '');
  return found;
};

const light = declarations(':root', new Map());
const dark = declarations('[data-theme="dark"]', light);

const resolve = (theme: ReadonlyMap<string, string>, name: string): string => {
  const value = theme.get(name) ?? name;
  const reference = /^var\(--wl-([\w-]+)\)$/.exec(value);
  return reference?.[1] ? resolve(theme, reference[1]) : value;
};

/** WCAG 2.2 relative luminance of #rrggbb. */
const luminance = (hex: string): number => {
  const full = hex.length === 4 ? [...hex.slice(1)].map((digit) => digit + digit).join('') : hex.slice(1);
  const channel = (at: number): number => {
    const value = Number.parseInt(full.slice(at, at + 2), 16) / 255;
    return value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4;
  };
  return 0.2126 * channel(0) + 0.7152 * channel(2) + 0.0722 * channel(4);
};

const contrast = (one: string, other: string): number => {
  const [high, low] = [luminance(one), luminance(other)].sort((a, b) => b - a) as [number, number];
  return (high + 0.05) / (low + 0.05);
};

const kebab = (name: string): string => name.replace(/([a-z])([A-Z0-9])/g, '$1-$2').toLowerCase();

describe('tokens.ts and tokens.css say the same', () => {
  it.each(Object.entries(colors))('%s', (name, value) => {
    expect(resolve(light, kebab(name))).toBe(value);
  });
});

const textPairs: readonly [text: string, on: string][] = [
  ['text', 'bg'],
  ['text', 'surface'],
  ['text', 'surface-2'],
  ['text', 'surface-3'],
  ['text-2', 'bg'],
  ['text-2', 'surface'],
  ['text-2', 'surface-2'],
  ['text-3', 'bg'],
  ['text-3', 'surface'],
  ['on-primary', 'primary'],
  ['on-primary', 'primary-press'],
  ['on-accent', 'accent'],
  ['on-accent', 'accent-press'],
  ['on-hot', 'hot'],
  ['on-hot', 'hot-press'],
  ['hot-text', 'bg'],
  ['hot-text', 'surface'],
  ['hot-text', 'hot-soft'],
  ['success', 'success-soft'],
  ['warn', 'warn-soft'],
  ['warn', 'surface'],
  ['danger', 'danger-soft'],
  ['danger', 'surface'],
];

describe.each([
  ['light', light],
  ['dark', dark],
])('text contrast, %s theme', (_, theme) => {
  // White on the over-video accent is for large bold labels of 14 px and more only: 3:1.
  const large = new Set(theme === dark ? ['on-accent/accent'] : []);
  it.each(textPairs)('%s on %s', (text, on) => {
    const minimum = large.has(`${text}/${on}`) ? 3 : 4.5;
    expect(contrast(resolve(theme, text), resolve(theme, on))).toBeGreaterThanOrEqual(minimum);
  });
  it.each(['border-strong', 'focus'])('%s is seen beside the surface (3:1)', (name) => {
    expect(contrast(resolve(theme, name), resolve(theme, 'surface'))).toBeGreaterThanOrEqual(3);
  });
});

describe('avatar letters', () => {
  it.each(avatarGradients)('%s … %s', (from, to) => {
    expect(contrast('#fff8ee', from)).toBeGreaterThanOrEqual(4.5);
    expect(contrast('#fff8ee', to)).toBeGreaterThanOrEqual(4.5);
  });
});
