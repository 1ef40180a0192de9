/** How a network does, in figures, and what to do about it. */
import { networkDiagnosis } from '@walnut-live/contracts';
import { useFormat } from '@walnut-live/ui';
import type { ReactNode } from 'react';
import { useCall } from '../../data/use-call.ts';
import { AsyncView } from '../../shared/async-view.tsx';
import { TableSkeleton } from '../../shared/data-table.tsx';
import { Figures } from '../../shared/page.tsx';
import { useAdviceText } from './facts.ts';
import { Levels } from './levels.tsx';
import { useGraphT } from './messages.ts';

const REFRESH_MS = 60_000;

export const Diagnosis = ({ orgPath, personId }: { orgPath?: string | undefined; personId?: string }): ReactNode => {
  const t = useGraphT();
  const format = useFormat();
  const advice = useAdviceText();
  const asked = { ...(orgPath ? { orgPath } : {}), ...(personId ? { personId } : {}) };
  const query = useCall(networkDiagnosis, { query: asked }, { everyMs: REFRESH_MS });
  const share = (part: number, of: number): string => format.percent(of === 0 ? null : part / of);
  return (
    <AsyncView query={query} skeleton={<TableSkeleton rows={4} />}>
      {(found) => (
        <div className="ng-part" data-testid="diagnosis">
          <Figures
            items={[
              { key: 'people', label: t('fig.people'), value: format.count(found.people) },
              { key: 'depth', label: t('fig.depth'), value: format.number(found.depth) },
              {
                key: 'growth',
                label: t('fig.growth'),
                value: `+${format.count(found.growth.last30Days)}`,
                note: t('fig.growth.note', { before: format.count(found.growth.previous30Days) }),
                ...(found.growth.last30Days >= found.growth.previous30Days ? { tone: 'good' as const } : {}),
              },
              { key: 'active', label: t('fig.active'), value: share(found.active, found.people) },
              { key: 'bringers', label: t('fig.bringers'), value: share(found.bringers, found.people) },
              { key: 'branch', label: t('fig.branch'), value: share(found.largestBranch, found.people) },
              { key: 'orders', label: t('fig.orders'), value: format.count(found.orders) },
              {
                key: 'gmv',
                label: t('fig.gmv'),
                value: format.money(found.gmvFen, { fen: 'trim' }),
                note: t('fig.refunded', { refunded: format.money(found.refundedFen, { fen: 'trim' }) }),
                tone: 'money',
              },
            ]}
          />
          {found.advice.length > 0 && (
            <>
              <h3>{t('diagnosis.advice')}</h3>
              <ul className="ng-advice">
                {found.advice.map((one) => (
                  <li key={one.code} data-code={one.code}>
                    {advice(one)}
                  </li>
                ))}
              </ul>
            </>
          )}
          {found.levels.length > 0 && (
            <>
              <h3>{t('diagnosis.levels')}</h3>
              <Levels levels={found.levels} />
            </>
          )}
        </div>
      )}
    </AsyncView>
  );
};
