/**
 * Small files of the product itself: photos of guides, pictures of cards, training material. They lie in the database, so that
 * every node has them and the backup too; what is large (video) lies in the media servers' storage. Who may see material is
 * asked by the conference it belongs to, and who may see evidence by its after-sale case; photos and cards are for everybody. A file is uploaded first and then used by a card,
 * a page or a conference; one that nothing has used for a day goes.
 */
import { createHash } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { getFile, uploadFile } from '@walnut-live/contracts';
import type { Clock, Random } from '../../platform/clock.ts';
import type { Db, Sql } from '../../platform/db.ts';
import { AppError } from '../../platform/errors.ts';
import { type Binder, written } from '../../platform/http.ts';
import type { Jobs } from '../../platform/jobs.ts';
import { createLimit } from '../../platform/limits.ts';
import { createFileContents } from './contents.ts';
import {
  bytesFor,
  type ContentType,
  contentTypeOf,
  fits,
  type MediaType,
  mediaTypeOf,
  rangeOf,
  type StoredPurpose,
} from './kinds.policy.ts';

export { createKept } from './kept.ts';
export { mediaTypeOf } from './kinds.policy.ts';

/** Uploads of one person. */
const UPLOADS_PER_MINUTE = 20;
const CACHE_SECONDS = 86_400;
const CONTENT_CACHE_SECONDS = 300;
export const FILES_SWEEP = 'unused files';
const SWEEP_EVERY_MS = 3_600_000;
const SWEPT_AT_ONCE = 100;
const UNUSED_KEPT_MS = 86_400_000;
/** Within which a file must be used: well before it may be swept, so that nobody uses what is going this moment. */
const USABLE_MS = UNUSED_KEPT_MS - SWEEP_EVERY_MS;

export interface StoredFile {
  readonly id: string;
  readonly purpose: StoredPurpose;
  readonly name: string;
  readonly mediaType: MediaType | ContentType;
  readonly bytes: number;
  readonly createdBy: string;
  readonly createdAt: Date;
}
export interface Taken<Type> {
  readonly id: string;
  readonly mediaType: Type;
  readonly bytes: number;
}
export interface Files {
  /** A file that this person uploaded for this purpose within USABLE_MS. @throws AppError not_found */
  mine(sql: Sql, id: string, purpose: StoredPurpose, personId: string): Promise<StoredFile>;
  /**
   * Takes the body of a request as a file. @throws AppError body_too_large, unsupported_media_type, rate_limited,
   * invalid_request
   */
  take(
    upload: { req: IncomingMessage; res: ServerResponse },
    file: { purpose: StoredPurpose; name: string; orgPath: string; personId: string },
  ): Promise<Taken<MediaType>>;
  /** The same for the content library: pictures, voices, videos. */
  takeContent(
    upload: { req: IncomingMessage; res: ServerResponse },
    file: { name: string; orgPath: string; personId: string },
  ): Promise<Taken<ContentType>>;
  /** Content, whole or the part that is asked for: phones play nothing without. @throws AppError not_found */
  sendRange(req: IncomingMessage, res: ServerResponse, id: string): Promise<void>;
  /** Answers the request with the bytes. @throws AppError not_found */
  send(res: ServerResponse, id: string, purposes: readonly StoredPurpose[], asAttachment?: string): Promise<void>;
}
export const pictureUrl = (id: string | null): string | null => (id === null ? null : `/api/v1/files/${id}`);

/** Reads a body up to a size; what comes after is not read. @throws AppError body_too_large */
export async function readBody(req: IncomingMessage, most: number): Promise<Buffer> {
  if (Number(req.headers['content-length'] ?? 0) > most) throw new AppError('body_too_large');
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of req) {
    bytes += (chunk as Buffer).length;
    if (bytes > most) throw new AppError('body_too_large');
    chunks.push(chunk as Buffer);
  }
  return Buffer.concat(chunks);
}

export function createFiles(deps: { bind: Binder; db: Db; clock: Clock; random: Random; jobs: Jobs }): Files {
  const { bind, db, clock, random } = deps;
  const limit = createLimit({ points: UPLOADS_PER_MINUTE, seconds: 60 });
  const contents = createFileContents({ sql: db.sql });

  async function send(
    res: ServerResponse,
    id: string,
    purposes: readonly StoredPurpose[],
    asAttachment?: string,
  ): Promise<void> {
    const file = await contents.get(id, purposes);
    if (!file) throw new AppError('not_found');
    res.setHeader('Content-Type', file.mediaType);
    res.setHeader('Content-Length', file.content.length);
    res.setHeader('Content-Security-Policy', "default-src 'none'; sandbox");
    res.setHeader(
      'Cache-Control',
      asAttachment === undefined ? `public, max-age=${CACHE_SECONDS}, immutable` : 'private, no-store',
    );
    if (asAttachment !== undefined)
      res.setHeader('Content-Disposition', `attachment; filename*=UTF-8''${encodeURIComponent(asAttachment)}`);
    res.end(file.content);
  }

  /** What was taken away but is remembered (material, cards) still points to its file. */
  async function sweepUnused(): Promise<void> {
    const before = new Date(clock.now().getTime() - UNUSED_KEPT_MS);
    let gone: object[];
    do {
      gone = await db.sql`DELETE FROM stored_files WHERE id IN (
        SELECT f.id FROM stored_files f WHERE f.created_at < ${before}
          AND NOT EXISTS (SELECT FROM conference_materials m WHERE m.file_id = f.id)
          AND NOT EXISTS (SELECT FROM drain_cards c WHERE c.picture_id = f.id)
          AND NOT EXISTS (SELECT FROM guide_personas g WHERE g.photo_id = f.id)
          AND NOT EXISTS (SELECT FROM after_sale_pictures a WHERE a.file_id = f.id)
          AND NOT EXISTS (SELECT FROM review_pictures r WHERE r.file_id = f.id)
          AND NOT EXISTS (SELECT FROM content_items i WHERE i.file_id = f.id)
        LIMIT ${SWEPT_AT_ONCE} FOR UPDATE SKIP LOCKED) RETURNING id`;
    } while (gone.length === SWEPT_AT_ONCE);
  }
  deps.jobs.every(FILES_SWEEP, SWEEP_EVERY_MS, sweepUnused);

  /** Stores the body of a request as what its bytes are. */
  async function store<Type extends string>(
    { req, res }: { req: IncomingMessage; res: ServerResponse },
    file: { purpose: StoredPurpose; name: string; orgPath: string; personId: string },
    typeOf: (content: Buffer) => Type | undefined,
  ): Promise<Taken<Type>> {
    await limit.take(file.personId);
    const content = await readBody(req, bytesFor(file.purpose)).catch((error: unknown) => {
      res.setHeader('Connection', 'close'); // the rest of the body is not read
      throw error;
    });
    const mediaType = typeOf(content);
    if (content.length === 0) throw new AppError('invalid_request', { issues: [{ path: '/', issue: 'no_bytes' }] });
    if (!mediaType) throw new AppError('unsupported_media_type');
    const id = random.id();
    await db.sql`INSERT INTO stored_files (id, purpose, org_path, name, media_type, bytes, sha256, content, created_by, created_at)
      VALUES (${id}, ${file.purpose}, ${file.orgPath}, ${file.name}, ${mediaType}, ${content.length},
        ${createHash('sha256').update(content).digest('hex')}, ${content}, ${file.personId}, ${clock.now()})`;
    return { id, mediaType, bytes: content.length };
  }
  const take: Files['take'] = (upload, file) =>
    store(upload, file, (content) => {
      const type = mediaTypeOf(content);
      return type && fits(file.purpose, type) ? type : undefined;
    });

  async function sendRange(req: IncomingMessage, res: ServerResponse, id: string): Promise<void> {
    const file = await contents.get(id, ['content']);
    if (!file) throw new AppError('not_found');
    const { length } = file.content;
    const asked = /^bytes=(\d*)-(\d*)$/.exec(req.headers.range ?? '');
    const [from, to] = asked ? rangeOf(asked[1] ?? '', asked[2] ?? '', length) : [0, length - 1];
    res.setHeader('Content-Type', file.mediaType);
    res.setHeader('Content-Security-Policy', "default-src 'none'; sandbox");
    res.setHeader('Accept-Ranges', 'bytes');
    // It may be withdrawn: nobody keeps it for longer than this.
    res.setHeader('Cache-Control', `public, max-age=${CONTENT_CACHE_SECONDS}`);
    if (from > to || from >= length) {
      res.statusCode = 416;
      res.setHeader('Content-Range', `bytes */${length}`);
      res.end();
      return;
    }
    if (asked) {
      res.statusCode = 206;
      res.setHeader('Content-Range', `bytes ${from}-${to}/${length}`);
    }
    res.setHeader('Content-Length', to - from + 1);
    res.end(file.content.subarray(from, to + 1));
  }

  bind(uploadFile, ({ principal, query, req, res }) =>
    take({ req, res }, { ...query, orgPath: principal.staff.orgPath, personId: principal.personId }),
  );
  bind(getFile, async ({ params, res }) => {
    await send(res, params.id, ['photo', 'card']);
    return written;
  });

  return {
    send,
    sendRange,
    take,
    takeContent: (upload, file) => store(upload, { ...file, purpose: 'content' }, contentTypeOf),
    async mine(sql, id, purpose, personId) {
      const [row] = await sql<StoredFile>`
        SELECT id, purpose, name, media_type AS "mediaType", bytes, created_by AS "createdBy", created_at AS "createdAt"
        FROM stored_files WHERE id = ${id} AND purpose = ${purpose} AND created_by = ${personId}
          AND created_at > ${new Date(clock.now().getTime() - USABLE_MS)}`;
      if (!row) throw new AppError('not_found');
      return row;
    },
  };
}
