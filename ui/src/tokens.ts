/**
 * The token values that JavaScript needs (component-library themes, charts, canvas, QR codes).
 * css/tokens.css is what components use; tokens.test.ts keeps both equal.
 */
export const colors = {
  walnut950: '#1c110a',
  walnut900: '#2a1a10',
  walnut800: '#3f2616',
  walnut700: '#5a3721',
  walnut600: '#77492d',
  walnut500: '#96623f',
  walnut400: '#b98a66',
  walnut300: '#d6b595',
  walnut200: '#e9d6c0',
  walnut100: '#f4e9db',
  cream: '#faf5ec',
  milk: '#fffdf8',
  grove800: '#1f4a1f',
  grove700: '#2b672a',
  grove600: '#387f31',
  grove500: '#58a344',
  grove400: '#86c46b',
  grove200: '#cfe8bf',
  grove100: '#e9f5df',
  vermilion700: '#b32b0a',
  vermilion600: '#d63a12',
  vermilion500: '#f1501f',
  vermilion400: '#ff7a4d',
  vermilion200: '#ffd2bf',
  vermilion100: '#ffebe1',
  honey600: '#8f5700',
  honey400: '#e9a532',
  honey100: '#fff2d4',
  madder600: '#ad1f2d',
  madder100: '#fde6e4',
  border: '#e7d9c7',
  borderStrong: '#a98a6e',
  text: '#24160d',
  text2: '#64493a',
  text3: '#7d6250',
} as const;

export type ColorName = keyof typeof colors;

/** Series colours for charts, told apart in greyscale and by red-green colour-blind readers. */
export const chartColors = [
  colors.walnut700,
  colors.grove500,
  colors.vermilion500,
  colors.honey400,
  colors.walnut400,
  colors.grove800,
  colors.vermilion200,
] as const;

export const fontFamily =
  '"PingFang SC", "HarmonyOS Sans SC", "HarmonyOS Sans", "MiSans", "Noto Sans CJK SC", "Noto Sans SC", "Microsoft YaHei", system-ui, -apple-system, sans-serif';

/** Radii in CSS pixels. */
export const radiiPx = { s: 8, m: 12, l: 18, xl: 26 } as const;

/** Durations in milliseconds; components read the CSS variables, which honour prefers-reduced-motion. */
export const motionMs = { fast: 120, normal: 220, slow: 360 } as const;
