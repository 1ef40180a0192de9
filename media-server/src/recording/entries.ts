/** The lines of an index. Pure. */
import { z } from 'zod';

/** One finished segment of a stream. */
export const IndexEntry = z.strictObject({
  /** Grows by one; a hole is a segment that could not be kept. */
  n: z.int().min(0),
  run: z.string().regex(/^[0-9a-f]{16}$/),
  /** Wall clock of the server at its first picture, epoch milliseconds. */
  atMs: z.number(),
  durationMs: z.number().min(0),
  bytes: z.int().min(0),
  codecs: z.array(z.string().max(64)).max(4),
  width: z.nullable(z.int()),
  height: z.nullable(z.int()),
});
export type IndexEntry = z.infer<typeof IndexEntry>;

/** One segment of a recording: an entry and whose it is. */
export const RecordedSegment = IndexEntry.extend({ streamId: z.string() });
export type RecordedSegment = z.infer<typeof RecordedSegment>;

export const toLines = (entries: readonly object[]): Buffer =>
  Buffer.from(entries.map((entry) => `${JSON.stringify(entry)}\n`).join(''));

/** Lines that cannot be read are left out: one bad line must not cost the whole recording. */
export function fromLines<T>(schema: z.ZodType<T>, data: Buffer): T[] {
  return data
    .toString('utf8')
    .split('\n')
    .flatMap((line) => {
      if (line === '') return [];
      try {
        const parsed = schema.safeParse(JSON.parse(line));
        return parsed.success ? [parsed.data] : [];
      } catch {
        return [];
      }
    });
}
