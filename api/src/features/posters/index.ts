/**
 * Posters of share links: a picture with cover, title, price, who shares and a QR code that opens the link.
 *
 * Model: a poster is a function of its facts; it is kept under their hash, in memory, up to a size. Drawing takes turns, one on
 * a node, and who finds a long line is told to come again: posters never take the processor from orders.
 * Only the link's own sharer gets it: the token in the code is theirs to hand out.
 */
import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { getPoster } from '@walnut-live/contracts';
import type { Clock } from '../../platform/clock.ts';
import type { Db } from '../../platform/db.ts';
import { AppError } from '../../platform/errors.ts';
import { createGate } from '../../platform/gate.ts';
import { type Binder, written } from '../../platform/http.ts';
import { createLimit } from '../../platform/limits.ts';
import { createKept } from '../files/index.ts';
import type { ShareLinksService } from '../share-links/index.ts';
import { drawPoster } from './drawing.ts';
import { posterText } from './poster.policy.ts';
import { readCover, readFacts } from './posters.repository.ts';

const CACHE_BYTES = 32 * 1024 * 1024;
const DRAWN_AT_ONCE = 1;
const DRAWN_IN_LINE = 30;
/** Of one person. */
const POSTERS_PER_MINUTE = 30;
/** The browser asks again after so long; the address in the code is good for 29 days at least. */
const FRESH_SECONDS = 300;
/** Makes posters that were drawn otherwise different ones. */
const DRAWING = 1;
const BRAND_PICTURES = '/pictures/';

export function createPosters(deps: {
  bind: Binder;
  db: Db;
  clock: Clock;
  picturesDir: string;
  links: Pick<ShareLinksService, 'find'>;
}): void {
  const { db, clock } = deps;
  const kept = createKept<{ content: Buffer }>({ cacheBytes: CACHE_BYTES });
  const gate = createGate(DRAWN_AT_ONCE, DRAWN_IN_LINE);
  const limit = createLimit({ points: POSTERS_PER_MINUTE, seconds: 60 });

  /** A picture that is gone costs the cover, never the poster. */
  async function coverBytes(url: string, fileId: string | null): Promise<Buffer | undefined> {
    if (fileId === null && url.startsWith(BRAND_PICTURES))
      return readFile(join(deps.picturesDir, basename(url))).catch(() => undefined);
    return readCover(db.sql, url, fileId);
  }

  deps.bind(getPoster, async ({ principal, params, query, req, res }) => {
    await limit.take(principal.personId);
    const { link, personId } = await deps.links.find(params.id);
    const read = personId === principal.personId ? await readFacts(db.sql, params.id, clock.now()) : undefined;
    if (!read) throw new AppError('not_found');
    const { facts, fileId } = read;
    const text = posterText(facts, query.lang);
    const width = Number(query.width);
    const key = createHash('sha256')
      .update(JSON.stringify([DRAWING, text, facts.coverUrl, fileId, link.url, width]))
      .digest('base64url');
    const etag = `"${key}"`;
    res.set({ 'Cache-Control': `private, max-age=${FRESH_SECONDS}`, ETag: etag, Vary: 'Authorization' });
    if (req.get('if-none-match') === etag) {
      res.status(304).end();
      return written;
    }
    const poster = await kept.get(key, () =>
      gate(async () => {
        const cover = await coverBytes(facts.coverUrl, fileId);
        return { content: await drawPoster({ text, url: link.url, cover, width }) };
      }),
    );
    if (!poster) throw new AppError('unavailable');
    res.type('png').set('Content-Length', String(poster.content.length));
    res.end(poster.content);
    return written;
  });
}
