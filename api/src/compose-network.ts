/** Who brought whom and what, put together. */
import { type AlertsDeps, createAlerts } from './features/alerts/index.ts';
import { createTransfers } from './features/bindings/index.ts';
import { type CreditDeskDeps, createCreditDesk } from './features/credits/index.ts';
import { createInviteGraph, type InviteGraphDeps } from './features/invite-graph/index.ts';
import type { Messages } from './features/messages/index.ts';
import { createReports, type ReportsDeps } from './features/reports/index.ts';

export function createNetwork(
  deps: InviteGraphDeps &
    ReportsDeps &
    AlertsDeps & {
      commissions: Pick<CreditDeskDeps, 'onCreditRuled'>;
      messages: Pick<Messages, 'enqueue'>;
    },
): void {
  createReports(deps);
  createAlerts(deps);
  createInviteGraph(deps);
  createCreditDesk({ ...deps, onCreditRuled: deps.commissions.onCreditRuled, tell: deps.messages.enqueue });
  createTransfers(deps);
}
