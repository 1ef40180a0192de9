import { formatDuration, useFormat, useNow } from '@walnut-live/ui';
import type { ReactNode } from 'react';
import { useT } from '../i18n/index.ts';
import { HealthButton, useFigures } from '../live/health-badge.tsx';
import { judgeEncoder } from './encoder-health.ts';
import { useEncoderT } from './messages.ts';
import type { RoomStreamState } from './use-room-stream.ts';

/** How the encoder's picture reaches the media server; in the place of this device's own uplink. */
export const EncoderBadge = ({ phase, stream }: Pick<RoomStreamState, 'phase' | 'stream'>): ReactNode => {
  const t = useT();
  const own = useEncoderT();
  const format = useFormat();
  const now = useNow(1000);
  const { kbps, fps, ms, or } = useFigures();
  const { level, reason } = judgeEncoder(phase, stream);
  const isHere = phase === 'live';
  const track = (kind: 'video' | 'audio') =>
    isHere ? stream?.publisher?.tracks.find((each) => each.kind === kind) : undefined;
  const [video, audio] = [track('video'), track('audio')];
  const picture = isHere ? stream?.picture : null;
  const losses = [video, audio].flatMap((each) => (each?.lossRatio == null ? [] : [each.lossRatio]));
  const codecs = [video, audio].flatMap((each) => (each ? [each.codec] : []));
  const word = phase === 'waiting' || phase === 'camera' ? own('noSignal') : t(`health.${level}`);
  return (
    <HealthButton
      level={level}
      word={word}
      title={own('health.title')}
      label={own('health.open', { level: word })}
      reason={own(`reason.${reason}`)}
      rows={[
        [own('health.video'), or(video?.bitrateBps, kbps)],
        [own('health.audio'), or(audio?.bitrateBps, kbps)],
        [t('health.fps'), or(picture?.framesPerSecond, fps)],
        [t('health.size'), or(picture, ({ width, height }) => `${width} × ${height}`)],
        [t('health.codec'), codecs.length > 0 ? codecs.join(' · ') : '—'],
        [own('health.layers'), or(video?.layers, format.number)],
        [t('health.rtt'), or(video?.roundTripMs ?? audio?.roundTripMs, ms)],
        [t('health.loss'), losses.length > 0 ? format.percent(Math.max(...losses)) : '—'],
        [
          own('health.watching'),
          or(stream?.viewers, ({ realtime, smooth }) =>
            own('health.watching.value', { realtime: format.number(realtime), smooth: format.number(smooth) }),
          ),
        ],
        [own('health.since'), or(stream?.since, (since) => formatDuration(Math.max(0, now - Date.parse(since))))],
      ]}
    />
  );
};
