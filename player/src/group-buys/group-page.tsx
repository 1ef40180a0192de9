import { useQuery } from '@tanstack/react-query';
import { createShareLink, type GroupBuy, getGroupBuy, type ReplyOf } from '@walnut-live/contracts';
import { isApiError } from '@walnut-live/live-client/http';
import { Avatar, Button, Countdown, EmptyState, ErrorState, Price, Skeleton, useToast } from '@walnut-live/ui';
import { type ReactNode, useState } from 'react';
import { Link, useNavigate, useParams } from 'react-router';
import { useServices } from '../app/services.tsx';
import { Page } from '../pages/page.tsx';
import { ShareButton } from '../sharing/lazy-sharing.tsx';
import { GroupCheckout } from './group-checkout.tsx';
import { useGroupT } from './messages.ts';
import '../purchase/panel.css';
import './group-buys.css';

/** Others pay while one looks. */
const REFRESH_MS = 3_000;

type Seen = ReplyOf<typeof getGroupBuy>;

const Seats = ({ group }: { group: GroupBuy }): ReactNode => {
  const t = useGroupT();
  const paying = group.state === 'open' ? group.held - group.paid : 0;
  // Nobody comes to a group that is over.
  const free = group.state === 'open' ? group.size - group.members.length - paying : 0;
  return (
    <ul className="pl-group-seats">
      {group.members.map((member, at) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: seats have an order and no other name
        <li key={at} data-testid="group-member">
          <Avatar name={member.name} size={44} />
          <small>{member.opener ? t('opener') : member.name}</small>
        </li>
      ))}
      {Array.from({ length: paying }, (_, at) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: the same for each
        <li key={`paying-${at}`}>
          <span className="pl-group-seat" data-paying />
          <small>{t('paying')}</small>
        </li>
      ))}
      {Array.from({ length: Math.max(0, free) }, (_, at) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: the same for each
        <li key={`free-${at}`}>
          <span className="pl-group-seat">?</span>
          <small>{t('free')}</small>
        </li>
      ))}
    </ul>
  );
};

/** What this person can do with the group now. */
const standing = ({ groupBuy, mine }: Seen): 'mine' | 'pay' | 'join' | 'full' | 'over' => {
  if (groupBuy.state !== 'open') return 'over';
  if (mine?.state === 'paid') return 'mine';
  if (mine?.state === 'held') return 'pay';
  return groupBuy.held < groupBuy.size ? 'join' : 'full';
};

/** A group as it is shared: how far it is, until when, and what there is to do. */
const Group = ({ groupId }: { groupId: string }): ReactNode => {
  const t = useGroupT();
  const toast = useToast();
  const navigate = useNavigate();
  const { api, requireConsumer } = useServices();
  const [joining, setJoining] = useState(false);
  const [shared, setShared] = useState<string | null>(null);
  const query = useQuery({
    queryKey: ['group-buy', groupId],
    queryFn: ({ signal }) => api.call(getGroupBuy, { params: { id: groupId }, signal }),
    refetchInterval: ({ state }) => (state.data && state.data.groupBuy.state !== 'open' ? false : REFRESH_MS),
  });
  if (query.isError && !query.data)
    return isApiError(query.error, 'not_found') || isApiError(query.error, 'invalid_request') ? (
      <EmptyState illustration="orders" title={t('gone')} hint={t('goneHint')} />
    ) : (
      <ErrorState error={query.error} onRetry={() => void query.refetch()} />
    );
  if (!query.data) return <Skeleton height={320} radius={18} />;
  const { groupBuy: group, mine } = query.data;
  const stands = standing(query.data);

  /** My own link, so that whoever comes by it is my visitor (A3). */
  const invite = async (): Promise<void> => {
    const link = await api.call(createShareLink, { body: { groupBuyId: group.id, channel: 'copy' } });
    const url = new URL(link.path || link.url, location.origin);
    try {
      if (typeof navigator.share === 'function') await navigator.share({ title: group.product.title, url: url.href });
      else await navigator.clipboard.writeText(url.href).then(() => toast(t('copied'), { tone: 'success' }));
    } catch {
      toast(t('copyByHand'));
    }
    setShared(url.href);
  };

  /** Who they are is asked first: it may be that they have a seat already. */
  const join = async (): Promise<void> => {
    if (!(await requireConsumer('buy'))) return;
    await query.refetch();
    setJoining(true);
  };

  if (joining && stands === 'join')
    return (
      <GroupCheckout
        roomId={group.roomId}
        wish={{ groupId: group.id }}
        terms={group}
        onBack={() => setJoining(false)}
        onPlaced={({ orderId, paymentId }) => void navigate(paymentId ? `/pay/${paymentId}` : `/orders/${orderId}`)}
      />
    );
  return (
    <article className="pl-group-page" data-testid="group-page" data-state={group.state} data-standing={stands}>
      <section className="pl-card pl-group-item">
        <img src={group.product.pictureUrl} alt="" width={92} height={92} />
        <div>
          <p className="pl-group-name">{group.product.title}</p>
          <p className="pl-fine">
            {group.sku.name} · {t('people', { size: group.size })}
          </p>
          <Price fen={group.priceFen} struckFen={group.shelfPriceFen} size="l" />
        </div>
      </section>
      <section className="pl-card pl-group-progress">
        <p className="pl-group-state" role="status" data-testid="group-state">
          {t(`state.${group.state}`, { count: group.size - group.paid })}
        </p>
        {group.state === 'open' && (
          <Countdown
            until={group.deadlineAt}
            serverOffsetMs={api.serverNowMs() - Date.now()}
            onEnd={() => void query.refetch()}
          />
        )}
        <Seats group={group} />
        <p className="pl-fine">
          {t(
            stands === 'mine'
              ? 'hint.mine'
              : stands === 'pay'
                ? 'hint.pay'
                : stands === 'full'
                  ? 'hint.full'
                  : group.state === 'complete' && mine?.state !== 'paid'
                    ? 'hint.completeOther'
                    : `hint.${group.state}`,
          )}
        </p>
        {shared && (
          <output className="pl-share-link" data-testid="group-link" data-url={shared}>
            {shared}
          </output>
        )}
      </section>
      {group.state === 'open' && (
        <ShareButton kind="group" groupBuyId={group.id} title={group.product.title} testId="group-share" />
      )}
      <div className="pl-group-actions">
        <Link to={`/r/${group.roomId}`} className="wl-btn wl-btn-soft wl-btn-l">
          {t('room')}
        </Link>
        {mine && stands !== 'join' && stands !== 'mine' && (
          <Link to={`/orders/${mine.orderId}`} className="wl-btn wl-btn-hot wl-btn-l" data-testid="group-order">
            {t(stands === 'pay' ? 'pay' : 'order')}
          </Link>
        )}
        {stands === 'mine' && (
          <Button size="l" variant="hot" onClick={() => void invite()} data-testid="group-invite">
            {t('invite')}
          </Button>
        )}
        {stands === 'join' && (
          <Button size="l" variant="hot" onClick={() => void join()} data-testid="group-join">
            {t('join')}
          </Button>
        )}
      </div>
    </article>
  );
};

const GroupPage = (): ReactNode => {
  const t = useGroupT();
  const { groupId = '' } = useParams();
  return (
    <Page title={t('title')}>
      <Group groupId={groupId} />
    </Page>
  );
};

export default GroupPage;
