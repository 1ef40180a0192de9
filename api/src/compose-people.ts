/** Staff and people's data, put together: what is stored about somebody, how long things are kept. */
import type { AdultChecks } from './features/adult-check/index.ts';
import { createAuditLog } from './features/audit-log/index.ts';
import { createHosts } from './features/hosts/index.ts';
import type { Messages } from './features/messages/index.ts';
import type { NewcomerMarks } from './features/newcomer-gifts/index.ts';
import { createPersonalData } from './features/personal-data/index.ts';
import { createRetention } from './features/retention/index.ts';
import type { Clock, Random } from './platform/clock.ts';
import type { Db } from './platform/db.ts';
import type { Binder } from './platform/http.ts';
import type { Jobs } from './platform/jobs.ts';
import type { Logger } from './platform/logger.ts';

export function createPeople(deps: {
  bind: Binder;
  db: Db;
  clock: Clock;
  random: Random;
  jobs: Jobs;
  adults: Pick<AdultChecks, 'withdraw'>;
  messages: Pick<Messages, 'withdrawConsent'>;
  newcomers: Pick<NewcomerMarks, 'onForgotten'>;
  log: Logger;
}): void {
  createPersonalData({
    ...deps,
    onForgotten: deps.newcomers.onForgotten,
    withdraw: { adult_check: deps.adults.withdraw, room_messages: deps.messages.withdrawConsent },
  });
  createRetention(deps);
  createAuditLog(deps);
  createHosts(deps);
}
