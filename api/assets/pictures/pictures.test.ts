import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';

type Picture = { key: string; file: string; width: number; height: number; alt: { zh: string; en: string } };

const at = (name: string): string => readFileSync(new URL(name, import.meta.url), 'utf8');
const pictures = JSON.parse(at('./index.json')) as Picture[];

describe('pictures', () => {
  it('are all listed, once', () => {
    const files = readdirSync(new URL('.', import.meta.url)).filter((name) => name.endsWith('.svg'));
    expect(pictures.map((picture) => picture.file).sort()).toEqual(files.sort());
  });
  it.each(pictures)('$key is a small, self-contained drawing without words', ({ key, file, width, height, alt }) => {
    const source = at(`./${file}`);
    expect(file).toBe(`${key}.svg`);
    expect(source).toContain(`viewBox="0 0 ${width} ${height}"`);
    expect(Buffer.byteLength(source)).toBeLessThanOrEqual(30 * 1024);
    expect(source).not.toMatch(/<(text|script|image|foreignObject)|\bon\w+=|https?:\/\/(?!www\.w3\.org\/2000\/svg)/);
    expect(alt.zh).toMatch(/[\u4e00-\u9fff]/);
    expect(alt.en).toMatch(/^[\x20-\x7e]+$/);
    for (const [, id] of source.matchAll(/(?:url\(#|href="#)([^)"]+)/g)) expect(source).toContain(`id="${id}"`);
  });
});
