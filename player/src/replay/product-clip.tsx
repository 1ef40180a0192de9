import { type Clip, listProductClips, playClip, type ReplayGrant } from '@walnut-live/contracts';
import { Button, Sheet } from '@walnut-live/ui';
import { CirclePlay } from 'lucide-react';
import { type ReactNode, useEffect, useRef, useState } from 'react';
import { useServices } from '../app/services.tsx';
import { playerI18n } from '../i18n/messages.ts';
import { RecordedVideo } from './recorded-video.tsx';
import './recorded.css';

/** 讲解回放: the newest clip in which this product is explained, one tap from the product; nothing when there is none. */
export const ProductClip = ({ productId }: { productId: string }): ReactNode => {
  const t = playerI18n.useT();
  const { api } = useServices();
  const [clip, setClip] = useState<Clip | null>(null);
  const [grant, setGrant] = useState<ReplayGrant | null>(null);
  const video = useRef<HTMLVideoElement>(null);
  useEffect(() => {
    let left = false;
    // A product without its clip is still a product: a failure shows nothing.
    api.call(listProductClips, { params: { id: productId } }).then(
      ({ items }) => !left && setClip(items[0] ?? null),
      () => undefined,
    );
    return () => {
      left = true;
    };
  }, [api, productId]);
  if (!clip) return null;

  const renew = async (): Promise<ReplayGrant | null> => {
    const found = await api.call(playClip, { params: { id: clip.id }, body: {} }).catch(() => null);
    return found?.media ?? null;
  };
  return (
    <>
      <Button
        variant="soft"
        size="s"
        icon={<CirclePlay size={16} />}
        data-testid="clip-watch"
        onClick={() => void renew().then(setGrant)}
      >
        {t('clip.watch')}
      </Button>
      <Sheet open={grant !== null} onClose={() => setGrant(null)} title={t('clip.title')} height="tall">
        {grant && (
          <div data-testid="clip">
            <RecordedVideo
              video={video}
              grant={grant}
              autoPlay
              renew={renew}
              aiPicture={clip.aiPicture}
              label={t('replay.video', { title: clip.productTitle })}
            />
            <p className="pl-fine">{t('clip.from', { room: clip.roomTitle })}</p>
          </div>
        )}
      </Sheet>
    </>
  );
};
