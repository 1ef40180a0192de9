import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { csvCell, csvLine } from './csv.ts';

describe('CSV cells', () => {
  it.each([
    ['plain', 'plain'],
    ['a,b', '"a,b"'],
    ['say "hi"', '"say ""hi"""'],
    ['two\nlines', '"two\nlines"'],
    ['=1+1', "'=1+1"],
    ['=HYPERLINK("http://x","y")', '"\'=HYPERLINK(""http://x"",""y"")"'],
    ['+86', "'+86"],
    ['-2', "'-2"],
    ['@SUM(A1)', "'@SUM(A1)"],
    [' =1', "' =1"],
    ['\t=1', "'\t=1"],
    ['＝1', "'＝1"],
    [null, ''],
    [undefined, ''],
    [-5, '-5'],
    [true, 'true'],
    [new Date('2026-11-22T00:00:00.000Z'), '2026-11-22T00:00:00.000Z'],
  ] as const)('%s is written as %s', (value, cell) => {
    expect(csvCell(value)).toBe(cell);
  });

  it('no text starts a formula and every cell stays one cell', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        const cell = csvCell(text);
        const content = cell.startsWith('"') ? cell.slice(1, -1).replaceAll('""', '"') : cell;
        expect(content).not.toMatch(/^[=+\-@\t\r]/);
        expect(content === text || content === `'${text}`).toBe(true);
        if (!cell.startsWith('"')) expect(cell).not.toMatch(/[",\r\n]/);
      }),
    );
  });

  it('an amount in fen stays a number', () => {
    expect(csvCell(-5n)).toBe('-5');
  });

  it('a line ends with CRLF', () => {
    expect(csvLine([{ title: 'a', value: (n: number) => n }], 1)).toBe('1\r\n');
  });
});
