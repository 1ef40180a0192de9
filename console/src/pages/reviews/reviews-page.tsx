import { useQuery } from '@tanstack/react-query';
import { decideReview, getReviewPicture, listReviews, type Review, ReviewState } from '@walnut-live/contracts';
import { Badge, EmptyState, useFormat, useToast } from '@walnut-live/ui';
import { Button, Form, Input, Modal, Rate, Segmented, Space } from 'antd';
import { type ReactNode, useEffect, useState } from 'react';
import { Link } from 'react-router';
import { useSession } from '../../app/session.tsx';
import { useAction, usePages } from '../../data/use-call.ts';
import type { Column } from '../../shared/data-table.tsx';
import { useFilters } from '../../shared/filters.tsx';
import { Page, Panel } from '../../shared/page.tsx';
import { PagedTable } from '../../shared/paged-table.tsx';
import { Failure } from '../../shared/ship-dialog.tsx';
import { Campaigns } from './campaigns.tsx';
import { useReviewT } from './messages.ts';
import './reviews.css';

const PAGE = 30;
const REFRESH_MS = 15_000;
const toneOf = { pending: 'hot', approved: 'success', refused: 'neutral' } as const;

/** Reviews of my scope, and the prizes for them. */
export default function ReviewsPage(): ReactNode {
  const t = useReviewT();
  const filters = useFilters();
  const shows = filters.get('show') === 'campaigns' ? 'campaigns' : 'reviews';
  return (
    <Page title={t('title')} hint={t('hint')}>
      <Segmented
        className="rv-tabs"
        value={shows}
        onChange={(next: string) => filters.set({ show: next === 'campaigns' ? next : undefined, state: undefined })}
        options={(['reviews', 'campaigns'] as const).map((value) => ({ value, label: t(value) }))}
      />
      {shows === 'campaigns' ? <Campaigns /> : <Reviews />}
    </Page>
  );
}

const Reviews = (): ReactNode => {
  const t = useReviewT();
  const format = useFormat();
  const toast = useToast();
  const { may } = useSession();
  const filters = useFilters();
  const [refusing, setRefusing] = useState<Review | null>(null);
  const state = ReviewState.options.find((known) => known === filters.get('state'));
  const query = usePages(listReviews, { query: { limit: PAGE, ...(state ? { state } : {}) } }, { everyMs: REFRESH_MS });
  const decide = useAction(decideReview, ['reviews.list']);
  const approve = async (review: Review): Promise<void> => {
    await decide.mutateAsync({ params: { id: review.id }, body: { decision: 'approve', seenAt: review.createdAt } });
    toast(t('done'), { tone: 'success' });
  };
  const columns: Column<Review>[] = [
    {
      key: 'review',
      title: t('review'),
      head: true,
      render: (review) => (
        <span className="co-stacked co-start rv-text">
          <Rate disabled value={review.stars} aria-label={t('stars', { count: review.stars })} className="rv-rate" />
          <span>{review.text}</span>
          <small>{review.items.map(({ title, skuName }) => `${title} ${skuName}`).join('、')}</small>
          {review.pictureIds.length > 0 && (
            <span className="rv-pictures">
              {review.pictureIds.map((fileId, n) => (
                <Picture key={fileId} reviewId={review.id} fileId={fileId} n={n + 1} />
              ))}
            </span>
          )}
        </span>
      ),
    },
    {
      key: 'person',
      title: t('person'),
      render: (review) => (
        <span className="co-stacked co-start">
          {review.person.name}
          <small>{review.orgUnit.name}</small>
          <small>{format.dateTime(review.createdAt)}</small>
        </span>
      ),
    },
    {
      key: 'order',
      title: t('order'),
      render: (review) => (
        <span className="co-stacked co-start">
          <Link to={`/orders/${review.orderId}`} className="wl-number">
            {review.orderNo}
          </Link>
          {review.prizeOrder && <Link to={`/orders/${review.prizeOrder.id}`}>{t('prize')}</Link>}
        </span>
      ),
    },
    {
      key: 'state',
      title: t('state'),
      render: (review) => (
        <span className="co-stacked co-start">
          <Badge tone={toneOf[review.state]}>{t(`state.${review.state}`)}</Badge>
          {review.reason && <small>{review.reason}</small>}
        </span>
      ),
    },
    ...(may('campaigns:write')
      ? [
          {
            key: 'do',
            title: '',
            align: 'end' as const,
            render: (review: Review) =>
              review.state === 'pending' && (
                <Space>
                  <Button
                    size="small"
                    type="primary"
                    loading={decide.isPending}
                    onClick={() => void approve(review).catch(() => undefined)}
                    data-testid="review-approve"
                  >
                    {t('approve')}
                  </Button>
                  <Button size="small" onClick={() => setRefusing(review)} data-testid="review-refuse">
                    {t('refuse')}
                  </Button>
                </Space>
              ),
          },
        ]
      : []),
  ];
  return (
    <Panel flush>
      <div className="co-filters">
        <Segmented
          value={state ?? ''}
          onChange={(next: string) => filters.set({ state: next })}
          options={[
            { value: '', label: t('all') },
            ...ReviewState.options.map((value) => ({ value, label: t(`state.${value}`) })),
          ]}
        />
      </div>
      <Failure error={refusing ? null : decide.error} />
      <PagedTable
        query={query}
        empty={<EmptyState illustration="orders" title={t('empty')} hint={t('empty.hint')} />}
        caption={t('reviews')}
        columns={columns}
        rowKey={({ id }) => id}
        testId="review-row"
      />
      {refusing && <RefuseDialog key={refusing.id} review={refusing} onClose={() => setRefusing(null)} />}
    </Panel>
  );
};

const RefuseDialog = ({ review, onClose }: { review: Review; onClose: () => void }): ReactNode => {
  const t = useReviewT();
  const toast = useToast();
  const [form] = Form.useForm<{ reason: string }>();
  const decide = useAction(decideReview, ['reviews.list']);
  const submit = async ({ reason }: { reason: string }): Promise<void> => {
    await decide.mutateAsync({
      params: { id: review.id },
      body: { decision: 'refuse', reason: reason.trim(), seenAt: review.createdAt },
    });
    toast(t('done'), { tone: 'success' });
    onClose();
  };
  return (
    <Modal
      open
      title={t('refuse.title')}
      okText={t('refuse')}
      okButtonProps={{ danger: true, 'data-testid': 'refuse-submit' }}
      confirmLoading={decide.isPending}
      onOk={() => form.submit()}
      onCancel={onClose}
    >
      <p>{t('refuse.hint')}</p>
      <Form
        form={form}
        layout="vertical"
        requiredMark={false}
        onFinish={(values) => void submit(values).catch(() => undefined)}
      >
        <Form.Item
          name="reason"
          label={t('reason')}
          rules={[{ required: true, whitespace: true, message: t('required') }]}
        >
          <Input maxLength={100} autoFocus data-testid="refuse-reason" />
        </Form.Item>
        <Failure error={decide.error} />
      </Form>
    </Modal>
  );
};

/** Fetched with the session: only its writer and the store may see it. */
const Picture = ({ reviewId, fileId, n }: { reviewId: string; fileId: string; n: number }): ReactNode => {
  const t = useReviewT();
  const { api } = useSession();
  const [url, setUrl] = useState<string>();
  const query = useQuery({
    queryKey: ['review-picture', fileId],
    queryFn: () => api.download(getReviewPicture, { params: { id: reviewId, fileId } }),
    staleTime: Number.POSITIVE_INFINITY,
  });
  useEffect(() => {
    if (!query.data) return;
    const made = URL.createObjectURL(query.data);
    setUrl(made);
    return () => URL.revokeObjectURL(made);
  }, [query.data]);
  if (query.isError) return <small>{t('pictureFailed')}</small>;
  return (
    url && (
      <a href={url} target="_blank" rel="noreferrer">
        <img src={url} alt={t('picture', { n })} width={56} height={56} />
      </a>
    )
  );
};
