/** Bytes of files for many readers; see kept.ts for the model. */
import type { Sql } from '../../platform/db.ts';
import { createKept } from './kept.ts';
import type { StoredPurpose } from './kinds.policy.ts';

const CACHE_BYTES = 48 * 1024 * 1024;

export interface FileContent {
  readonly purpose: StoredPurpose;
  readonly mediaType: string;
  readonly content: Buffer;
}

export function createFileContents({ sql, cacheBytes = CACHE_BYTES }: { sql: Sql; cacheBytes?: number }) {
  const kept = createKept<FileContent>({ cacheBytes });

  async function read(id: string, purposes: readonly StoredPurpose[]): Promise<FileContent | undefined> {
    const [file] = await sql<FileContent>`SELECT purpose, media_type AS "mediaType", content FROM stored_files
      WHERE id = ${id} AND purpose = ANY(${[...purposes]}::text[])`;
    return file;
  }

  return {
    /** Undefined: there is no such file for these purposes. @throws AppError unavailable when too many files are wanted at once */
    async get(id: string, purposes: readonly StoredPurpose[]): Promise<FileContent | undefined> {
      const file = await kept.get(id, () => read(id, purposes), `${id} ${purposes.join()}`);
      return file && purposes.includes(file.purpose) ? file : undefined;
    },
  };
}
