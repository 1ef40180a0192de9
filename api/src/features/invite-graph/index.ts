import {
  contactNext,
  listContacts,
  myNetwork,
  networkChain,
  networkChildren,
  networkDiagnosis,
  networkKeyPeople,
  networkLayout,
  networkPath,
  networkPerson,
  networkRoots,
  networkSearch,
  writeContact,
} from '@walnut-live/contracts';
import type { Clock, Random } from '../../platform/clock.ts';
import type { Db } from '../../platform/db.ts';
import { type Binder, written } from '../../platform/http.ts';
import type { Jobs } from '../../platform/jobs.ts';
import { createContactsService } from './contacts.service.ts';
import { createForestService } from './forest.service.ts';
import { createGraphKeeping, scheduleGraphKeeping } from './keeping.ts';
import { readMyNetwork } from './mine.ts';

export { auditInviteGraph } from './invite-graph-audit.ts';
export { createGraphKeeping, INVITE_GRAPH_JOB, INVITE_RETURNS_JOB } from './keeping.ts';

export interface InviteGraphDeps {
  readonly bind: Binder;
  readonly db: Db;
  readonly clock: Clock;
  readonly random: Random;
  readonly jobs: Jobs;
}

/** Who brought whom, and what stands below everybody (rules A5, A7, K2, Z6). */
export function createInviteGraph(deps: InviteGraphDeps): void {
  const { bind } = deps;
  const forest = createForestService(deps);
  const contacts = createContactsService(deps);
  scheduleGraphKeeping(deps.jobs, createGraphKeeping(deps));

  bind(networkRoots, ({ principal, query }) => forest.roots(principal, query));
  bind(networkPerson, ({ principal, params }) => forest.person(principal, params.id));
  bind(networkChildren, ({ principal, params, query }) => forest.children(principal, params.id, query));
  bind(networkChain, ({ principal, params }) => forest.chain(principal, params.id));
  bind(networkPath, ({ principal, query }) => forest.path(principal, query));
  bind(networkDiagnosis, ({ principal, query }) => forest.diagnosis(principal, query));
  bind(networkKeyPeople, ({ principal, query }) => forest.keyPeople(principal, query));
  bind(networkSearch, ({ principal, query }) => forest.search(principal, query));
  bind(networkLayout, async ({ principal, query, res }) => {
    const picture = await forest.layout(principal, query);
    res.set('Cache-Control', 'private, no-cache').type('application/octet-stream').send(Buffer.from(picture));
    return written;
  });
  bind(contactNext, ({ principal, query }) => contacts.next(principal, query.limit));
  bind(listContacts, ({ principal, params, query }) => contacts.list(principal, params.id, query));
  bind(writeContact, ({ tx, principal, params, body }) => contacts.write(tx, principal, params.id, body));
  bind(myNetwork, ({ principal, query }) => readMyNetwork(deps, principal, query));
}
