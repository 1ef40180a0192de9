/**
 * The demo programme's picture as SVG layers, drawn by code: a walnut base in the evening sun, the factory behind it,
 * and the table from which a guide would show the drinks. Every layer says DEMO where a viewer looks.
 */

export const WIDTH = 720;
export const HEIGHT = 1280;
/** The landscape is wider than the picture, so that it can pan. */
export const LANDSCAPE_WIDTH = 880;

/** Numbers that look random and are the same every time (mulberry32). */
function sequence(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}

const svg = (width: number, height: number, body: string, defs = '') =>
  `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}"><defs>${defs}</defs>${body}</svg>`;

const gradient = (id: string, stops: readonly [number, string][], direction = 'x1="0" y1="0" x2="0" y2="1"') =>
  `<linearGradient id="${id}" ${direction}>${stops.map(([at, colour]) => `<stop offset="${at}" stop-color="${colour}"/>`).join('')}</linearGradient>`;

function hills(random: () => number, base: number, height: number, fill: string): string {
  const steps = 8;
  let d = `M-20 ${HEIGHT} L-20 ${base}`;
  for (let i = 0; i < steps; i++) {
    const x0 = -20 + ((LANDSCAPE_WIDTH + 40) * i) / steps;
    const x1 = -20 + ((LANDSCAPE_WIDTH + 40) * (i + 1)) / steps;
    const top = base - height * (0.35 + 0.65 * random());
    d += ` C${x0 + (x1 - x0) * 0.35} ${top} ${x0 + (x1 - x0) * 0.65} ${top} ${x1} ${base - height * 0.25 * random()}`;
  }
  return `<path d="${d} L${LANDSCAPE_WIDTH + 20} ${HEIGHT} Z" fill="${fill}"/>`;
}

/** One walnut tree: a trunk and a round crown of leaf clouds, lit from the left. */
function tree(random: () => number, x: number, y: number, size: number): string {
  const puffs: string[] = [];
  for (let i = 0; i < 34; i++) {
    const angle = random() * Math.PI * 2;
    const far = Math.sqrt(random()) * size * 0.42;
    const px = x + Math.cos(angle) * far * 1.15;
    const py = y - size * 0.82 + Math.sin(angle) * far * 0.8;
    const light = 0.5 - (px - x) / (size * 1.6) - (py - (y - size * 0.82)) / (size * 1.5);
    const hue = 88 + random() * 14;
    const lightness = 19 + Math.max(0, Math.min(1, light)) * 24;
    const r = size * (0.085 + random() * 0.085);
    puffs.push(
      `<circle cx="${px.toFixed(1)}" cy="${py.toFixed(1)}" r="${r.toFixed(1)}" fill="hsl(${hue.toFixed(0)} 42% ${lightness.toFixed(0)}%)"/>`,
    );
  }
  return (
    `<ellipse cx="${x + size * 0.18}" cy="${y + 2}" rx="${size * 0.5}" ry="${size * 0.07}" fill="#1d2a12" opacity=".35"/>` +
    `<path d="M${x - size * 0.06} ${y} Q${x - size * 0.02} ${y - size * 0.3} ${x - size * 0.09} ${y - size * 0.6} L${x + size * 0.08} ${y - size * 0.6} Q${x + size * 0.03} ${y - size * 0.3} ${x + size * 0.07} ${y} Z" fill="#5a4030"/>` +
    puffs.join('')
  );
}

function factory(): string {
  const shed = (x: number, w: number, h: number) =>
    `<path d="M${x} 640 V${640 - h} l${w / 3} -26 v26 l${w / 3} -26 v26 l${w / 3} -26 V640 Z" fill="url(#wall)"/>` +
    Array.from(
      { length: 6 },
      (_, i) =>
        `<rect x="${x + 12 + (i * (w - 24)) / 6}" y="${640 - h + 22}" width="${(w - 24) / 6 - 8}" height="20" rx="2" fill="#ffdf9e" opacity=".85"/>`,
    ).join('');
  const silo = (x: number, h: number) =>
    `<rect x="${x}" y="${640 - h}" width="40" height="${h}" fill="url(#steel)"/><path d="M${x} ${640 - h} q20 -26 40 0 Z" fill="#e9e2d2"/>`;
  return (
    `<g>${silo(560, 150)}${silo(606, 170)}${silo(652, 140)}${shed(270, 290, 84)}` +
    '<rect x="300" y="508" width="150" height="34" rx="5" fill="#8c2f1f"/><text x="375" y="532" font-family="Noto Sans CJK SC" font-weight="700" font-size="21" text-anchor="middle" fill="#fff3dc">核桃饮品工厂</text></g>'
  );
}

/** Sky, mountains, factory, grove: opaque, wider than the picture. */
export function landscape(): string {
  const random = sequence(20);
  const rows: string[] = [];
  for (let row = 0; row < 6; row++) {
    const y = 690 + row * row * 9 + row * 22;
    const size = 62 + row * 27;
    const count = 9 - row;
    for (let i = 0; i <= count; i++) {
      const x = ((i + (row % 2) * 0.5) * (LANDSCAPE_WIDTH + 60)) / count - 40 + (random() - 0.5) * 18;
      rows.push(tree(random, x, y + random() * 8, size * (0.9 + random() * 0.2)));
    }
  }
  const clouds = Array.from({ length: 7 }, () => {
    const x = random() * LANDSCAPE_WIDTH;
    const y = 90 + random() * 230;
    const w = 90 + random() * 130;
    return `<g fill="#fff6e4" opacity="${(0.25 + random() * 0.3).toFixed(2)}"><ellipse cx="${x}" cy="${y}" rx="${w}" ry="13"/><ellipse cx="${x + w * 0.2}" cy="${y - 11}" rx="${w * 0.5}" ry="13"/></g>`;
  }).join('');
  const furrows = Array.from({ length: 9 }, (_, i) => {
    const x = -200 + i * 160;
    return `<path d="M${440 + (x - 440) * 0.22} 668 L${x} 1280" stroke="#b58a4a" stroke-width="${9 - Math.abs(4 - i)}" opacity=".28"/>`;
  }).join('');
  return svg(
    LANDSCAPE_WIDTH,
    HEIGHT,
    `<rect width="100%" height="100%" fill="url(#sky)"/><circle cx="600" cy="330" r="260" fill="url(#glow)"/><circle cx="600" cy="330" r="56" fill="#fff1c9"/>${clouds}` +
      hills(random, 560, 190, '#9c9a86') +
      hills(random, 600, 150, '#7f8a63') +
      hills(random, 650, 100, '#647a45') +
      factory() +
      `<rect y="636" width="100%" height="644" fill="url(#field)"/>${furrows}${rows.join('')}` +
      '<rect width="100%" height="100%" fill="url(#evening)"/>',
    gradient('sky', [
      [0, '#5d8fae'],
      [0.2, '#9fbdb7'],
      [0.36, '#f3d7a0'],
      [0.5, '#f6b873'],
    ]) +
      gradient('field', [
        [0, '#8d9a4c'],
        [0.4, '#6f7f36'],
        [1, '#43521f'],
      ]) +
      gradient('wall', [
        [0, '#d9cdb4'],
        [1, '#a3906f'],
      ]) +
      gradient(
        'steel',
        [
          [0, '#f1ece0'],
          [0.45, '#c9c2b2'],
          [1, '#8e8674'],
        ],
        'x1="0" y1="0" x2="1" y2="0"',
      ) +
      gradient('evening', [
        [0, 'rgba(30,40,60,.18)'],
        [0.35, 'rgba(255,190,110,0)'],
        [1, 'rgba(40,26,10,.30)'],
      ]) +
      '<radialGradient id="glow"><stop offset="0" stop-color="#fff0c0" stop-opacity=".85"/><stop offset="1" stop-color="#ffdf9e" stop-opacity="0"/></radialGradient>',
  );
}

function walnut(x: number, y: number, r: number, turn: number): string {
  return (
    `<g transform="translate(${x} ${y}) rotate(${turn})"><ellipse cy="${r * 0.8}" rx="${r * 1.05}" ry="${r * 0.26}" fill="#1a0f06" opacity=".4" transform="rotate(${-turn})"/>` +
    `<ellipse rx="${r}" ry="${r * 0.86}" fill="url(#shell)"/><path d="M${-r} 0 Q0 ${-r * 0.2} ${r} 0" fill="none" stroke="#6d4722" stroke-width="${r * 0.09}"/>` +
    [-0.55, -0.3, 0.3, 0.55]
      .map(
        (k) =>
          `<path d="M${-r * 0.7} ${r * k} q${r * 0.35} ${r * 0.16} ${r * 0.7} 0 t${r * 0.6} 0" fill="none" stroke="#7d5730" stroke-width="${r * 0.06}" opacity=".75"/>`,
      )
      .join('') +
    '</g>'
  );
}

function bottle(x: number, y: number, scale: number, label: string, colour: string): string {
  return (
    `<g transform="translate(${x} ${y}) scale(${scale})"><ellipse cx="6" cy="4" rx="78" ry="15" fill="#150c05" opacity=".45"/>` +
    '<path d="M-34 -318 h68 v34 q0 26 16 44 q14 18 14 50 v172 q0 20 -20 20 h-88 q-20 0 -20 -20 v-172 q0 -32 14 -50 q16 -18 16 -44 Z" fill="url(#milk)"/>' +
    `<rect x="-38" y="-346" width="76" height="36" rx="7" fill="${colour}"/><rect x="-38" y="-320" width="76" height="6" fill="#000" opacity=".15"/>` +
    `<path d="M-64 -178 h128 v124 h-128 Z" fill="${colour}"/><path d="M-64 -178 h22 v124 h-22 Z" fill="#fff" opacity=".14"/>` +
    `<text y="-122" text-anchor="middle" font-family="Noto Serif CJK SC" font-weight="900" font-size="38" fill="#fff4dd">${label}</text>` +
    '<text y="-84" text-anchor="middle" font-family="Noto Sans CJK SC" font-size="17" letter-spacing="3" fill="#fff4dd" opacity=".9">演示样品</text>' +
    '<path d="M-50 -196 q-8 -30 6 -48 l0 200 h-10 Z" fill="#fff" opacity=".4"/></g>'
  );
}

function leaf(x: number, y: number, length: number, turn: number, hue: number): string {
  const h = length / 2;
  return (
    `<g transform="translate(${x.toFixed(1)} ${y.toFixed(1)}) rotate(${turn.toFixed(0)})"><path d="M${-h} 0 C${-h * 0.4} ${-h * 0.62} ${h * 0.45} ${-h * 0.5} ${h} 0 C${h * 0.45} ${h * 0.5} ${-h * 0.4} ${h * 0.62} ${-h} 0 Z" fill="hsl(${hue.toFixed(0)} 55% 40%)"/>` +
    `<path d="M${-h} 0 L${h * 0.9} 0" stroke="hsl(${hue.toFixed(0)} 45% 58%)" stroke-width="${Math.max(1, length / 34)}"/></g>`
  );
}

/** A branch across the top, the table with the drinks below, the words: transparent elsewhere. */
export function foreground(): string {
  const random = sequence(7);
  const branch = Array.from({ length: 34 }, (_, i) => {
    const t = i / 33;
    return leaf(
      -20 + t * 440 + (random() - 0.5) * 60,
      30 + Math.sin(t * 3) * 46 + (random() - 0.5) * 90,
      66 + random() * 34,
      20 + random() * 130,
      82 + random() * 26,
    );
  }).join('');
  const planks = Array.from(
    { length: 5 },
    (_, i) => `<path d="M-10 ${1052 + i * 52} H730" stroke="#3a2413" stroke-width="4" opacity=".55"/>`,
  ).join('');
  const walnuts = (
    [
      [46, 1078, 34, 14],
      [108, 1104, 38, -20],
      [60, 1160, 40, 40],
      [640, 1088, 34, -12],
      [600, 1158, 40, 30],
      [668, 1136, 42, -35],
      [222, 1178, 34, 8],
    ] as const
  ).map(([x, y, r, turn]) => walnut(x, y, r, turn));
  return svg(
    WIDTH,
    HEIGHT,
    `<path d="M-20 20 Q180 96 430 44" stroke="#4d3626" stroke-width="13" fill="none"/>${branch}` +
      `<path d="M-10 1010 L730 1010 V1290 H-10 Z" fill="url(#wood)"/><rect y="1010" width="720" height="10" fill="#e2b57c" opacity=".7"/>${planks}` +
      bottle(206, 1098, 0.86, '核桃乳', '#7a3b1d') +
      bottle(516, 1098, 0.86, '原味', '#3f5a2a') +
      bottle(361, 1134, 1.06, '醇香', '#a5672a') +
      walnuts.join('') +
      '<g transform="translate(360 196)"><rect x="-226" y="-52" width="452" height="104" rx="52" fill="#14100b" opacity=".62"/><circle cx="-184" cy="0" r="14" fill="#ff4d3d"/>' +
      '<text x="20" y="17" text-anchor="middle" font-family="Noto Sans CJK SC" font-weight="800" font-size="47" letter-spacing="2" fill="#fff7e6">DEMO 演示直播</text></g>' +
      '<text x="360" y="288" text-anchor="middle" font-family="Noto Sans CJK SC" font-weight="500" font-size="21" letter-spacing="0.5" fill="#fff7e6" stroke="#2b1d0c" stroke-width="5" paint-order="stroke" stroke-linejoin="round">画面与声音由电脑生成 · computer-made picture</text>',
    gradient('wood', [
      [0, '#b27c46'],
      [0.25, '#96622f'],
      [1, '#5a3617'],
    ]) +
      gradient(
        'milk',
        [
          [0, '#d9c6a4'],
          [0.3, '#fbf3e0'],
          [0.75, '#efe0c2'],
          [1, '#bfa67b'],
        ],
        'x1="0" y1="0" x2="1" y2="0"',
      ) +
      '<radialGradient id="shell" cx=".35" cy=".3"><stop offset="0" stop-color="#dcb47c"/><stop offset=".6" stop-color="#b98549"/><stop offset="1" stop-color="#7a5128"/></radialGradient>',
  );
}

/** Leaves on a transparent ground; two copies one above the other make an endless fall. */
export function fallingLeaves(seed: number, count: number, length: number): string {
  const random = sequence(seed);
  const margin = length;
  return svg(
    WIDTH,
    HEIGHT,
    Array.from({ length: count }, () =>
      leaf(
        random() * WIDTH,
        margin + random() * (HEIGHT - 2 * margin),
        length * (0.7 + random() * 0.6),
        random() * 360,
        34 + random() * 62,
      ),
    ).join(''),
  );
}
