import sharp from 'sharp';
import { describe, expect, it } from 'vitest';
import { differences, toKeep } from './kept-pictures.ts';

interface Screen {
  /** CSS pixels by which the card is elsewhere. */
  moved?: number;
  button?: string;
  icon?: boolean;
  text?: string;
  weight?: number;
}
/** A phone's screen with a card, a button, an icon and words, as a browser would take a picture of it. */
const screen = ({ moved = 0, button = '#e8573f', icon = true, text = '立即购买', weight = 400 }: Screen = {}) =>
  sharp(
    Buffer.from(`<svg xmlns="http://www.w3.org/2000/svg" width="390" height="844" font-family="Noto Sans CJK SC">
      <rect width="390" height="844" fill="#f6f4f0"/>
      <g transform="translate(${moved} ${moved})">
        <rect x="16" y="120" width="358" height="180" rx="12" fill="#fff" stroke="#ddd6cc"/>
        <text x="32" y="160" font-size="16" font-weight="${weight}" fill="#2b2622">核桃礼盒 500 g</text>
      </g>
      <rect x="16" y="760" width="358" height="48" rx="24" fill="${button}"/>
      <text x="163" y="790" font-size="16" fill="#fff">${text}</text>
      ${icon ? '<circle cx="350" cy="60" r="9" fill="none" stroke="#2b2622" stroke-width="2"/><path d="M350 54v12M344 60h12" stroke="#2b2622" stroke-width="2"/>' : ''}
    </svg>`),
  )
    .png()
    .toBuffer();

async function looksDifferent(one: Screen, other: Screen): Promise<boolean> {
  const [kept, now] = await Promise.all(
    [one, other].map(async (given) => {
      const picture = sharp(await toKeep(await screen(given))).removeAlpha();
      const { data, info } = await picture.raw().toBuffer({ resolveWithObject: true });
      return { ...info, data };
    }),
  );
  if (!kept || !now) throw new Error('no pictures');
  expect([kept.width, kept.height]).toEqual([195, 422]);
  return differences(kept, now).windows > 0;
}

describe('a screen and its kept picture', () => {
  it('are the same where only edges fall between pixels otherwise', async () => {
    expect(await looksDifferent({}, {})).toBe(false);
    for (const moved of [0.3, 0.5, -0.4, 1]) expect(await looksDifferent({}, { moved }), String(moved)).toBe(false);
    expect(await looksDifferent({}, { button: '#e9593f' })).toBe(false);
  });

  it('differ where a block moved, a colour changed, an icon or a word is gone or another one', async () => {
    const others: Screen[] = [
      ...[{ moved: 4 }, { moved: -6 }, { icon: false }, { text: '立即付款' }, { text: '' }],
      ...[{ button: '#d0341b' }, { button: '#e8573f80' }, { button: '#f08a3f' }],
    ];
    for (const other of others) expect(await looksDifferent({}, other), JSON.stringify(other)).toBe(true);
  });
});
