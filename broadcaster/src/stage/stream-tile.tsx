import { mediaGrant } from '@walnut-live/contracts';
import { type WatchState, watchGranted } from '@walnut-live/live-client/media';
import { NamePlate, Picture } from '@walnut-live/ui';
import { type ReactNode, useEffect, useRef, useState } from 'react';
import { useServices } from '../app/services.tsx';
import { useT } from '../i18n/index.ts';

/** One other guide's picture and sound by WebRTC; never one's own, which would be an echo. */
export const StreamTile = ({
  roomId,
  streamId,
  name,
  muted,
}: {
  roomId: string;
  streamId: string;
  name: string;
  /** By the host, for everybody. */
  muted: boolean;
}): ReactNode => {
  const { api } = useServices();
  const t = useT();
  const video = useRef<HTMLVideoElement>(null);
  const [status, setStatus] = useState<WatchState['status']>('connecting');

  useEffect(() => {
    const element = video.current;
    if (!element) return;
    let undo = (): void => undefined;
    let over = false;
    const grant = () => api.call(mediaGrant, { params: { id: roomId }, body: { right: 'watch', streamId } });
    grant().then(
      (first) => {
        if (over) return;
        const watching = watchGranted(first, grant);
        element.srcObject = watching.stream;
        watching.on('state', (next) => setStatus(next.status));
        watching.on('stream', () => void element.play().catch(() => undefined));
        undo = () => {
          watching.close();
          element.srcObject = null;
        };
      },
      () => over || setStatus('failed'),
    );
    return () => {
      over = true;
      undo();
    };
  }, [api, roomId, streamId]);

  return (
    <Picture
      waiting={status !== 'playing' && t('cohost.connecting')}
      data-testid="cohost-tile"
      data-stream={streamId}
      data-status={status}
    >
      <video ref={video} className="st-preview" aria-label={name} autoPlay playsInline muted={muted} />
      <NamePlate name={name} muted={muted} />
    </Picture>
  );
};
