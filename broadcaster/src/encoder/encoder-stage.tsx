import { mediaGrant, type Room } from '@walnut-live/contracts';
import { keepWatching } from '@walnut-live/live-client/media';
import { Button, Spinner } from '@walnut-live/ui';
import { MonitorUp, TriangleAlert } from 'lucide-react';
import { type ReactNode, useEffect, useRef, useState } from 'react';
import { useServices } from '../app/services.tsx';
import type { EncoderPhase } from './encoder-health.ts';
import { useEncoderT } from './messages.ts';
import './encoder.css';

/** In the place of the camera: what viewers see of the encoder, or what it is waited for. */
export const EncoderStage = ({
  room,
  phase,
  onOpen,
}: {
  room: Room;
  phase: EncoderPhase;
  /** Shows address and key. */
  onOpen: () => void;
}): ReactNode => {
  const t = useEncoderT();
  const waiting = phase === 'waiting' || phase === 'camera';
  return (
    <>
      <OwnPicture room={room} phase={phase} />
      {phase === 'interrupted' && (
        <p className="st-enc-lost" role="alert">
          <TriangleAlert aria-hidden />
          {t('phase.interrupted.banner')}
        </p>
      )}
      {waiting && (
        <div className="st-enc-wait" role="status">
          <span className="st-enc-wait-icon">
            <MonitorUp aria-hidden />
          </span>
          <h2>{t(`phase.${phase}.title`)}</h2>
          <p>{t(`phase.${phase}.hint`)}</p>
          <Button variant="glass" onClick={onOpen}>
            {t('open')}
          </Button>
        </div>
      )}
    </>
  );
};

/** The room's own stream by WebRTC, silent: the encoder stands beside the guide. */
const OwnPicture = ({ room, phase }: { room: Room; phase: EncoderPhase }): ReactNode => {
  const { api } = useServices();
  const t = useEncoderT();
  const video = useRef<HTMLVideoElement>(null);
  const [status, setStatus] = useState<Parameters<Parameters<typeof keepWatching>[0]['onStatus']>[0]>('connecting');
  const { id: roomId, streamId } = room;
  useEffect(() => {
    const element = video.current;
    if (!element) return;
    const undo = keepWatching({
      grant: () => api.call(mediaGrant, { params: { id: roomId }, body: { right: 'watch', streamId } }),
      onStream: (stream) => {
        element.srcObject = stream;
        void element.play().catch(() => undefined);
      },
      onStatus: setStatus,
    });
    return () => {
      undo();
      element.srcObject = null;
    };
  }, [api, roomId, streamId]);
  const shown = phase !== 'waiting';
  return (
    <>
      <video
        ref={video}
        className="st-preview st-enc-picture"
        data-testid="encoder-picture"
        data-status={status}
        aria-label={t('picture')}
        hidden={!shown}
        autoPlay
        muted
        playsInline
      />
      {phase === 'live' && status !== 'playing' && (
        <div className="st-stage-wait">
          <Spinner label={t('picture.loading')} />
        </div>
      )}
    </>
  );
};
