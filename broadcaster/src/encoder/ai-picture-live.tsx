import { useQueryClient } from '@tanstack/react-query';
import { patchRoom, type Room } from '@walnut-live/contracts';
import type { RoomSession } from '@walnut-live/live-client/room';
import { useConfirm, useErrorText, useToast } from '@walnut-live/ui';
import { type ReactNode, useState } from 'react';
import { roomQuery } from '../app/queries.ts';
import { useSelect, useServices } from '../app/services.tsx';
import { AiPictureChoice } from './ai-picture-choice.tsx';
import { useEncoderT } from './messages.ts';

/** Rule Z7 while live: said after a question, by whomever, and from then on not taken back. For a room that shows its own picture. */
export const AiPictureLive = ({ room, session }: { room: Room; session: RoomSession }): ReactNode => {
  const t = useEncoderT();
  const { api } = useServices();
  const toast = useToast();
  const confirm = useConfirm();
  const errorText = useErrorText();
  const queries = useQueryClient();
  const told = useSelect(session, ({ showing }) => showing?.aiPicture ?? false);
  const [busy, setBusy] = useState(false);
  const isSaid = told || (room.aiPicture ?? false);
  const say = async (): Promise<void> => {
    const yes = await confirm({
      title: t('aiPicture.sure'),
      body: t('aiPicture.hint'),
      confirmText: t('aiPicture.say'),
      cancelText: t('cancel'),
      theme: 'dark',
    });
    if (!yes) return;
    setBusy(true);
    try {
      const changed = await api.call(patchRoom, { params: { id: room.id }, body: { aiPicture: true } });
      queries.setQueryData(roomQuery(api, room.id).queryKey, changed);
      toast(t('aiPicture.said'), { tone: 'success' });
    } catch (error) {
      toast(errorText(error), { tone: 'error' });
    } finally {
      setBusy(false);
    }
  };
  return <AiPictureChoice value={isSaid} disabled={isSaid || busy} onChange={() => void say()} />;
};
