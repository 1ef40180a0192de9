import { IconButton } from '@walnut-live/ui';
import { Maximize, Minimize } from 'lucide-react';
import { type ReactNode, type RefObject, useEffect, useState } from 'react';
import { playerI18n } from '../i18n/messages.ts';

/**
 * Full screen of the picture with all that stands on it (rule Z7), in the place of the browser's own button, which takes the
 * bare video. Nothing where the browser can only do that.
 */
export const FullScreenButton = ({ frame }: { frame: RefObject<HTMLElement | null> }): ReactNode => {
  const t = playerI18n.useT();
  const [isFull, setFull] = useState(false);
  useEffect(() => {
    const follow = (): void => {
      const { fullscreenElement: shown } = document;
      setFull(shown !== null && shown === frame.current);
      // Browsers that keep their own button: the bare video gives way to the frame, or at least leaves full screen.
      if (shown instanceof HTMLVideoElement && frame.current?.contains(shown))
        document
          .exitFullscreen()
          .then(() => frame.current?.requestFullscreen())
          .catch(() => undefined);
    };
    document.addEventListener('fullscreenchange', follow);
    return () => document.removeEventListener('fullscreenchange', follow);
  }, [frame]);
  if (!document.fullscreenEnabled) return null;
  // A refusal leaves the page as it is.
  const change = (): Promise<void> | undefined =>
    (isFull ? document.exitFullscreen() : frame.current?.requestFullscreen())?.catch(() => undefined);
  return (
    <IconButton
      variant="glass"
      className="pl-recorded-full"
      label={t(isFull ? 'replay.fullScreenOff' : 'replay.fullScreen')}
      icon={isFull ? <Minimize aria-hidden /> : <Maximize aria-hidden />}
      data-testid="replay-full-screen"
      onClick={() => void change()}
    />
  );
};
