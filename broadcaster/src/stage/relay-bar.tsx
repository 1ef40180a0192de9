import { dropRelay, type Stage } from '@walnut-live/contracts';
import { Button, Spinner, useConfirm, useErrorText, useToast } from '@walnut-live/ui';
import { CornerDownLeft, Radio, Video } from 'lucide-react';
import { type ReactNode, useState } from 'react';
import { useServices } from '../app/services.tsx';
import { useT } from '../i18n/index.ts';
import type { CutIn } from './use-cut-in.ts';

/** What the room relays, and the one thing to do about it: cut in, take it back, return, or go on alone. */
export const RelayBar = ({ roomId, stage, cutIn }: { roomId: string; stage: Stage; cutIn: CutIn }): ReactNode => {
  const { api } = useServices();
  const t = useT();
  const toast = useToast();
  const confirm = useConfirm();
  const errorText = useErrorText();
  const [leaving, setLeaving] = useState(false);
  const { relay } = stage;
  if (!relay) return null;

  const alone = async (): Promise<void> => {
    const yes =
      relay.state === 'ended' ||
      (await confirm({
        title: t('relay.alone.title'),
        body: t('relay.alone.body'),
        confirmText: t('relay.alone'),
        cancelText: t('relay.stay'),
        theme: 'dark',
      }));
    if (!yes) return;
    setLeaving(true);
    try {
      await api.call(dropRelay, { params: { id: roomId } });
    } catch (error) {
      toast(errorText(error), { tone: 'error' });
    } finally {
      setLeaving(false);
    }
  };

  return (
    <>
      <section className="st-relay" data-testid="relay-bar" data-shows={stage.shows} data-phase={cutIn.phase}>
        <p className="st-relay-what" role="status">
          <Radio aria-hidden />
          <span>
            <strong>
              {relay.state === 'ended' && stage.shows === 'relay'
                ? relay.title
                : stage.shows === 'cut_in'
                  ? cutIn.by
                    ? t('cutIn.by', { name: cutIn.by })
                    : t('cutIn.on')
                  : t(relay.unitKind === 'hq' ? 'relay.hq' : 'relay.other', { unit: relay.unitName })}
            </strong>
            {relay.state === 'ended'
              ? t('relay.ended')
              : relay.state === 'scheduled'
                ? t('relay.scheduled')
                : relay.title}
          </span>
        </p>
        <div className="st-relay-actions">
          {cutIn.phase === 'off' && relay.state !== 'ended' && (
            <Button variant="hot" size="l" icon={<Video aria-hidden />} onClick={cutIn.start} data-testid="cut-in">
              {t('cutIn.start')}
            </Button>
          )}
          {cutIn.phase === 'counting' && (
            <Button variant="glass" size="l" onClick={cutIn.stop}>
              {t('cutIn.cancel')}
            </Button>
          )}
          {cutIn.phase === 'waiting' && (
            <>
              <Spinner label={t('cutIn.waiting')} />
              <Button variant="glass" size="l" onClick={cutIn.stop}>
                {t('cutIn.cancel')}
              </Button>
            </>
          )}
          {(cutIn.phase === 'on' || cutIn.phase === 'busy') && relay.state !== 'ended' && (
            <Button
              variant="primary"
              size="l"
              icon={<CornerDownLeft aria-hidden />}
              onClick={cutIn.stop}
              data-testid="cut-in-end"
            >
              {t('cutIn.end')}
            </Button>
          )}
          {(cutIn.phase === 'off' || relay.state === 'ended') && (
            <Button variant="glass" size="l" loading={leaving} onClick={() => void alone()} data-testid="go-alone">
              {t('relay.alone')}
            </Button>
          )}
        </div>
      </section>
      {cutIn.phase === 'counting' && (
        <span key={cutIn.secondsLeft} className="st-countin-number st-cut-in-count" aria-hidden="true">
          {cutIn.secondsLeft}
        </span>
      )}
    </>
  );
};
