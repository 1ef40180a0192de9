/** An item of the content library, as whoever comes by its link sees it: what it says, and the way to its room or product. */
import { useMutation, useQuery } from '@tanstack/react-query';
import { type Content, claimCoupon, getContent } from '@walnut-live/contracts';
import { isApiError } from '@walnut-live/live-client/http';
import {
  Button,
  EmptyState,
  ErrorState,
  Price,
  Sheet,
  Skeleton,
  useErrorText,
  useFormat,
  useToast,
} from '@walnut-live/ui';
import { Image, Share2 } from 'lucide-react';
import { type ReactNode, useState } from 'react';
import { Link, useParams } from 'react-router';
import { useServices } from '../app/services.tsx';
import { Page } from '../pages/page.tsx';
import { useSharingT } from './messages.ts';
import { Poster } from './poster.tsx';
import { useShare } from './use-share.ts';
import './sharing.css';

const Media = ({ content }: { content: Content }): ReactNode => {
  const { kind, fileUrl, title, room, product } = content;
  if (kind === 'video' && fileUrl)
    return (
      // biome-ignore lint/a11y/useMediaCaption: clips of staff have no captions
      <video className="pl-content-cover" src={fileUrl} controls playsInline preload="metadata" />
    );
  const picture = kind === 'picture' && fileUrl ? fileUrl : (product?.pictureUrl ?? room.coverUrl);
  return (
    <>
      <img className="pl-content-cover" src={picture} alt={title} />
      {kind === 'voice' && fileUrl && (
        // biome-ignore lint/a11y/useMediaCaption: the text beside it says what it is about
        <audio src={fileUrl} controls preload="metadata" />
      )}
    </>
  );
};

const Offer = ({ coupon }: { coupon: NonNullable<Content['coupon']> }): ReactNode => {
  const t = useSharingT();
  const format = useFormat();
  const toast = useToast();
  const errorText = useErrorText();
  const { api, requireConsumer } = useServices();
  const [idempotencyKey] = useState(() => crypto.randomUUID());
  const claim = useMutation({
    mutationFn: () => api.call(claimCoupon, { body: { kindId: coupon.kindId }, idempotencyKey }),
    onError: (error) => toast(errorText(error), { tone: 'error' }),
  });
  const money = (fen: number) => format.money(fen, { fen: 'trim' });
  return (
    <section className="pl-card pl-content-offer" data-testid="content-offer">
      <b className="pl-content-money wl-number">{money(coupon.offFen)}</b>
      <span>
        <span>{coupon.title}</span>
        <small className="pl-fine">
          {coupon.minSpendFen === 0
            ? t('content.coupon.gift')
            : t('content.coupon.terms', { min: money(coupon.minSpendFen), off: money(coupon.offFen) })}
        </small>
      </span>
      {claim.isSuccess ? (
        <small className="pl-fine">{t('content.claimed')}</small>
      ) : (
        <Button
          variant="hot"
          disabled={!coupon.open}
          loading={claim.isPending}
          onClick={() => void requireConsumer('buy').then((known) => known && claim.mutate())}
          data-testid="content-claim"
        >
          {coupon.open ? t('content.coupon') : t('content.full')}
        </Button>
      )}
    </section>
  );
};

const View = ({ contentId }: { contentId: string }): ReactNode => {
  const t = useSharingT();
  const { api } = useServices();
  const share = useShare();
  const [poster, setPoster] = useState(false);
  const query = useQuery({
    queryKey: ['content', contentId],
    queryFn: ({ signal }) => api.call(getContent, { params: { id: contentId }, signal }),
  });
  if (query.isError)
    return isApiError(query.error, 'not_found') || isApiError(query.error, 'invalid_request') ? (
      <EmptyState illustration="people" title={t('content.gone')} hint={t('content.goneHint')} />
    ) : (
      <ErrorState error={query.error} onRetry={() => void query.refetch()} />
    );
  if (!query.data) return <Skeleton height={320} radius={18} />;
  const content = query.data;
  const { room, product } = content;
  return (
    <article className="pl-me" data-testid="content">
      <section className="pl-card">
        <Media content={content} />
        <h2 className="pl-card-title">{content.title}</h2>
        {content.body && <p className="pl-content-body">{content.body}</p>}
        <p className="pl-fine">{content.orgUnit.name}</p>
      </section>
      {content.coupon && <Offer coupon={content.coupon} />}
      {product && (
        <Link to={`/r/${room.id}?product=${product.id}`} className="pl-card pl-content-offer">
          <img src={product.pictureUrl} alt="" width={64} height={64} />
          <span>
            <span>{product.title}</span>
            <Price fen={product.priceFen} />
          </span>
          <span className="wl-btn wl-btn-soft">{t('content.product')}</span>
        </Link>
      )}
      <div className="pl-content-go">
        <Link
          to={room.state === 'ended' ? `/r/${room.id}/replay` : `/r/${room.id}`}
          className="wl-btn wl-btn-hot wl-btn-l"
        >
          {t(room.state === 'live' ? 'content.room' : room.state === 'ended' ? 'content.replay' : 'content.soon')}
        </Link>
        <Button
          size="l"
          variant="soft"
          icon={<Share2 size={18} />}
          onClick={() => void share({ contentId }, content.title)}
          data-testid="content-share"
        >
          {t('content.share')}
        </Button>
        <Button
          size="l"
          variant="soft"
          icon={<Image size={18} />}
          onClick={() => setPoster(true)}
          data-testid="content-poster"
        >
          {t('poster.make')}
        </Button>
      </div>
      <Sheet open={poster} onClose={() => setPoster(false)} title={t('poster.title')} wide="center">
        {poster && <Poster target={{ contentId }} />}
      </Sheet>
    </article>
  );
};

const ContentPage = (): ReactNode => {
  const t = useSharingT();
  const { contentId = '' } = useParams();
  return (
    <Page title={t('content.title')}>
      <View contentId={contentId} />
    </Page>
  );
};
export default ContentPage;
