import { PlusOutlined } from '@ant-design/icons';
import { listWaves, type Wave } from '@walnut-live/contracts';
import { EmptyState, Skeleton, useFormat } from '@walnut-live/ui';
import { Button } from 'antd';
import { type ReactNode, useState } from 'react';
import { useSession } from '../../app/session.tsx';
import { useCall } from '../../data/use-call.ts';
import { AsyncView } from '../../shared/async-view.tsx';
import { useFilters } from '../../shared/filters.tsx';
import { Panel } from '../../shared/page.tsx';
import { useCampaignT } from './messages.ts';
import { NewWaveDialog } from './new-wave-dialog.tsx';
import { WaveDetail } from './wave-detail.tsx';
import { PhaseBar, WaveStateBadge } from './wave-parts.tsx';
import { nextOf } from './wave-view.ts';

const REFRESH_MS = 10_000;
/** The list, or the one that the URL names. */
export const Waves = (): ReactNode => {
  const t = useCampaignT();
  const filters = useFilters();
  const { may } = useSession();
  const query = useCall(listWaves, {}, { everyMs: REFRESH_MS });
  const [creating, setCreating] = useState(false);
  const opened = filters.get('wave');
  const newButton = may('campaigns:write') ? (
    <Button type="primary" icon={<PlusOutlined />} onClick={() => setCreating(true)} data-testid="wave-new">
      {t('wave.new')}
    </Button>
  ) : null;
  return (
    <div className="co-campaigns">
      <AsyncView
        query={query}
        skeleton={<Skeleton lines={4} height={60} />}
        isEmpty={({ items }) => items.length === 0}
        empty={
          <Panel>
            <EmptyState illustration="rooms" title={t('wave.empty')} hint={t('wave.emptyHint')} action={newButton} />
          </Panel>
        }
      >
        {({ items }) => {
          const wave = items.find(({ id }) => id === opened);
          if (wave) return <WaveDetail wave={wave} onBack={() => filters.set({ wave: undefined })} />;
          return (
            <div className="co-campaigns">
              <div className="co-campaign-top">{newButton}</div>
              <div className="co-wave-list">
                {items.map((one) => (
                  <WaveCard key={one.id} wave={one} onOpen={() => filters.set({ wave: one.id })} />
                ))}
              </div>
            </div>
          );
        }}
      </AsyncView>
      {creating && (
        <NewWaveDialog
          onClose={() => setCreating(false)}
          onDone={(wave) => {
            setCreating(false);
            filters.set({ wave: wave.id });
          }}
        />
      )}
    </div>
  );
};

const WaveCard = ({ wave, onOpen }: { wave: Wave; onOpen: () => void }): ReactNode => {
  const t = useCampaignT();
  const format = useFormat();
  const next = nextOf(wave);
  return (
    <button type="button" className="co-wave-card" onClick={onOpen} data-testid="wave-card">
      <h3>
        {wave.title}
        <WaveStateBadge state={wave.state} />
      </h3>
      <span className="co-page-hint">
        {t('wave.round', { round: wave.round })} ·{' '}
        {t('wave.by', { name: wave.createdBy.name, unit: wave.orgUnit.name })}
      </span>
      <PhaseBar wave={wave} />
      <span className="co-page-hint">
        {next ? `${t('wave.next')}: ${format.dateTime(next.at)} ${t(`kind.${next.deed.kind}`)}` : t('wave.nextNone')}
      </span>
    </button>
  );
};
