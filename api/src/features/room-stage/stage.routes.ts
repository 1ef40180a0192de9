import {
  answerInvitation,
  dropRelay,
  endCohost,
  endCutIn,
  inviteCohost,
  listCohostCandidates,
  listInvitations,
  listSeats,
  muteCohost,
  openProgramme,
  setRelay,
  startCutIn,
} from '@walnut-live/contracts';
import type { Binder } from '../../platform/http.ts';
import type { CohostsService } from './cohosts.service.ts';
import type { StageService } from './stage.service.ts';

export function bindStageRoutes(bind: Binder, stage: StageService, cohosts: CohostsService): void {
  bind(openProgramme, ({ principal, params, body }) => stage.openProgramme(principal, params.id, body));
  bind(setRelay, ({ principal, params, body }) => stage.setRelay(principal, params.id, body.programmeId));
  bind(dropRelay, ({ principal, params }) => stage.dropRelay(principal, params.id));
  bind(startCutIn, ({ principal, params }) => stage.startCutIn(principal, params.id));
  bind(endCutIn, ({ principal, params }) => stage.endCutIn(principal, params.id));
  bind(listSeats, ({ principal, params }) => cohosts.list(principal, params.id));
  bind(listCohostCandidates, ({ principal, params, query }) =>
    cohosts.candidates(principal, params.id, query.search ?? ''),
  );
  bind(inviteCohost, ({ principal, params, body }) => cohosts.invite(principal, params.id, body.personId));
  bind(listInvitations, ({ principal }) => cohosts.invitations(principal));
  bind(answerInvitation, ({ principal, params, body }) => cohosts.answer(principal, params.id, body.accept));
  bind(muteCohost, ({ principal, params, body }) => cohosts.mute(principal, params.id, body.muted));
  bind(endCohost, async ({ principal, params }) => {
    await cohosts.end(principal, params.id);
    return undefined;
  });
}
