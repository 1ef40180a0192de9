import type { Stage } from '@walnut-live/contracts';
import { AiPictureBadge } from '@walnut-live/ui';
import { Radio } from 'lucide-react';
import type { ReactNode } from 'react';
import { playerI18n } from '../i18n/messages.ts';
import { useRoom } from './use-room.ts';
import { useVideo } from './video/video-provider.tsx';

/** Whose picture this is when it is not simply the store's own, and that by HLS everybody is in one picture if the server has a place for it. */
export const StageChip = (): ReactNode => {
  const showing = useRoom((state) => state.showing);
  const live = useRoom((state) => state.stage === 'live');
  const { mode } = useVideo();
  return live && showing ? <StageChips showing={showing} mode={mode} /> : null;
};

export const StageChips = ({ showing, mode }: { showing: Stage; mode: 'realtime' | 'smooth' | null }): ReactNode => {
  const t = playerI18n.useT();
  return (
    <>
      {showing.aiPicture && <AiPictureBadge />}
      {showing.relay && <RelayChip shows={showing.shows} relay={showing.relay} />}
      {showing.cohosts.length > 0 && mode === 'smooth' && (
        <span className="pl-chip" data-testid="host-only">
          {t('stage.smoothOnly')}
        </span>
      )}
    </>
  );
};

/** A relayed programme, or the store's guide in its place. */
const RelayChip = ({ shows, relay }: { shows: Stage['shows']; relay: NonNullable<Stage['relay']> }): ReactNode => {
  const t = playerI18n.useT();
  const { unitKind, unitName, title } = relay;
  return (
    <span className="pl-chip" data-testid="stage-chip" data-shows={shows} title={title}>
      <Radio size={13} aria-hidden="true" />{' '}
      {shows === 'cut_in'
        ? t('stage.cutIn')
        : unitKind === 'hq'
          ? t('stage.relayHq')
          : t('stage.relay', { unit: unitName })}
    </span>
  );
};
