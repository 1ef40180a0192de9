import { ArrowLeftOutlined, PlusOutlined } from '@ant-design/icons';
import {
  copyWave,
  listWaves,
  moveWave,
  removeWaveAction,
  settleWaveAction,
  type Wave,
  type WaveAction,
  type WavePhase,
} from '@walnut-live/contracts';
import { Badge, type BadgeTone, useConfirm, useErrorText, useFormat, useToast } from '@walnut-live/ui';
import { Button } from 'antd';
import { type ReactNode, useState } from 'react';
import { Link } from 'react-router';
import { useSession } from '../../app/session.tsx';
import { useAction } from '../../data/use-call.ts';
import { useFilters } from '../../shared/filters.tsx';
import { Panel } from '../../shared/page.tsx';
import { ActionDialog } from './action-dialog.tsx';
import { useCampaignT } from './messages.ts';
import { PhaseBar, WaveStateBadge } from './wave-parts.tsx';
import { isOpen, nextOf } from './wave-view.ts';

const WEEK_MS = 7 * 86_400_000;
const tones: Record<WaveAction['state'], BadgeTone> = {
  planned: 'neutral',
  running: 'warn',
  done: 'success',
  failed: 'danger',
  skipped: 'neutral',
};

/** What an action does, in words. */
const useDeedText = () => {
  const t = useCampaignT();
  const format = useFormat();
  return ({ deed }: WaveAction): string => {
    switch (deed.kind) {
      case 'room_open':
        return t('deed.room_open', { title: deed.title, time: format.dateTime(deed.scheduledAt) });
      case 'offer_open':
        return t('deed.offer_open', { price: format.money(deed.priceFen), time: format.dateTime(deed.until) });
      case 'message':
        return t(`deed.message.${deed.audience}`, { text: deed.text });
      case 'room_close':
      case 'offer_close':
        return t(`deed.${deed.kind}`);
    }
  };
};

export const WaveDetail = ({ wave, onBack }: { wave: Wave; onBack: () => void }): ReactNode => {
  const t = useCampaignT();
  const format = useFormat();
  const toast = useToast();
  const confirm = useConfirm();
  const errorText = useErrorText();
  const filters = useFilters();
  const deedText = useDeedText();
  const mayWrite = useSession().may('campaigns:write');
  const [adding, setAdding] = useState<WavePhase['phase'] | null>(null);
  const move = useAction(moveWave, [listWaves.id]);
  const copy = useAction(copyWave, [listWaves.id]);
  const failed = { onError: (error: unknown) => void toast(errorText(error), { tone: 'error' }) };
  const moveTo = (to: 'running' | 'paused' | 'cancelled'): void =>
    move.mutate({ params: { id: wave.id }, body: { to } }, failed);
  const stop = async (): Promise<void> => {
    if (await confirm({ title: t('wave.cancel'), body: t('wave.cancelAsk'), confirmText: t('wave.cancel') }))
      moveTo('cancelled');
  };
  const again = (): void => {
    const last = Date.parse(wave.phases.at(-1)?.until ?? wave.createdAt);
    const startsAt = new Date(Math.max(last, Date.now()) + WEEK_MS).toISOString();
    copy.mutate(
      { params: { id: wave.id }, body: { startsAt } },
      {
        ...failed,
        onSuccess: (made) => {
          toast(t('wave.copied', { round: made.round }), { tone: 'success' });
          filters.set({ wave: made.id });
        },
      },
    );
  };
  const next = nextOf(wave);
  return (
    <div className="co-campaigns" data-testid="wave" data-state={wave.state}>
      <div className="co-inline">
        <Button icon={<ArrowLeftOutlined />} onClick={onBack}>
          {t('back')}
        </Button>
      </div>
      <Panel
        title={`${wave.title} · ${t('wave.round', { round: wave.round })}`}
        extra={<WaveStateBadge state={wave.state} />}
      >
        <div className="co-campaigns">
          <PhaseBar wave={wave} />
          <div className="co-wave-next" data-testid="wave-next">
            <small>{t('wave.next')}</small>
            <strong>
              {next ? `${format.dateTime(next.at)} · ${t(`kind.${next.deed.kind}`)}` : t('wave.nextNone')}
            </strong>
            {next && <span>{deedText(next)}</span>}
            {wave.state === 'draft' && <p className="co-page-hint">{t('wave.nextDraft')}</p>}
            {wave.state === 'paused' && <p className="co-page-hint">{t('wave.nextPaused')}</p>}
          </div>
          {mayWrite && (
            <div className="co-inline co-wave-tools">
              {wave.state === 'draft' && (
                <Button
                  type="primary"
                  loading={move.isPending}
                  onClick={() => moveTo('running')}
                  data-testid="wave-start"
                >
                  {t('wave.start')}
                </Button>
              )}
              {wave.state === 'running' && (
                <Button loading={move.isPending} onClick={() => moveTo('paused')} data-testid="wave-pause">
                  {t('wave.pause')}
                </Button>
              )}
              {wave.state === 'paused' && (
                <Button type="primary" loading={move.isPending} onClick={() => moveTo('running')}>
                  {t('wave.resume')}
                </Button>
              )}
              <Button loading={copy.isPending} onClick={again}>
                {t('wave.copy')}
              </Button>
              {isOpen(wave) && (
                <Button danger onClick={() => void stop()}>
                  {t('wave.cancel')}
                </Button>
              )}
            </div>
          )}
        </div>
      </Panel>
      <Panel>
        {wave.phases.map((phase) => (
          <section key={phase.phase} className="co-wave-phase">
            <h3>
              {t(`phase.${phase.phase}`)}
              <small>
                {format.dateTime(phase.from)} – {format.dateTime(phase.until)}
              </small>
              {mayWrite && isOpen(wave) && (
                <Button
                  type="text"
                  size="small"
                  icon={<PlusOutlined />}
                  onClick={() => setAdding(phase.phase)}
                  data-testid={`add-${phase.phase}`}
                >
                  {t('action.add')}
                </Button>
              )}
            </h3>
            <Timeline wave={wave} phase={phase.phase} />
          </section>
        ))}
      </Panel>
      {adding && <ActionDialog wave={wave} phase={adding} onClose={() => setAdding(null)} />}
    </div>
  );
};

const Timeline = ({ wave, phase }: { wave: Wave; phase: WavePhase['phase'] }): ReactNode => {
  const t = useCampaignT();
  const actions = wave.actions.filter((action) => action.phase === phase);
  if (actions.length === 0) return <p className="co-page-hint">{t('phase.empty')}</p>;
  return (
    <ol className="co-timeline">
      {actions.map((action) => (
        <ActionLine key={action.id} wave={wave} action={action} />
      ))}
    </ol>
  );
};

const waveReasons = ['too_late', 'no_room', 'other_unit', 'nothing_open', 'by_hand', 'wave_cancelled'] as const;

const ActionLine = ({ wave, action }: { wave: Wave; action: WaveAction }): ReactNode => {
  const t = useCampaignT();
  const format = useFormat();
  const toast = useToast();
  const errorText = useErrorText();
  const deedText = useDeedText();
  const mayWrite = useSession().may('campaigns:write');
  const remove = useAction(removeWaveAction, [listWaves.id]);
  const settle = useAction(settleWaveAction, [listWaves.id]);
  const params = { id: wave.id, actionId: action.id };
  const failed = { onError: (error: unknown) => void toast(errorText(error), { tone: 'error' }) };
  const reason = waveReasons.find((known) => known === action.reason);
  const { kind } = action.deed;
  return (
    <li data-state={action.state} data-kind={kind} data-testid="wave-action">
      <time dateTime={action.at}>{format.dateTime(action.at)}</time>
      <div>
        <b>{t(`kind.${kind}`)}</b>
        <p>{deedText(action)}</p>
        {action.state === 'planned' && <small>{t(`late.${kind}`, { minutes: action.lateMinutes })}</small>}
        {action.result.people !== undefined && <small>{t('result.people', { count: action.result.people })}</small>}
        {action.result.roomId && <Link to={`/rooms/${action.result.roomId}`}>{t('kind.room_open')}</Link>}
        {action.reason && (
          <p className={action.state === 'failed' ? 'co-minus' : undefined}>
            {reason ? t(`reason.${reason}`) : errorText({ code: action.reason })}{' '}
            {action.attempts > 1 && `× ${action.attempts}`}
          </p>
        )}
      </div>
      <div className="co-timeline-side">
        <Badge tone={tones[action.state]}>{t(`action.state.${action.state}`)}</Badge>
        {mayWrite && action.state === 'planned' && action.attempts === 0 && (
          <Button size="small" type="text" loading={remove.isPending} onClick={() => remove.mutate({ params }, failed)}>
            {t('action.remove')}
          </Button>
        )}
        {mayWrite && isOpen(wave) && action.state === 'failed' && (
          <>
            <Button size="small" onClick={() => settle.mutate({ params, body: { do: 'retry' } }, failed)}>
              {t('action.retry')}
            </Button>
            <Button size="small" type="text" onClick={() => settle.mutate({ params, body: { do: 'skip' } }, failed)}>
              {t('action.skip')}
            </Button>
          </>
        )}
      </div>
    </li>
  );
};
