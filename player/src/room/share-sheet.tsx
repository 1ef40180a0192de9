import { type ReactNode, useMemo } from 'react';
import { QueryHost } from '../app/query-host.tsx';
import { playerI18n } from '../i18n/messages.ts';
import { LinkSheet } from '../sharing/link-sheet.tsx';
import { useRoom } from './use-room.ts';

/** My own link to this room. */
export const ShareSheet = ({ open, onClose }: { open: boolean; onClose: () => void }): ReactNode => {
  const t = playerI18n.useT();
  const title = useRoom((state) => state.room?.title ?? '');
  const roomId = useRoom((state) => state.roomId);
  const target = useMemo(() => ({ roomId }), [roomId]);
  return (
    <QueryHost>
      <LinkSheet open={open} onClose={onClose} target={target} heading={t('share.title')} title={title} />
    </QueryHost>
  );
};
