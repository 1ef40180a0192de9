/** What people share and what it brings them, put together. */
import type { Config } from './config.ts';
import { createAgents } from './features/agents/index.ts';
import type { createBindings } from './features/bindings/index.ts';
import type { ClaimGuard } from './features/claim-guard/index.ts';
import { createContents } from './features/contents/index.ts';
import type { GrantCoupon } from './features/coupons/index.ts';
import type { Files } from './features/files/index.ts';
import type { Identity } from './features/identity/index.ts';
import { createInviteRewards } from './features/invite-rewards/index.ts';
import { createNewcomerGifts, type NewcomerMarks } from './features/newcomer-gifts/index.ts';
import { createPosters } from './features/posters/index.ts';
import { createShareLinks } from './features/share-links/index.ts';
import type { Ledger } from './ledger/index.ts';
import type { Clock, Random } from './platform/clock.ts';
import type { Db } from './platform/db.ts';
import type { Binder } from './platform/http.ts';
import type { Jobs } from './platform/jobs.ts';
import type { Logger } from './platform/logger.ts';
import type { Metrics } from './platform/metrics.ts';

export function createSharing(deps: {
  bind: Binder;
  config: Config;
  db: Db;
  clock: Clock;
  random: Random;
  log: Logger;
  jobs: Jobs;
  ledger: Ledger;
  grant: GrantCoupon;
  metrics: Pick<Metrics, 'badShareTokens'>;
  guard: Pick<ClaimGuard, 'requireClean'>;
  files: Files;
  identity: Pick<Identity, 'ensureVisitor'>;
  bindings: Pick<ReturnType<typeof createBindings>, 'lockPerson' | 'onTouch'>;
  picturesDir: string;
  newcomers: NewcomerMarks;
}): ReturnType<typeof createAgents> {
  const { bind, config, db, clock, random, log, metrics, guard, identity, bindings } = deps;
  const links = createShareLinks({
    ...{ bind, db, clock, random, log },
    secret: config.SHARE_SECRET,
    publicUrl: config.PUBLIC_URL,
    ensureVisitor: identity.ensureVisitor,
    lockPerson: bindings.lockPerson,
    onTouch: bindings.onTouch,
    onBadToken: (reason) => metrics.badShareTokens.inc({ reason }),
  });
  createPosters({ bind, db, clock, links, picturesDir: deps.picturesDir });
  createContents({ bind, db, clock, random, guard, files: deps.files });
  createInviteRewards({ bind, db, clock, random, guard, grant: deps.grant });
  createNewcomerGifts({
    bind,
    db,
    clock,
    random,
    guard,
    jobs: deps.jobs,
    ledger: deps.ledger,
    newcomers: deps.newcomers,
  });
  return createAgents({ bind, db, clock, random, guard });
}
