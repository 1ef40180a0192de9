/**
 * Bytes of files for many readers: one buffer, however many are being answered.
 *
 * Model: what a file holds never changes, so what was read is kept, up to CACHE_BYTES, least recently wanted first out. A
 * file is read once for all who want it meanwhile, and few files are read at a time: on its way from the database one takes
 * several times its size. Absence is not kept.
 */
import type { FilePurpose } from '@walnut-live/contracts';
import type { Sql } from '../../platform/db.ts';
import { createGate } from '../../platform/gate.ts';

const CACHE_BYTES = 48 * 1024 * 1024;
const READS_AT_ONCE = 2;
/** Different files that wait for their turn. */
const READS_IN_LINE = 200;

export interface FileContent {
  readonly purpose: FilePurpose;
  readonly mediaType: string;
  readonly content: Buffer;
}

export function createFileContents({ sql, cacheBytes = CACHE_BYTES }: { sql: Sql; cacheBytes?: number }) {
  const kept = new Map<string, FileContent>();
  const reading = new Map<string, Promise<FileContent | undefined>>();
  const gate = createGate(READS_AT_ONCE, READS_IN_LINE);
  let bytes = 0;

  function keep(id: string, file: FileContent): void {
    if (kept.has(id) || file.content.length > cacheBytes) return;
    kept.set(id, file);
    bytes += file.content.length;
    for (const [oldest, { content }] of kept) {
      if (bytes <= cacheBytes) break;
      kept.delete(oldest);
      bytes -= content.length;
    }
  }
  async function read(id: string, purposes: readonly FilePurpose[]): Promise<FileContent | undefined> {
    const [file] = await gate(
      () => sql<FileContent>`SELECT purpose, media_type AS "mediaType", content FROM stored_files
        WHERE id = ${id} AND purpose = ANY(${[...purposes]}::text[])`,
    );
    if (file) keep(id, file);
    return file;
  }

  return {
    /** Undefined: there is no such file for these purposes. @throws AppError unavailable when too many files are wanted at once */
    async get(id: string, purposes: readonly FilePurpose[]): Promise<FileContent | undefined> {
      const known = kept.get(id);
      if (known) {
        kept.delete(id);
        kept.set(id, known); // wanted last
        return purposes.includes(known.purpose) ? known : undefined;
      }
      const key = `${id} ${purposes.join()}`;
      const running = reading.get(key);
      if (running) return running;
      const begun = read(id, purposes).finally(() => reading.delete(key));
      reading.set(key, begun);
      return begun;
    },
  };
}
