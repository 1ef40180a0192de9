import { type MediaGrant, mediaGrant, type StageCohost } from '@walnut-live/contracts';
import type { WatchState } from '@walnut-live/live-client/media';
import { NamePlate, Picture } from '@walnut-live/ui';
import { type ReactNode, useEffect, useState } from 'react';
import { useServices } from '../app/services.tsx';
import { playerI18n } from '../i18n/messages.ts';
import { useRoom, useRoomHandle } from './use-room.ts';
import { useVideo } from './video/video-provider.tsx';

/** Nobody beside the host: one array for all renders. */
const nobody: readonly StageCohost[] = [];

/** Who stands beside the host with a picture of their own. By HLS they are in the host's picture. */
export const useGuests = (): readonly StageCohost[] => {
  const cohosts = useRoom((state) => state.showing?.cohosts ?? nobody);
  const live = useRoom((state) => state.stage === 'live');
  const { smooth } = useVideo();
  return live && !smooth ? cohosts : nobody;
};

/** One co-host: their stream by WebRTC, with the sound of the room's own switch. */
export const Guest = ({ guest }: { guest: StageCohost }): ReactNode => {
  const t = playerI18n.useT();
  const { api } = useServices();
  const { roomId } = useRoomHandle();
  const { soundOn } = useVideo();
  const [video, setVideo] = useState<HTMLVideoElement | null>(null);
  const [status, setStatus] = useState<WatchState['status']>('connecting');
  const { streamId } = guest;

  useEffect(() => {
    if (!video) return;
    let undo = (): void => undefined;
    let wanted = true;
    const grant = (): Promise<MediaGrant> =>
      api.call(mediaGrant, { params: { id: roomId }, body: { right: 'watch', streamId } });
    const begin = async (): Promise<void> => {
      const { keepWatching } = await import('@walnut-live/live-client/playback');
      if (!wanted) return;
      const end = keepWatching({
        grant,
        onStatus: setStatus,
        onStream: (stream) => {
          // Setting it again would begin anew, with a black moment.
          if (video.srcObject !== stream) video.srcObject = stream;
          void video.play().catch(() => undefined);
        },
      });
      undo = () => {
        end();
        video.srcObject = null;
      };
    };
    begin().catch(() => wanted && setStatus('failed'));
    return () => {
      wanted = false;
      undo();
    };
  }, [api, roomId, streamId, video]);

  const silent = !soundOn || guest.muted;
  useEffect(() => {
    if (!video) return;
    video.muted = silent;
    void video.play().catch(() => undefined);
  }, [video, silent]);

  return (
    <Picture
      className="pl-guest"
      waiting={status !== 'playing' && t('guest.waiting')}
      data-testid="guest"
      data-seat={guest.seatId}
      data-status={status}
    >
      <video
        ref={setVideo}
        className="pl-video pl-video-shown"
        aria-label={t('guest.label', { name: guest.name })}
        playsInline
        autoPlay
        muted
        disableRemotePlayback
      />
      <NamePlate name={`${guest.name} · ${guest.unitName}`} muted={guest.muted} />
    </Picture>
  );
};
