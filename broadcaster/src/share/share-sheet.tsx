import { useQuery } from '@tanstack/react-query';
import { createShareLink, type Room } from '@walnut-live/contracts';
import { Button, ErrorState, QrCode, Sheet, Skeleton, useToast } from '@walnut-live/ui';
import { Copy, Image, Share2 } from 'lucide-react';
import { type ReactNode, useState } from 'react';
import { useServices } from '../app/services.tsx';
import { useT } from '../i18n/index.ts';
import { Poster } from './poster.tsx';

const ShareLink = ({ room }: { room: Room }): ReactNode => {
  const { api } = useServices();
  const t = useT();
  const toast = useToast();
  const [poster, setPoster] = useState(false);
  // The same target and channel give the same link, so asking again is harmless.
  const link = useQuery({
    queryKey: ['share-link', room.id],
    queryFn: ({ signal }) => api.call(createShareLink, { body: { roomId: room.id, channel: 'copy' }, signal }),
    staleTime: Number.POSITIVE_INFINITY,
  });
  if (link.isError) return <ErrorState compact error={link.error} onRetry={() => void link.refetch()} />;
  if (!link.data) return <Skeleton height={260} radius={18} />;
  const { url } = link.data;
  const address = new URL(url, location.origin).href;
  const text = t('share.text', { title: room.title });
  return (
    <div className="st-share">
      <QrCode text={address} size={196} label={t('share.qr')} />
      <p className="st-hint">{t('share.hint')}</p>
      <input
        className="st-input"
        readOnly
        value={address}
        aria-label={t('share.copy')}
        onFocus={(event) => event.target.select()}
      />
      <div className="st-row">
        <Button
          variant="soft"
          size="l"
          icon={<Copy aria-hidden />}
          onClick={() =>
            void navigator.clipboard.writeText(`${text} ${address}`).then(
              () => toast(t('share.copied'), { tone: 'success' }),
              () => undefined,
            )
          }
        >
          {t('share.copy')}
        </Button>
        {'share' in navigator && (
          <Button
            size="l"
            icon={<Share2 aria-hidden />}
            onClick={() => void navigator.share({ title: room.title, text, url: address }).catch(() => undefined)}
          >
            {t('share.system')}
          </Button>
        )}
      </div>
      {poster ? (
        <Poster room={room} />
      ) : (
        <Button
          variant="soft"
          size="l"
          icon={<Image aria-hidden />}
          onClick={() => setPoster(true)}
          data-testid="share-poster"
        >
          {t('share.poster')}
        </Button>
      )}
    </div>
  );
};

export const ShareSheet = ({ room, open, onClose }: { room: Room; open: boolean; onClose: () => void }): ReactNode => {
  const t = useT();
  return (
    <Sheet open={open} onClose={onClose} title={t('share.title')} theme="dark">
      <ShareLink room={room} />
    </Sheet>
  );
};
