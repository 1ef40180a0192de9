import { mediaGrant } from '@walnut-live/contracts';
import { createPlayback, type PlaybackState } from '@walnut-live/live-client/playback';
import type { RoomSession } from '@walnut-live/live-client/room';
import { Button, Spinner } from '@walnut-live/ui';
import { Volume2 } from 'lucide-react';
import { type ReactNode, useEffect, useRef, useState } from 'react';
import { useServices } from '../app/services.tsx';
import { useT } from '../i18n/index.ts';

/**
 * What the room's viewers see. Silent while an own microphone is open; with `listening` its sound is somebody else's button,
 * and without it is asked for here when the browser keeps it back.
 */
export const RelayPicture = ({
  session,
  streamId,
  silent,
  listening,
  label,
  loading,
}: {
  session: RoomSession;
  streamId: string;
  silent: boolean;
  listening?: boolean;
  /** The name of the picture. */
  label: string;
  /** Said until it plays. */
  loading: string;
}): ReactNode => {
  const { api } = useServices();
  const t = useT();
  const video = useRef<HTMLVideoElement>(null);
  const playback = useRef<ReturnType<typeof createPlayback> | null>(null);
  const [state, setState] = useState<PlaybackState | null>(null);
  const { roomId } = session;
  const wantsSound = useRef(listening);
  wantsSound.current = listening;

  useEffect(() => {
    const element = video.current;
    if (!element) return;
    const made = createPlayback({
      video: element,
      grant: () => api.call(mediaGrant, { params: { id: roomId }, body: { right: 'watch', streamId } }),
      serverNowMs: session.serverNowMs,
      startWithSound: wantsSound.current ?? navigator.userActivation?.hasBeenActive ?? false,
    });
    playback.current = made;
    setState(made.state);
    const undo = made.on('state', setState);
    return () => {
      undo();
      made.close();
      playback.current = null;
    };
  }, [api, roomId, session, streamId]);
  useEffect(() => {
    if (silent || listening === false) playback.current?.mute();
    else if (listening) void playback.current?.unmute();
  }, [silent, listening]);

  const waits = state !== null && state.status !== 'playing' && state.status !== 'idle' && state.status !== 'ended';
  return (
    <>
      {/* biome-ignore lint/a11y/useMediaCaption: a live talk has no captions */}
      <video
        ref={video}
        className="st-preview st-relay-picture"
        data-testid="relay-picture"
        aria-label={label}
        playsInline
      />
      {waits && (
        <div className="st-stage-wait">
          <Spinner label={loading} />
        </div>
      )}
      {state?.muted && !silent && listening !== false && state.status === 'playing' && (
        <Button
          className="st-relay-sound"
          variant="glass"
          size="s"
          icon={<Volume2 aria-hidden />}
          onClick={() => void playback.current?.unmute()}
        >
          {t('relay.listen')}
        </Button>
      )}
    </>
  );
};
