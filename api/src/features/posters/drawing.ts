/**
 * Draws a poster: shapes and QR code as SVG, texts by the project's own font (so that it looks the same on a machine without
 * one), the cover below them, by libvips in its own threads. Everything is laid out for 720 points and drawn larger by a factor.
 */
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import QRCode from 'qrcode';
import sharp, { type OverlayOptions } from 'sharp';
import type { PosterText } from './poster.policy.ts';

const FONTS = dirname(createRequire(import.meta.url).resolve('@expo-google-fonts/noto-sans-sc/package.json'));
const faces = {
  regular: { file: join(FONTS, '400Regular/NotoSansSC_400Regular.ttf'), name: 'Noto Sans SC' },
  bold: { file: join(FONTS, '700Bold/NotoSansSC_700Bold.ttf'), name: 'Noto Sans SC Bold' },
} as const;

export const POSTER_WIDTH = 720;
export const POSTER_HEIGHT = 1240;
const COVER_HEIGHT = 660;
const CARD = { x: 28, y: 600, width: 664, height: 600, radius: 32 } as const;
const PAD = 40;
const LEFT = CARD.x + PAD;
const QR_SIZE = 222;
const QR = { x: CARD.x + CARD.width - PAD - QR_SIZE, y: CARD.y + CARD.height - 56 - QR_SIZE } as const;
const BADGE_MIDDLE = 54;
const AVATAR = { x: LEFT + 38, y: QR.y + 66, radius: 38 } as const;
/** Light modules around a QR code, which readers need. */
const QUIET_MODULES = 2;
const DRAW_SECONDS = 10;
const COVER_PIXELS = 40_000_000;

const ink = {
  dark: '#2a1f16',
  soft: '#7d6e60',
  faint: '#a8998a',
  hot: '#d4380d',
  paper: '#fffdf9',
  ground: '#f3e8d8',
  leaf: '#7a4b26',
} as const;

const escaped = (text: string): string =>
  text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;');

interface TextSpec {
  readonly text: string;
  readonly x: number;
  readonly y: number;
  readonly size: number;
  readonly face?: keyof typeof faces;
  readonly colour: string;
  /** Wraps within this width; one line without it. */
  readonly width?: number;
  readonly align?: 'left' | 'centre';
  /** What `y` is of: pictures of texts are as high as their ink. */
  readonly from?: 'top' | 'middle' | 'bottom';
  readonly struck?: boolean;
}

interface Set {
  readonly overlay: OverlayOptions;
  readonly width: number;
  readonly height: number;
}
/** A text as a picture, and how much room it takes. */
async function setText(spec: TextSpec, scale: number): Promise<Set> {
  const face = faces[spec.face ?? 'regular'];
  const { data, info } = await sharp({
    text: {
      text: `<span foreground="${spec.colour}"${spec.struck ? ' strikethrough="true"' : ''}>${escaped(spec.text)}</span>`,
      font: `${face.name} ${Math.round(spec.size * scale)}`,
      fontfile: face.file,
      dpi: 72,
      rgba: true,
      wrap: 'word-char',
      ...(spec.width === undefined ? {} : { width: Math.round(spec.width * scale) }),
    },
  })
    .png()
    .toBuffer({ resolveWithObject: true });
  const left = spec.x * scale - (spec.align === 'centre' ? info.width / 2 : 0);
  const up = spec.from === 'middle' ? info.height / 2 : spec.from === 'bottom' ? info.height : 0;
  return {
    overlay: { input: data, left: Math.round(left), top: Math.round(spec.y * scale - up) },
    width: info.width / scale,
    height: info.height / scale,
  };
}

/** The dark modules as one path, each a whole number of pixels wide. */
function qrShape(url: string, scale: number): string {
  const { modules } = QRCode.create(url, { errorCorrectionLevel: 'M' });
  const cells = modules.size + 2 * QUIET_MODULES;
  const cell = Math.max(1, Math.floor((QR_SIZE * scale) / cells));
  const offset = (at: number): number => Math.round(at * scale + (QR_SIZE * scale - cell * modules.size) / 2);
  const [left, top] = [offset(QR.x), offset(QR.y)];
  let path = '';
  for (let row = 0; row < modules.size; row++)
    for (let column = 0; column < modules.size; column++)
      if (modules.get(row, column)) path += `M${left + column * cell} ${top + row * cell}h${cell}v${cell}h-${cell}z`;
  return `<path d="${path}" fill="#1c140d" shape-rendering="crispEdges"/>`;
}

function shapes(url: string, text: PosterText, scale: number, badgeWidth: number): Buffer {
  const [width, height] = [POSTER_WIDTH * scale, POSTER_HEIGHT * scale];
  const badgeX = POSTER_WIDTH - 32 - badgeWidth;
  const scaled = `<g transform="scale(${scale})">`;
  return Buffer.from(`<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}">
<defs>
  <linearGradient id="top" x1="0" y1="0" x2="0" y2="1"><stop offset="0" stop-color="#1c0f05" stop-opacity=".62"/><stop offset="1" stop-color="#1c0f05" stop-opacity="0"/></linearGradient>
  <linearGradient id="low" x1="0" y1="0" x2="0" y2="1"><stop offset="0" stop-color="${ink.ground}" stop-opacity="0"/><stop offset="1" stop-color="${ink.ground}"/></linearGradient>
  <linearGradient id="who" x1="0" y1="0" x2="1" y2="1"><stop offset="0" stop-color="#e79a4e"/><stop offset="1" stop-color="#b3541e"/></linearGradient>
</defs>
${scaled}
  <rect width="${POSTER_WIDTH}" height="150" fill="url(#top)"/>
  <rect y="${COVER_HEIGHT - 150}" width="${POSTER_WIDTH}" height="150" fill="url(#low)"/>
  <rect x="${CARD.x}" y="${CARD.y + 10}" width="${CARD.width}" height="${CARD.height}" rx="${CARD.radius}" fill="#5b3a1a" opacity=".10"/>
  <rect x="${CARD.x}" y="${CARD.y + 4}" width="${CARD.width}" height="${CARD.height}" rx="${CARD.radius}" fill="#5b3a1a" opacity=".08"/>
  <rect x="${CARD.x}" y="${CARD.y}" width="${CARD.width}" height="${CARD.height}" rx="${CARD.radius}" fill="${ink.paper}"/>
  <rect x="${badgeX}" y="30" width="${badgeWidth}" height="48" rx="24" fill="${text.badge.isLive ? ink.hot : '#2a1f16'}" fill-opacity="${text.badge.isLive ? 1 : 0.72}"/>
  ${text.badge.isLive ? `<circle cx="${badgeX + 24}" cy="54" r="6" fill="#fff"/>` : ''}
  <path d="M${LEFT} ${QR.y - 26}H${CARD.x + CARD.width - PAD}" stroke="#e6d8c4" stroke-width="2" stroke-dasharray="2 8" stroke-linecap="round"/>
  <circle cx="${AVATAR.x}" cy="${AVATAR.y}" r="${AVATAR.radius}" fill="url(#who)"/>
  <rect x="${QR.x}" y="${QR.y}" width="${QR_SIZE}" height="${QR_SIZE}" rx="18" fill="#fff" stroke="#eadfce" stroke-width="2"/>
</g>
${qrShape(url, scale)}
</svg>`);
}

/** Walnut brown with rings, where there is no picture that can be read. */
const noCover = (width: number, height: number): Buffer =>
  Buffer.from(`<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" viewBox="0 0 720 660" preserveAspectRatio="xMidYMid slice">
<defs><radialGradient id="g" cx=".7" cy=".25" r="1"><stop offset="0" stop-color="#d9a566"/><stop offset="1" stop-color="${ink.leaf}"/></radialGradient></defs>
<rect width="720" height="660" fill="url(#g)"/><g fill="none" stroke="#fff" stroke-opacity=".14" stroke-width="22">
<circle cx="560" cy="150" r="90"/><circle cx="560" cy="150" r="170"/><circle cx="560" cy="150" r="260"/></g></svg>`);

async function coverOf(cover: Buffer | undefined, scale: number): Promise<Buffer> {
  const [width, height] = [POSTER_WIDTH * scale, COVER_HEIGHT * scale];
  const cut = (input: Buffer) =>
    sharp(input, { limitInputPixels: COVER_PIXELS, failOn: 'error' })
      .timeout({ seconds: DRAW_SECONDS })
      .autoOrient()
      .resize({ width, height, fit: 'cover', position: 'attention' })
      .flatten({ background: ink.ground })
      .toFormat('png', { compressionLevel: 1 })
      .toBuffer();
  if (!cover) return cut(noCover(width, height));
  // A picture that cannot be read costs the cover, never the poster.
  return cut(cover).catch(() => cut(noCover(width, height)));
}

/** The price on its line; what is struck stands beside its basis (rule Z4). */
async function setPrice(price: NonNullable<PosterText['price']>, y: number, scale: number): Promise<OverlayOptions[]> {
  const at = (x: number, text: string, size: number, colour: string, more: Partial<TextSpec> = {}) =>
    setText({ text, x, y, size, colour, from: 'bottom', ...more }, scale);
  const sign = await at(LEFT, '¥', 34, ink.hot, { face: 'bold' });
  const amount = await at(LEFT + sign.width + 8, price.now, 62, ink.hot, { face: 'bold' });
  const x = LEFT + sign.width + amount.width + 28;
  if (!price.struck) {
    const unit = await at(x, price.unit, 24, ink.hot, { face: 'bold' });
    return [sign.overlay, amount.overlay, unit.overlay];
  }
  const unit = await at(x, price.unit, 22, ink.hot, { face: 'bold', y: y - 30 });
  const basis = await at(x, price.basis, 21, ink.faint);
  const struck = await at(x + basis.width + 10, `¥${price.struck}`, 21, ink.faint, { struck: true });
  return [sign.overlay, amount.overlay, unit.overlay, basis.overlay, struck.overlay];
}

/** @returns PNG */
export async function drawPoster(poster: {
  readonly text: PosterText;
  readonly url: string;
  readonly cover: Buffer | undefined;
  readonly width: number;
}): Promise<Buffer> {
  const { text, url } = poster;
  const scale = poster.width / POSTER_WIDTH;
  const dot = text.badge.isLive ? 22 : 0;
  const badge = await setText(
    { text: text.badge.text, x: 0, y: BADGE_MIDDLE, size: 25, face: 'bold', colour: '#ffffff', from: 'middle' },
    scale,
  );
  const badgeWidth = badge.width + 44 + dot;
  const badgeLeft = Math.round((POSTER_WIDTH - 32 - badgeWidth + 22 + dot) * scale);
  const line = (spec: TextSpec) => setText(spec, scale).then(({ overlay }) => overlay);
  const top = CARD.y + 36;
  const titleWidth = CARD.width - 2 * PAD;
  const title = await setText(
    { text: text.title, x: LEFT, y: top, size: 40, face: 'bold', colour: ink.dark, width: titleWidth },
    scale,
  );
  const subtitle = await setText(
    { text: text.subtitle, x: LEFT, y: top + title.height + 18, size: 25, colour: ink.soft },
    scale,
  );
  const who = { x: AVATAR.x + 54, width: QR.x - AVATAR.x - 70 };
  const overlays = [
    title.overlay,
    subtitle.overlay,
    { ...badge.overlay, left: badgeLeft },
    ...(await Promise.all([
      line({ text: text.brand, x: 34, y: BADGE_MIDDLE, size: 29, face: 'bold', colour: '#ffffff', from: 'middle' }),
      line({
        ...{ text: text.initial, x: AVATAR.x, y: AVATAR.y, size: 38, face: 'bold', colour: '#ffffff' },
        ...{ align: 'centre', from: 'middle' },
      }),
      line({ ...who, text: text.sharer, y: AVATAR.y - 6, size: 30, face: 'bold', colour: ink.dark, from: 'bottom' }),
      line({ ...who, text: text.invites, y: AVATAR.y + 10, size: 22, colour: ink.soft }),
      line({ text: text.footer, x: LEFT, y: QR.y + QR_SIZE - 2, size: 20, colour: ink.faint, from: 'bottom' }),
      line({
        ...{ text: text.scan, x: QR.x + QR_SIZE / 2, y: QR.y + QR_SIZE + 14, size: 20, colour: ink.soft },
        align: 'centre',
      }),
    ])),
    ...(text.price ? await setPrice(text.price, QR.y - 52, scale) : []),
  ];
  return sharp({
    create: {
      ...{ width: poster.width, height: Math.round(POSTER_HEIGHT * scale), channels: 3, background: ink.ground },
    },
  })
    .composite([
      { input: await coverOf(poster.cover, scale), left: 0, top: 0 },
      { input: shapes(url, text, scale, badgeWidth), left: 0, top: 0 },
      ...overlays,
    ])
    .timeout({ seconds: DRAW_SECONDS })
    .png({ compressionLevel: 6, palette: true, quality: 90, effort: 1 })
    .toBuffer();
}
