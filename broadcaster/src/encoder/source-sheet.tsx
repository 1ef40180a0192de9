import type { Room, RoomSource } from '@walnut-live/contracts';
import type { RoomSession } from '@walnut-live/live-client/room';
import { Button, Sheet, useConfirm, useErrorText, useToast } from '@walnut-live/ui';
import { MonitorUp, Video } from 'lucide-react';
import { type ReactNode, useState } from 'react';
import { AiPictureLive } from './ai-picture-live.tsx';
import { EncoderPanel } from './encoder-panel.tsx';
import { useEncoderT } from './messages.ts';
import type { RoomStreamState } from './use-room-stream.ts';

/** While live: address and key, what the picture is, and the way from one source to the other, which takes a word of agreement. */
export const SourceSheet = ({
  room,
  session,
  own,
  open,
  onClose,
}: {
  room: Room;
  session: RoomSession;
  own: RoomStreamState;
  open: boolean;
  onClose: () => void;
}): ReactNode => {
  const t = useEncoderT();
  const toast = useToast();
  const confirm = useConfirm();
  const errorText = useErrorText();
  const [busy, setBusy] = useState(false);
  const { source, phase } = own;
  const other: RoomSource = source === 'encoder' ? 'camera' : 'encoder';
  const name = other === 'camera' ? 'toCamera' : 'toEncoder';

  const change = async (): Promise<void> => {
    const yes = await confirm({
      title: t(`${name}.title`),
      body: t(`${name}.body`),
      confirmText: t(`${name}.confirm`),
      cancelText: t('cancel'),
      tone: 'danger',
      theme: 'dark',
    });
    if (!yes) return;
    setBusy(true);
    try {
      await own.choose(other);
      if (other === 'camera') onClose();
    } catch (error) {
      toast(errorText(error), { tone: 'error' });
    } finally {
      setBusy(false);
    }
  };

  return (
    <Sheet open={open} onClose={onClose} title={t('source')} theme="dark">
      {source === 'encoder' ? (
        open && <EncoderPanel roomId={room.id} inUse={phase === 'live' || phase === 'interrupted'} />
      ) : (
        <p className="st-enc-hint">{t('toEncoder.hint')}</p>
      )}
      <AiPictureLive room={room} session={session} />
      <div className="st-enc-change">
        <Button
          variant="outline"
          block
          icon={other === 'camera' ? <Video aria-hidden /> : <MonitorUp aria-hidden />}
          loading={busy}
          onClick={() => void change()}
          data-testid="source-change"
        >
          {t(name)}
        </Button>
      </div>
    </Sheet>
  );
};
