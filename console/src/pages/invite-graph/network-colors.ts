/** Colours of the network's picture, as WebGL takes them. */
import { networkRoles } from '@walnut-live/contracts';
import { colors } from '@walnut-live/ui';

const rgb = (hex: string): [number, number, number] => {
  const value = Number.parseInt(hex.slice(1), 16);
  return [((value >> 16) & 255) / 255, ((value >> 8) & 255) / 255, (value & 255) / 255];
};
export const BACKGROUND = rgb(colors.milk);
export const ACCENT = rgb(colors.vermilion500);
/** In the order of `networkRoles`. */
export const roleColors: Record<(typeof networkRoles)[number], string> = {
  guest: colors.honey400,
  consumer: colors.grove500,
  staff: colors.walnut700,
};
export const PALETTE = networkRoles.flatMap((role) => rgb(roleColors[role]));
export const LINES = rgb(colors.walnut300);
