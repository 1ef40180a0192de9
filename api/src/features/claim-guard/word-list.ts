/**
 * The word list as this node uses it.
 *
 * Model: PostgreSQL has the list and its version. Every node looks at the version once a second; when it is another one, the
 * terms are read, a matcher is built in a thread of its own and put in the place of the old one by one assignment. Until
 * the first is there, whoever needs it waits; afterwards nobody ever waits.
 * Invariants
 * - At most one build is under way; of versions that come quickly, those in between are passed over.
 * - A build that fails leaves the matcher that was there; the next look tries again.
 */
import type { Clock, Random } from '../../platform/clock.ts';
import { coalesce } from '../../platform/coalesce.ts';
import type { Db } from '../../platform/db.ts';
import { AppError } from '../../platform/errors.ts';
import type { Jobs } from '../../platform/jobs.ts';
import type { Logger } from '../../platform/logger.ts';
import { type Building, buildElsewhere } from './build-elsewhere.ts';
import { type BuiltList, createMatcher, type ListedTerm, type Matcher } from './matcher.ts';
import { STARTER_VERSION, starterTerms } from './starter-terms.ts';
import { createWordListRepository, lockList, writeVersion } from './word-list.repository.ts';

export const WORD_LIST_JOB = 'word-list';
const LOOK_EVERY_MS = 1_000;
/** How long a message waits for the first list of a node that has just started. */
const FIRST_LIST_MS = 15_000;
/** A build takes a second or two; one that takes so long is given up, and the list that was there stays. */
const BUILD_LIMIT_MS = 120_000;
const TRY_AGAIN_MS = 15 * 60_000;

export interface WordList {
  /** @throws AppError unavailable when this node has no list yet and none can be made */
  matcher(): Promise<Matcher>;
  /** Looks now; resolves when what was there is in use. */
  refresh(): Promise<void>;
  close(): Promise<void>;
}

export function createWordList(deps: { db: Db; clock: Clock; random: Random; log: Logger; jobs: Jobs }): WordList {
  const { db, clock, random, log } = deps;
  const repository = createWordListRepository(db.sql);
  let current: Matcher | undefined;
  let building: Building | undefined;
  let isClosing = false;
  /** A list that could not be built in time is not tried again at once: that would cost a core for good. */
  let gaveUp: { version: number; at: number } | undefined;

  async function build(version: number, terms: readonly ListedTerm[]): Promise<BuiltList> {
    if (isClosing) throw new AppError('unavailable');
    const mine = buildElsewhere(version, terms);
    building = mine;
    const limit = setTimeout(() => {
      gaveUp = { version, at: performance.now() };
      void mine.stop();
    }, BUILD_LIMIT_MS);
    try {
      return await mine.built;
    } finally {
      clearTimeout(limit);
      building = undefined;
    }
  }

  /** Once per brand and per dictionary that came with a newer release; the first node does it. */
  async function installStarter(): Promise<void> {
    const built = await build(0, starterTerms);
    const { keyOf } = createMatcher(built);
    const isWholeList = await db.transaction(async (tx) => {
      const { version, starterVersion } = await lockList(tx);
      if (starterVersion >= STARTER_VERSION) return false;
      const at = clock.now();
      // Lists begin with the newest: what stands first in the dictionary is written last.
      const rows = starterTerms.toReversed().map((term) => ({ ...term, id: random.id(), key: keyOf(term.text) }));
      const added = new Set(await createWordListRepository(tx).insert(rows, { origin: 'starter', personId: null, at }));
      await writeVersion(tx, {
        version: version + 1,
        starterVersion: STARTER_VERSION,
        action: 'starter',
        byId: null,
        terms: rows
          .filter(({ key }) => added.has(key))
          .map(({ text }) => text)
          .toReversed(),
        at,
      });
      return version === 0 && added.size === rows.length;
    });
    // The first list of a brand is this dictionary and nothing else: it is built already.
    if (isWholeList) current = createMatcher({ ...built, version: 1 });
  }

  async function look(): Promise<void> {
    let { version, starterVersion } = await repository.versions();
    if (starterVersion < STARTER_VERSION) {
      await installStarter();
      ({ version } = await repository.versions());
    }
    if (current?.version === version) return;
    if (gaveUp?.version === version && performance.now() - gaveUp.at < TRY_AGAIN_MS) return;
    // Should the list change between the two statements, the terms are newer than the version, and are read again.
    const made = createMatcher(await build(version, await repository.active()));
    current = made;
    log.info(
      { version, terms: made.terms, states: made.states, buildMs: Math.round(made.buildMs) },
      'word list in use',
    );
  }

  const refresh = coalesce(look);
  deps.jobs.every(WORD_LIST_JOB, LOOK_EVERY_MS, refresh);

  return {
    refresh,
    async matcher() {
      if (current) return current;
      let timer: NodeJS.Timeout | undefined;
      const tooLate = new Promise<void>((resolve) => {
        timer = setTimeout(resolve, FIRST_LIST_MS);
      });
      const failed = (error: unknown) => log.warn({ err: error }, 'word list: not there yet');
      await Promise.race([refresh().catch(failed), tooLate]);
      clearTimeout(timer);
      if (!current) throw new AppError('unavailable', { retryAfterSeconds: 1 });
      return current;
    },
    async close() {
      isClosing = true;
      const closed = refresh.close();
      await building?.stop();
      await closed;
    },
  };
}
