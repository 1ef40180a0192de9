/**
 * The claim guard (rule Z3): what may not be said in this brand's name, in its rooms, and what is done when somebody does.
 * Every hit is an entry of the correction log, which nobody can change.
 */
import type { GuardPlace } from '@walnut-live/contracts';
import type { Clock, Random } from '../../platform/clock.ts';
import type { Db } from '../../platform/db.ts';
import { AppError } from '../../platform/errors.ts';
import type { Binder } from '../../platform/http.ts';
import type { Jobs } from '../../platform/jobs.ts';
import type { Logger } from '../../platform/logger.ts';
import { bindClaimGuardRoutes } from './claim-guard.routes.ts';
import { createCorrectionsRepository } from './corrections.repository.ts';
import { type Outcome, outcomeOf, termsToLog } from './guard.policy.ts';
import { type Hit, masked } from './matcher.ts';
import { createWordListService } from './word-list.service.ts';
import { createWordList } from './word-list.ts';

/** Where a text stands and whose it is. */
export interface Written {
  readonly place: GuardPlace;
  /** Kind and id of what the text belongs to. */
  readonly target: string;
  readonly orgPath: string;
  readonly roomId: string | null;
  readonly personId: string;
}
export interface Verdict {
  readonly outcome: Outcome;
  /** As it may be shown. */
  readonly text: string;
  readonly hits: readonly Hit[];
  readonly listVersion: number;
}

export function createClaimGuard(deps: {
  bind: Binder;
  db: Db;
  clock: Clock;
  random: Random;
  log: Logger;
  jobs: Jobs;
}) {
  const { bind, db, clock, random } = deps;
  const list = createWordList(deps);
  const corrections = createCorrectionsRepository(db.sql);
  bindClaimGuardRoutes(bind, { db, words: createWordListService({ db, clock, random, list }) });

  async function judge(place: GuardPlace, text: string): Promise<Verdict> {
    const matcher = await list.matcher();
    const hits = matcher.hitsIn(text);
    const outcome = outcomeOf(place, hits);
    const shown =
      outcome === 'masked'
        ? masked(
            text,
            hits.filter(({ action }) => action === 'mask'),
          )
        : text;
    return { outcome, text: shown, hits, listVersion: matcher.version };
  }

  async function record(written: Written, text: string, { outcome, hits, listVersion }: Verdict): Promise<void> {
    if (outcome === 'clean') return;
    const at = clock.now();
    for (const { text: term, kind, action } of termsToLog(hits)) {
      await corrections.insert({ ...written, id: random.id(), kind, term, action, outcome, text, listVersion, at });
    }
  }

  return {
    judge,
    record,

    /**
     * Staff's own texts, before they are written anywhere. Refused ones are logged although nothing else happens;
     * `logged: false` only asks, for texts that nobody means to publish yet.
     * @throws AppError words_refused with the terms: who works for the brand is told what to change
     */
    async requireClean(
      written: Written,
      texts: readonly (string | undefined)[],
      { logged = true }: { logged?: boolean } = {},
    ): Promise<void> {
      for (const text of texts) {
        if (!text) continue;
        const verdict = await judge(written.place, text);
        if (logged) await record(written, text, verdict);
        if (verdict.outcome !== 'blocked') continue;
        const [first] = verdict.hits;
        throw new AppError('words_refused', {
          facts: { kind: first?.kind, terms: [...new Set(verdict.hits.map((hit) => hit.text))] },
        });
      }
    },

    close: list.close,
  };
}
export type ClaimGuard = ReturnType<typeof createClaimGuard>;
export { WORD_LIST_JOB } from './word-list.ts';
