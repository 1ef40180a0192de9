/** Below an order that was received: its review, and the prize for it. */
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { getOrderReview, type OrderReview, writeReview } from '@walnut-live/contracts';
import { isApiError } from '@walnut-live/live-client/http';
import { Badge, Button, useErrorText, useFormat, useToast } from '@walnut-live/ui';
import { Gift, Star } from 'lucide-react';
import { type ReactNode, useState } from 'react';
import { Link } from 'react-router';
import { EvidenceField, type SentPicture } from '../after-sale/evidence.tsx';
import { useServices } from '../app/services.tsx';
import { ClaimPrize } from './claim.tsx';
import { useReviewT } from './messages.ts';
import '../after-sale/after-sale.css';
import './reviews.css';

const POLL_MS = 10_000;
const TEXT_LENGTH = 500;
const STARS = [1, 2, 3, 4, 5];
const toneOf = { pending: 'neutral', approved: 'success', refused: 'hot' } as const;

const Entry = ({ orderId }: { orderId: string }): ReactNode => {
  const t = useReviewT();
  const { api } = useServices();
  const [writing, setWriting] = useState(false);
  const query = useQuery({
    queryKey: ['review', orderId],
    queryFn: ({ signal }) => api.call(getOrderReview, { params: { id: orderId }, signal }),
    refetchInterval: POLL_MS,
  });
  if (!query.data) return null; // the order above says what is wrong
  const { mayReview, review, prize } = query.data;
  if (!mayReview && !review) return null;
  return (
    <section className="pl-card rv-entry" data-testid="review-entry">
      <h2 className="as-head">{t('title')}</h2>
      {review && !writing && (
        <div className="rv-review" data-testid="review" data-state={review.state}>
          <p className="rv-line">
            <Stars count={review.stars} />
            <Badge tone={toneOf[review.state]}>{t(`state.${review.state}`, { reason: review.reason })}</Badge>
          </p>
          <p>{review.text}</p>
        </div>
      )}
      {prize && <Prize orderId={orderId} prize={prize} waits={review?.state === 'pending'} />}
      {review?.prizeOrder && (
        <Link to={`/orders/${review.prizeOrder.id}`} className="wl-btn wl-btn-outline wl-btn-m">
          {t('prize.order')}
        </Link>
      )}
      {mayReview &&
        (writing ? (
          <Form orderId={orderId} onDone={() => setWriting(false)} />
        ) : (
          <Button variant="outline" onClick={() => setWriting(true)} data-testid="review-write">
            {t(review ? 'anew' : 'write')}
          </Button>
        ))}
    </section>
  );
};
export default Entry;

const Stars = ({ count }: { count: number }): ReactNode => {
  const t = useReviewT();
  return (
    <span className="rv-stars" role="img" aria-label={t('stars', { count })}>
      {STARS.map((n) => (
        <Star key={n} size={18} data-on={n <= count} aria-hidden="true" />
      ))}
    </span>
  );
};

const Prize = ({
  orderId,
  prize,
  waits,
}: {
  orderId: string;
  prize: NonNullable<OrderReview['prize']>;
  waits: boolean;
}): ReactNode => {
  const t = useReviewT();
  const format = useFormat();
  const [claiming, setClaiming] = useState(false);
  return (
    <div className="rv-prize" data-testid="review-prize">
      <div className="pl-item">
        <img src={prize.pictureUrl} alt="" width={76} height={76} loading="lazy" />
        <div className="pl-item-text">
          <p className="pl-item-title rv-title">
            <Gift size={16} aria-hidden="true" /> {t('prize.title', { title: prize.title })}
          </p>
          <p className="pl-item-sku">
            {prize.productTitle} · {prize.skuName}
          </p>
          <p className="rv-worth">{t('prize.worth', { worth: format.money(prize.worthFen, { fen: 'trim' }) })}</p>
        </div>
      </div>
      {!prize.claimable ? (
        <p className="pl-fine">{t(waits ? 'prize.waits' : 'prize.first', { left: format.count(prize.left) })}</p>
      ) : claiming ? (
        <ClaimPrize orderId={orderId} prize={prize} />
      ) : (
        <Button variant="hot" onClick={() => setClaiming(true)} data-testid="prize-claim">
          {t('prize.claim')}
        </Button>
      )}
      <p className="pl-fine">{t('prize.until', { date: format.dateTime(prize.endsAt) })}</p>
    </div>
  );
};

const Form = ({ orderId, onDone }: { orderId: string; onDone: () => void }): ReactNode => {
  const t = useReviewT();
  const toast = useToast();
  const errorText = useErrorText();
  const cache = useQueryClient();
  const { api, pending } = useServices();
  const [stars, setStars] = useState(5);
  const [text, setText] = useState('');
  const [pictures, setPictures] = useState<readonly SentPicture[]>([]);
  const [busy, setBusy] = useState(false);
  const submit = async (): Promise<void> => {
    if (busy || text.trim() === '') return;
    setBusy(true);
    const body = { stars, text: text.trim(), pictureIds: pictures.map(({ id }) => id) };
    try {
      const made = await pending.run(`review:${orderId}`, body, (idempotencyKey) =>
        api.call(writeReview, { params: { id: orderId }, body, idempotencyKey }),
      );
      cache.setQueryData(['review', orderId], made);
      toast(t('thanks'), { tone: 'success' });
      onDone();
    } catch (error) {
      const terms = isApiError(error, 'words_refused') && Array.isArray(error.facts.terms) ? error.facts.terms : null;
      toast(terms ? t('refused.words', { terms: terms.join(' ') }) : errorText(error), { tone: 'error' });
      setBusy(false);
    }
  };
  return (
    <form
      className="rv-form"
      onSubmit={(event) => {
        event.preventDefault();
        void submit();
      }}
    >
      <fieldset className="rv-choose">
        <legend className="wl-visually-hidden">{t('stars.label')}</legend>
        {STARS.map((n) => (
          <label key={n}>
            <input
              type="radio"
              name="stars"
              className="wl-visually-hidden"
              checked={stars === n}
              onChange={() => setStars(n)}
              aria-label={t('stars', { count: n })}
              data-testid={`stars-${n}`}
            />
            <Star size={28} data-on={n <= stars} aria-hidden="true" />
          </label>
        ))}
      </fieldset>
      <label className="rv-text">
        <span className="pl-label">{t('text')}</span>
        <textarea
          value={text}
          rows={4}
          maxLength={TEXT_LENGTH}
          placeholder={t('text.hint')}
          onChange={(event) => setText(event.target.value)}
          data-testid="review-text"
        />
      </label>
      <p className="pl-label">{t('pictures')}</p>
      <EvidenceField orderId={orderId} pictures={pictures} onChange={setPictures} />
      <Button variant="hot" type="submit" loading={busy} disabled={text.trim() === ''} data-testid="review-submit">
        {t('submit')}
      </Button>
    </form>
  );
};
