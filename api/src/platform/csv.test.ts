import { Writable } from 'node:stream';
import type { Response } from 'express';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { csvCell, csvLine, sendParts } from './csv.ts';

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

describe('parts of a body', () => {
  function slowClient() {
    const taken: (() => void)[] = [];
    const stream = new Writable({ highWaterMark: 10, write: (_chunk, _encoding, done) => void taken.push(done) });
    return { res: stream as unknown as Response, stream, taken };
  }
  const settled = () => new Promise((resolve) => setTimeout(resolve, 20));

  it('no more is read than the client takes, and a client that goes ends it', async () => {
    const { res, stream, taken } = slowClient();
    let read = 0;
    async function* parts(): AsyncGenerator<string> {
      for (; read < 1_000; ) {
        read++;
        yield 'x'.repeat(100);
      }
    }
    const sent = sendParts(res, parts());
    await settled();
    expect(read).toBe(1);
    taken.shift()?.();
    await settled();
    expect(read).toBe(2);
    stream.destroy();
    await sent;
    expect(read).toBeLessThan(5);
  });

  it('a failure cuts the body off', async () => {
    const { res, stream } = slowClient();
    async function* parts(): AsyncGenerator<string> {
      yield 'a';
      throw new Error('gone');
    }
    await expect(sendParts(res, parts())).rejects.toThrow('gone');
    expect(stream.destroyed).toBe(true);
  });
});
