import { type ReactNode, useState } from 'react';
import { playerI18n } from '../../i18n/messages.ts';
import { useVideo } from './video-provider.tsx';

/** Seconds with one digit: `0.2`, `4.1`. */
const seconds = (milliseconds: number): string => (Math.max(0, milliseconds) / 1_000).toFixed(1);

/** How the picture comes (实时 / 流畅) and how old it is; opens the quality menu where there is a choice. */
export const ModeChip = (): ReactNode => {
  const t = playerI18n.useT();
  const { mode, latencyMs, qualities, quality, behindLive, setQuality, backToLive } = useVideo();
  const [open, setOpen] = useState(false);
  if (!mode) return null;

  const label = (
    <>
      {t(mode === 'realtime' ? 'video.realtime' : 'video.smooth')}
      {latencyMs !== null && <span className="wl-number"> {t('video.latency', { seconds: seconds(latencyMs) })}</span>}
    </>
  );
  return (
    <span className="pl-mode">
      {qualities.length > 1 ? (
        <button
          type="button"
          className="pl-chip"
          data-testid="mode"
          aria-expanded={open}
          aria-label={t('video.quality')}
          onClick={() => setOpen(!open)}
        >
          {label} · {t(`video.quality.${quality}`)}
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
      {open && qualities.length > 1 && (
        <span className="pl-mode-menu" role="radiogroup" aria-label={t('video.quality')}>
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
  );
};
