import { createShareLink, type ReplyOf } from '@walnut-live/contracts';
import { Button, ErrorState, QrCode, Sheet, Skeleton, useToast } from '@walnut-live/ui';
import { ChevronRight, Copy, Image, Share2 } from 'lucide-react';
import { type ReactNode, useCallback, useEffect, useState } from 'react';
import { Link } from 'react-router';
import { useServices } from '../app/services.tsx';
import { playerI18n } from '../i18n/messages.ts';
import { useSharingT } from './messages.ts';
import { isInWechat, Poster, type Target } from './poster.tsx';

type ShareLink = ReplyOf<typeof createShareLink>;

/** The api names its own public origin; on a page reached otherwise (a LAN address) the path on this origin is right. */
const absolute = (link: ShareLink): string => new URL(link.path || link.url, location.origin).href;

/** My own link to something, and its poster: whoever comes through it is my visitor, and what they buy is credited to me. */
export const LinkSheet = ({
  open,
  onClose,
  target,
  heading,
  title,
}: {
  open: boolean;
  onClose: () => void;
  /** The same object as long as it is the same thing. */
  target: Target;
  heading: string;
  /** What it is called. */
  title: string;
}): ReactNode => {
  const t = playerI18n.useT();
  const tSharing = useSharingT();
  const toast = useToast();
  const { api } = useServices();
  const [link, setLink] = useState<ShareLink | null>(null);
  const [error, setError] = useState<unknown>(null);
  const [poster, setPoster] = useState(false);

  const load = useCallback(async (): Promise<void> => {
    setError(null);
    try {
      setLink(await api.call(createShareLink, { body: { ...target, channel: 'copy' } }));
    } catch (reason) {
      setError(reason);
    }
  }, [api, target]);

  useEffect(() => {
    if (open && !link) void load();
  }, [open, link, load]);

  // Another person has another link.
  useEffect(() => api.subscribe(() => setLink(null)), [api]);

  const url = link && absolute(link);

  const copy = async (): Promise<void> => {
    if (!url) return;
    try {
      await navigator.clipboard.writeText(url);
      toast(t('share.copied'), { tone: 'success' });
    } catch {
      toast(t('share.copyByHand'));
    }
  };

  const share = (): void => {
    if (url) void navigator.share({ title, url }).catch(() => undefined);
  };

  return (
    <Sheet open={open} onClose={onClose} title={heading} wide="center">
      {error ? (
        <ErrorState error={error} onRetry={() => void load()} compact />
      ) : (
        <div className="pl-share">
          <div className="pl-share-card">
            {url ? (
              <QrCode text={url} size={164} label={t('share.qr')} />
            ) : (
              <Skeleton width={164} height={164} radius={12} />
            )}
            <div className="pl-share-text">
              <p className="pl-share-room">{title}</p>
              <p className="pl-fine">{t('share.hint')}</p>
            </div>
          </div>
          <output className="pl-share-link" data-testid="share-link" data-url={url ?? ''}>
            {url ?? t('share.making')}
          </output>
          <div className="pl-share-actions">
            <Button
              size="l"
              icon={<Copy size={18} />}
              disabled={!url}
              onClick={() => void copy()}
              data-testid="share-copy"
            >
              {t('share.copy')}
            </Button>
            {typeof navigator.share === 'function' && (
              <Button size="l" variant="soft" icon={<Share2 size={18} />} disabled={!url} onClick={share}>
                {t('share.system')}
              </Button>
            )}
          </div>
          {poster ? (
            <Poster target={target} />
          ) : (
            <Button
              size="l"
              variant="hot"
              icon={<Image size={18} />}
              onClick={() => setPoster(true)}
              data-testid="share-poster"
            >
              {tSharing('poster.make')}
            </Button>
          )}
          {isInWechat() && <p className="pl-fine">{tSharing('wechat.hint')}</p>}
          <Link to="/me#shares" className="pl-row-link" data-testid="my-shares">
            {t('share.brought')}
            <ChevronRight size={16} aria-hidden="true" />
          </Link>
        </div>
      )}
    </Sheet>
  );
};
