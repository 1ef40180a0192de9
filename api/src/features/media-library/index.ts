/**
 * Pictures of products. Uploaded once, kept in a few widths in the database like the other small files, so that every node has
 * them and the backup too; addressed by an id whose bytes never change.
 *
 * Invariants: the same bytes are one picture, whoever sends them; a picture that was on a product's page is never deleted,
 * because the page is kept (rule Z1); one that nobody used for a day goes.
 */
import { createHash } from 'node:crypto';
import { getMedia, MEDIA_PICTURE_BYTES, type MediaPicture, mediaIdOf, uploadMedia } from '@walnut-live/contracts';
import type { Clock, Random } from '../../platform/clock.ts';
import type { Db, Tx } from '../../platform/db.ts';
import { AppError } from '../../platform/errors.ts';
import { createGate } from '../../platform/gate.ts';
import { type Binder, written } from '../../platform/http.ts';
import type { Jobs } from '../../platform/jobs.ts';
import { createLimit } from '../../platform/limits.ts';
import { createKept, mediaTypeOf, readBody } from '../files/index.ts';
import { drawRenditions } from './renditions.ts';

/** Uploads of one person: a gallery of every product of an afternoon. */
const UPLOADS_PER_MINUTE = 60;
/** A picture being decoded takes up to 4 bytes a pixel: 160 MB. */
const DRAWN_AT_ONCE = 1;
const DRAWN_IN_LINE = 20;
const CACHE_BYTES = 64 * 1024 * 1024;
const CACHE_SECONDS = 365 * 86_400;
export const MEDIA_SWEEP = 'unused media pictures';
const SWEEP_EVERY_MS = 3_600_000;
const UNUSED_KEPT_MS = 86_400_000;
const SWEPT_AT_ONCE = 100;

export interface MediaLibrary {
  /**
   * Marks pictures as used by a page; addresses that are not of the library are left alone. In the transaction of the page, so
   * that nobody sweeps what is being used. @throws AppError invalid_request for one that does not exist
   */
  use(tx: Tx, urls: readonly string[], at: Date): Promise<void>;
  /**
   * A picture that did not come from a person; answers its address. @throws AppError unsupported_media_type, body_too_large,
   * invalid_request (it cannot be drawn)
   */
  keep(content: Buffer, name: string): Promise<string>;
}
interface PictureRow {
  readonly id: string;
  readonly width: number;
  readonly height: number;
  readonly bytes: number;
}
const toPicture = (row: PictureRow): MediaPicture => ({
  id: row.id,
  url: `/api/v1/media/${row.id}`,
  width: row.width,
  height: row.height,
  bytes: row.bytes,
});

export function createMediaLibrary(deps: {
  bind: Binder;
  db: Db;
  clock: Clock;
  random: Random;
  jobs: Jobs;
}): MediaLibrary {
  const { bind, db, clock, random } = deps;
  const limit = createLimit({ points: UPLOADS_PER_MINUTE, seconds: 60 });
  const gate = createGate(DRAWN_AT_ONCE, DRAWN_IN_LINE);
  const kept = createKept<{ content: Buffer; mediaType: string }>({ cacheBytes: CACHE_BYTES });

  /** The picture of these bytes, its day begun anew. */
  async function known(sha256: string): Promise<PictureRow | undefined> {
    const [row] =
      await db.sql<PictureRow>`UPDATE media_pictures SET created_at = ${clock.now()} WHERE sha256 = ${sha256}
      RETURNING id, width, height, bytes`;
    return row;
  }

  async function add(content: Buffer, upload: { name: string; personId: string | null; mediaType: string }) {
    const sha256 = createHash('sha256').update(content).digest('hex');
    const same = await known(sha256);
    if (same) return same;
    const drawn = await gate(() => drawRenditions(content, upload.mediaType));
    const id = random.id();
    const made = await db.transaction(async (tx) => {
      const [row] = await tx<PictureRow>`
        INSERT INTO media_pictures (id, sha256, name, media_type, bytes, width, height, created_by, created_at)
        VALUES (${id}, ${sha256}, ${upload.name}, ${upload.mediaType}, ${content.length}, ${drawn.width}, ${drawn.height},
          ${upload.personId}, ${clock.now()})
        ON CONFLICT (sha256) DO NOTHING RETURNING id, width, height, bytes`;
      if (!row) return undefined;
      for (const { forWidth, width, height, content: bytes } of drawn.renditions)
        await tx`INSERT INTO media_renditions (picture_id, for_width, width, height, media_type, content)
          VALUES (${id}, ${forWidth}, ${width}, ${height}, 'image/webp', ${bytes})`;
      return row;
    });
    // Undefined: somebody else sent the same bytes meanwhile.
    return made ?? (await known(sha256));
  }

  async function addPicture(content: Buffer, from: { name: string; personId: string | null }): Promise<MediaPicture> {
    if (content.length === 0) throw new AppError('invalid_request', { issues: [{ path: '/', issue: 'no_bytes' }] });
    if (content.length > MEDIA_PICTURE_BYTES) throw new AppError('body_too_large');
    const mediaType = mediaTypeOf(content);
    if (!mediaType || mediaType === 'application/pdf') throw new AppError('unsupported_media_type');
    const picture = await add(content, { ...from, mediaType });
    if (!picture) throw new AppError('conflict', { detail: 'the same picture was deleted meanwhile' });
    return toPicture(picture);
  }

  bind(uploadMedia, async ({ principal, query, req, res }) => {
    await limit.take(principal.personId);
    const content = await readBody(req, MEDIA_PICTURE_BYTES).catch((error: unknown) => {
      res.set('Connection', 'close'); // the rest of the body is not read
      throw error;
    });
    return addPicture(content, { name: query.name, personId: principal.personId });
  });

  bind(getMedia, async ({ params, query, res }) => {
    const { id } = params;
    const picture = await kept.get(`${id} ${query.w}`, async () => {
      const [row] = await db.sql<{ content: Buffer; mediaType: string }>`
        SELECT media_type AS "mediaType", content FROM media_renditions WHERE picture_id = ${id} AND for_width = ${Number(query.w)}`;
      return row;
    });
    if (!picture) throw new AppError('not_found');
    res.setHeader('Content-Type', picture.mediaType);
    res.setHeader('Content-Length', picture.content.length);
    res.setHeader('Content-Security-Policy', "default-src 'none'; sandbox");
    res.setHeader('Cache-Control', `public, max-age=${CACHE_SECONDS}, immutable`);
    res.end(picture.content);
    return written;
  });

  /** A row being used right now is locked: it is passed over, and used when it is looked at again. */
  async function sweepUnused(): Promise<void> {
    const before = new Date(clock.now().getTime() - UNUSED_KEPT_MS);
    for (let gone = SWEPT_AT_ONCE; gone === SWEPT_AT_ONCE; ) {
      const rows = await db.sql`DELETE FROM media_pictures WHERE id IN (
        SELECT id FROM media_pictures WHERE used_at IS NULL AND created_at < ${before}
        LIMIT ${SWEPT_AT_ONCE} FOR UPDATE SKIP LOCKED) RETURNING id`;
      gone = rows.length;
    }
  }
  deps.jobs.every(MEDIA_SWEEP, SWEEP_EVERY_MS, sweepUnused);

  return {
    keep: async (content, name) => (await addPicture(content, { name, personId: null })).url,
    async use(tx, urls, at) {
      const ids = [...new Set(urls.flatMap((url) => mediaIdOf(url) ?? []))].sort();
      if (ids.length === 0) return;
      const used = await tx<{ id: string }>`UPDATE media_pictures SET used_at = coalesce(used_at, ${at})
        WHERE id = ANY(${ids}::uuid[]) RETURNING id`;
      if (used.length === ids.length) return;
      const there = new Set(used.map(({ id }) => id));
      const missing = urls.findIndex((url) => ids.some((id) => mediaIdOf(url) === id && !there.has(id)));
      throw new AppError('invalid_request', { issues: [{ path: `/pictures/${missing}`, issue: 'unknown_picture' }] });
    },
  };
}
