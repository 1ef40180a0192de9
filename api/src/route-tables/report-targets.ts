/** Reports, alerts and the invite graph of store B. */
import type { Target, ThingsOfB } from './scope-targets.ts';

type OfB = Record<string, (b: ThingsOfB) => Target>;
const ofUnit = ({ brand }: ThingsOfB): Target => ({ query: `orgUnitId=${brand.stores.b.id}` });

export const reportTargets: OfB = {
  'reports.inviters': ofUnit,
  'reports.guides': ofUnit,
  'reports.breakdown': ({ brand }) => ({ query: `by=room&orgUnitId=${brand.stores.b.id}` }),
  'reports.funnel': ofUnit,
  'reports.cohorts': ofUnit,
  'reports.acquisition': ofUnit,
  'reports.screen': ofUnit,
  'reports.rows': ({ brand }) => ({ query: `kind=sales&orgUnitId=${brand.stores.b.id}` }),
  'reports.gifts': ({ brand }) => ({ query: `orgPath=${brand.stores.b.path}` }),
  'reports.discounts': ({ brand }) => ({ query: `orgPath=${brand.stores.b.path}` }),
  'reports.room': ({ brand }) => ({ params: { id: brand.rooms.b.id } }),
  'reports.segments': ({ brand }) => ({ params: { id: brand.rooms.b.id } }),
  'invite-graph.roots': ({ brand }) => ({ query: `orgPath=${brand.stores.b.path}` }),
  'invite-graph.diagnosis': ({ brand }) => ({ query: `orgPath=${brand.stores.b.path}` }),
  'invite-graph.key-people': ({ brand }) => ({ query: `orgPath=${brand.stores.b.path}` }),
  'invite-graph.search': ({ brand }) => ({ query: `q=x&orgPath=${brand.stores.b.path}` }),
  'invite-graph.layout': ({ brand }) => ({ query: `orgPath=${brand.stores.b.path}` }),
  'invite-graph.path': ({ brand }) => ({ query: `to=${brand.consumers.anna.personId}` }),
  'invite-graph.person': ({ brand }) => ({ params: { id: brand.consumers.anna.personId } }),
  'invite-graph.children': ({ brand }) => ({ params: { id: brand.consumers.anna.personId } }),
  'invite-graph.chain': ({ brand }) => ({ params: { id: brand.consumers.anna.personId } }),
  'reports.exports.create': ({ brand }) => ({ body: { kind: 'sales', orgUnitId: brand.stores.b.id } }),
  'alerts.acknowledge': ({ alertId }) => ({ params: { id: alertId }, body: {} }),
  'alerts.close': ({ alertId }) => ({ params: { id: alertId }, body: { reason: '已处理' } }),
  'alert-rules.list': ofUnit,
  'alert-rules.set': ({ brand }) => ({
    body: {
      kind: 'stock_low',
      orgUnitId: brand.stores.b.id,
      enabled: true,
      threshold: 5,
      coolDownMinutes: 60,
      reason: '备货',
    },
  }),
};
