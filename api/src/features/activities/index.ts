/** What check-in, polls, countdowns and chains have in common. */
import type { RoomEvent } from '@walnut-live/contracts';
import type { Clock, Random } from '../../platform/clock.ts';
import type { Db } from '../../platform/db.ts';
import type { Binder } from '../../platform/http.ts';
import type { Jobs } from '../../platform/jobs.ts';
import type { Logger } from '../../platform/logger.ts';
import type { Principal } from '../../platform/principal.ts';
import type { ClaimGuard } from '../claim-guard/index.ts';
import type { Participant } from './taking-part.policy.ts';

/** What each of them is given. */
export interface ActivityDeps {
  readonly bind: Binder;
  readonly db: Db;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Logger;
  readonly jobs: Jobs;
  readonly guard: Pick<ClaimGuard, 'judge' | 'record' | 'requireClean'>;
  readonly append: (roomId: string, event: RoomEvent) => Promise<unknown>;
  /** A room, whatever its state. @throws AppError not_found */
  readonly findRoom: (roomId: string) => Promise<{ readonly orgPath: string }>;
  /** The person as they stand in the room now, by the database. */
  readonly standing: (
    roomId: string,
    personId: string,
  ) => Promise<(Omit<Participant, 'kind'> & { readonly principal: Pick<Principal, 'kind'> }) | undefined>;
}
export { createNews } from './news.ts';
export { finishEach, type LockedRoom, roomToOpenIn } from './rooms.ts';
export { type Participant, refusalOfTakingPart } from './taking-part.policy.ts';
