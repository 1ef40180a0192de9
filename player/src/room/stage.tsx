import { Button, cx, NamePlate, Picture, Pictures } from '@walnut-live/ui';
import { Volume2 } from 'lucide-react';
import { type PointerEvent, type ReactNode, useEffect, useRef, useState } from 'react';
import { playerI18n } from '../i18n/messages.ts';
import { Guest, useGuests } from './guests.tsx';
import { useHearts } from './hearts.tsx';
import type { StageView } from './stage-view.ts';
import { useRoom } from './use-room.ts';
import { useVideo } from './video/video-provider.tsx';

/** Two taps closer than this in time and place are one double tap. */
const DOUBLE_TAP_MS = 300;
const DOUBLE_TAP_PX = 40;
/** Narrower pictures than this (width / height) fill the screen; wider ones lie on a blurred copy of themselves. */
const PORTRAIT_RATIO = 0.78;
/** The blurred copy is tiny and slow: it is only colour. */
const FILL = { width: 36, height: 20, everyMs: 600 };

const showsPicture: readonly StageView[] = ['playing', 'stalled', 'host-reconnecting', 'offline'];

/** Draws the picture small, again and again; CSS enlarges and blurs it. */
const useBlurredFill = (video: HTMLVideoElement | null, active: boolean) => {
  const canvas = useRef<HTMLCanvasElement>(null);
  useEffect(() => {
    const context = canvas.current?.getContext('2d');
    if (!video || !active || !context) return;
    const draw = (): void => {
      if (!document.hidden && video.readyState >= 2) context.drawImage(video, 0, 0, FILL.width, FILL.height);
    };
    draw();
    const timer = setInterval(draw, FILL.everyMs);
    return () => clearInterval(timer);
  }, [video, active]);
  return canvas;
};

/** The picture: full-bleed, cover before the first frame, sound button, double tap for hearts. Shrinks while one buys. */
export const Stage = ({ view, onDoubleTap }: { view: StageView; onDoubleTap: () => void }): ReactNode => {
  const t = playerI18n.useT();
  const room = useRoom((state) => state.room);
  const { attach, hasFrame, soundBlocked, playBlocked, enableSound } = useVideo();
  const hearts = useHearts();
  const [video, setVideo] = useState<HTMLVideoElement | null>(null);
  const [landscape, setLandscape] = useState(false);
  const lastTap = useRef({ at: 0, x: 0, y: 0 });
  const guests = useGuests();
  const picture = hasFrame && showsPicture.includes(view);
  const fill = useBlurredFill(video, landscape && picture && guests.length === 0);

  useEffect(() => {
    attach(video);
    if (!video) return;
    const measure = (): void => {
      if (video.videoHeight > 0) setLandscape(video.videoWidth / video.videoHeight > PORTRAIT_RATIO);
    };
    video.addEventListener('resize', measure);
    video.addEventListener('loadedmetadata', measure);
    return () => {
      video.removeEventListener('resize', measure);
      video.removeEventListener('loadedmetadata', measure);
      attach(null);
    };
  }, [attach, video]);

  const onPointerUp = (event: PointerEvent): void => {
    const { x, y, at } = lastTap.current;
    const near = Math.hypot(event.clientX - x, event.clientY - y) < DOUBLE_TAP_PX;
    const double = event.timeStamp - at < DOUBLE_TAP_MS && near;
    lastTap.current = { at: event.timeStamp, x: event.clientX, y: event.clientY };
    if (!double) return;
    onDoubleTap();
    hearts.burst(event.clientX, event.clientY, 3);
  };

  return (
    <section className={cx('pl-stage', landscape && 'pl-stage-landscape')} onPointerUp={onPointerUp}>
      {room && <img className={cx('pl-cover', picture && 'pl-cover-gone')} src={room.coverUrl} alt="" />}
      {landscape && picture && guests.length === 0 && (
        <canvas ref={fill} className="pl-fill" width={FILL.width} height={FILL.height} />
      )}
      <Pictures guides={guests.length + 1}>
        <Picture>
          <video
            ref={setVideo}
            data-testid="video"
            className={cx('pl-video', picture && 'pl-video-shown')}
            aria-label={room ? t('video.label', { host: room.host.name }) : undefined}
            playsInline
            autoPlay
            muted
            disableRemotePlayback
            {...{ 'webkit-playsinline': 'true', 'x5-video-player-type': 'h5-page', 'x5-playsinline': 'true' }}
          />
          {guests.length > 0 && picture && room && <NamePlate name={`${room.host.name} · ${room.orgUnit.name}`} />}
        </Picture>
        {guests.map((guest) => (
          <Guest key={guest.seatId} guest={guest} />
        ))}
      </Pictures>
      {(playBlocked || (soundBlocked && picture)) && (
        <Button
          variant="glass"
          size="l"
          className="pl-sound"
          icon={<Volume2 size={22} />}
          data-testid="sound"
          onClick={enableSound}
        >
          {playBlocked ? t('video.tapToPlay') : t('video.tapForSound')}
        </Button>
      )}
    </section>
  );
};
