import type { ReplayGrant } from '@walnut-live/contracts';
import { openRecorded, type RecordedFailure } from '@walnut-live/live-client/playback';
import { AiPictureBadge, Button } from '@walnut-live/ui';
import { type ReactNode, type RefObject, useEffect, useRef, useState } from 'react';
import { playerI18n } from '../i18n/messages.ts';
import { FullScreenButton } from './full-screen-button.tsx';

/** A token that lives shorter than this is not worth sending. */
const FRESH_MS = 10_000;

/** A recording with the browser's own controls; asks for a fresh right when the one at hand is old. */
export const RecordedVideo = ({
  video,
  grant,
  renew,
  label,
  poster,
  onTime,
  autoPlay = false,
  aiPicture = false,
}: {
  video: RefObject<HTMLVideoElement | null>;
  grant: ReplayGrant;
  renew: () => Promise<ReplayGrant | null>;
  label: string;
  poster?: string;
  onTime?: (seconds: number) => void;
  autoPlay?: boolean;
  /** Rule Z7. */
  aiPicture?: boolean | undefined;
}): ReactNode => {
  const t = playerI18n.useT();
  const [failure, setFailure] = useState<RecordedFailure | null>(null);
  const [attempt, setAttempt] = useState(0);
  const frame = useRef<HTMLDivElement>(null);
  const current = useRef({ grant, renew });
  useEffect(() => {
    current.current = { grant, renew };
  });

  // biome-ignore lint/correctness/useExhaustiveDependencies: another attempt opens it anew
  useEffect(() => {
    if (!video.current) return;
    let first: ReplayGrant | null = current.current.grant;
    const session = openRecorded({
      video: video.current,
      async masterUrl() {
        const known = first;
        first = null;
        const isFresh = known && Date.parse(known.expiresAt) - Date.now() > FRESH_MS;
        const use = isFresh ? known : await current.current.renew();
        if (!use) throw new Error('no right to the replay');
        return `${use.hlsUrl}?token=${encodeURIComponent(use.token)}`;
      },
      onFailure: setFailure,
    });
    return session.close;
  }, [video, attempt]);

  // One at a time is heard: a clip over its replay stops the replay.
  useEffect(() => {
    const onPlay = ({ target }: Event): void => {
      if (!(target instanceof HTMLVideoElement) || target === video.current) return;
      if (target.closest('.pl-recorded')) video.current?.pause();
    };
    document.addEventListener('play', onPlay, true);
    return () => document.removeEventListener('play', onPlay, true);
  }, [video]);

  return (
    <div ref={frame} className="pl-recorded">
      <video
        ref={video}
        data-testid="replay-video"
        aria-label={label}
        controls
        playsInline
        preload="metadata"
        autoPlay={autoPlay}
        {...(aiPicture ? { controlsList: 'nofullscreen', disablePictureInPicture: true } : {})}
        {...(poster ? { poster } : {})}
        onTimeUpdate={(event) => onTime?.(event.currentTarget.currentTime)}
        onSeeked={(event) => onTime?.(event.currentTarget.currentTime)}
      />
      {aiPicture && (
        <>
          <AiPictureBadge className="pl-recorded-ai" />
          <FullScreenButton frame={frame} />
        </>
      )}
      {failure && (
        <div className="pl-recorded-failed" role="alert">
          <p>{t('replay.failed')}</p>
          <Button
            variant="glass"
            onClick={() => {
              setFailure(null);
              setAttempt((now) => now + 1);
            }}
          >
            {t('replay.retry')}
          </Button>
        </div>
      )}
    </div>
  );
};
