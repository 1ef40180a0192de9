import { mediaGrant } from '@walnut-live/contracts';
import { keepWatching, type WatchState } from '@walnut-live/live-client/media';
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
  silent = false,
}: {
  roomId: string;
  streamId: string;
  name: string;
  /** By the host, for everybody. */
  muted: boolean;
  /** On this device alone. */
  silent?: boolean;
}): ReactNode => {
  const { api } = useServices();
  const t = useT();
  const video = useRef<HTMLVideoElement>(null);
  const [status, setStatus] = useState<WatchState['status']>('connecting');

  useEffect(() => {
    const element = video.current;
    if (!element) return;
    const end = keepWatching({
      grant: () => api.call(mediaGrant, { params: { id: roomId }, body: { right: 'watch', streamId } }),
      onStatus: setStatus,
      onStream: (stream) => {
        // Setting it again would begin anew, with a black moment.
        if (element.srcObject !== stream) element.srcObject = stream;
        void element.play().catch(() => undefined);
      },
    });
    return () => {
      end();
      element.srcObject = null;
    };
  }, [api, roomId, streamId]);

  return (
    <Picture
      waiting={status !== 'playing' && t('cohost.connecting')}
      data-testid="cohost-tile"
      data-stream={streamId}
      data-status={status}
    >
      <video ref={video} className="st-preview" aria-label={name} autoPlay playsInline muted={muted || silent} />
      <NamePlate name={name} muted={muted} />
    </Picture>
  );
};
