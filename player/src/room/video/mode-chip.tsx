import { type ReactNode, useState } from 'react';
import { playerI18n } from '../../i18n/messages.ts';
import { useVideo } from './video-provider.tsx';

/** Seconds with one digit: `0.2`, `4.1`. */
const seconds = (milliseconds: number): string => (Math.max(0, milliseconds) / 1_000).toFixed(1);

/** How the picture comes (实时 / 流畅) and how old it is; opens the choice of quality, and why it is not 实时. */
export const ModeChip = (): ReactNode => {
  const t = playerI18n.useT();
  const { mode, latencyMs, qualities, quality, behindLive, fallbackReason, soundOnly, setQuality, backToLive } =
    useVideo();
  const [open, setOpen] = useState(false);
  if (!mode) return null;

  const hasChoice = qualities.length > 1;
  const why = soundOnly ? t('video.soundOnly.why') : fallbackReason ? t(`video.fallback.${fallbackReason}`) : null;
  const label = (
    <>
      {why && <span className="pl-mode-fallback" aria-hidden="true" />}
      {t(soundOnly ? 'video.soundOnly' : mode === 'realtime' ? 'video.realtime' : 'video.smooth')}
      {!soundOnly && latencyMs !== null && (
        <span className="wl-number"> {t('video.latency', { seconds: seconds(latencyMs) })}</span>
      )}
    </>
  );
  return (
    <span className="pl-mode">
      {hasChoice || why ? (
        <button
          type="button"
          className="pl-chip"
          data-testid="mode"
          data-fallback={soundOnly ? 'sound-only' : (fallbackReason ?? undefined)}
          aria-expanded={open}
          onClick={() => setOpen(!open)}
        >
          {label}
          {hasChoice && ` · ${t(`video.quality.${quality}`)}`}
          <span className="wl-visually-hidden"> {t(hasChoice ? 'video.quality' : 'video.whySmooth')}</span>
        </button>
      ) : (
        <span className="pl-chip" data-testid="mode">
          {label}
        </span>
      )}
      {behindLive && (
        <button type="button" className="pl-chip pl-chip-hot" onClick={backToLive}>
          {t('video.backToLive')}
        </button>
      )}
      {open && (hasChoice || why) && (
        <span className="pl-mode-menu">
          {why && (
            <span className="pl-mode-why" role="status" data-testid="fallback">
              {why}
            </span>
          )}
          {hasChoice && (
            <span className="pl-mode-choice" role="radiogroup" aria-label={t('video.quality')}>
              {qualities.map((choice) => (
                // biome-ignore lint/a11y/useSemanticElements: native radios cannot be pressed shut like a menu
                <button
                  key={choice}
                  type="button"
                  role="radio"
                  aria-checked={choice === quality}
                  onClick={() => {
                    setQuality(choice);
                    setOpen(false);
                  }}
                >
                  {t(`video.quality.${choice}`)}
                </button>
              ))}
            </span>
          )}
        </span>
      )}
    </span>
  );
};
