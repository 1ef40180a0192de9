import { useQuery } from '@tanstack/react-query';
import { type GroupBuyTerms, groupBuysOfRoom, type PlaceGroupBuy } from '@walnut-live/contracts';
import { Avatar, Button, Countdown, Price, useFormat } from '@walnut-live/ui';
import { Users } from 'lucide-react';
import { type ReactNode, useState } from 'react';
import { useServices } from '../app/services.tsx';
import { usePurchase } from '../purchase/purchase-provider.tsx';
import { useRoom, useServerNow } from '../room/use-room.ts';
import { GroupCheckout } from './group-checkout.tsx';
import { useGroupT } from './messages.ts';
import { groupsNow, missing } from './news.ts';
import './group-buys.css';

/** The room's events move the list; this is for what they do not tell, and for those that were missed. */
const REFRESH_MS = 20_000;

type Chosen = { wish: PlaceGroupBuy; terms: GroupBuyTerms };

/** In a product's sheet: its group prices, and groups that wait for somebody. Nothing when there are none. */
const GroupSection = ({ productId }: { productId: string }): ReactNode => {
  const t = useGroupT();
  const format = useFormat();
  const { api, requireConsumer } = useServices();
  const { dispatch } = usePurchase();
  const roomId = useRoom((state) => state.roomId);
  const news = useRoom((state) => state.groupNews);
  const now = useServerNow();
  const [chosen, setChosen] = useState<Chosen | null>(null);
  const query = useQuery({
    queryKey: ['group-buys', roomId],
    queryFn: ({ signal }) => api.call(groupBuysOfRoom, { query: { roomId }, signal }),
    refetchInterval: REFRESH_MS,
  });
  const campaigns = query.data?.campaigns.filter(({ product }) => product.id === productId) ?? [];
  const groups = query.data ? groupsNow(query.data, news, { productId, now }) : [];
  if (chosen)
    return (
      <GroupCheckout
        roomId={roomId}
        {...chosen}
        onBack={() => setChosen(null)}
        onPlaced={({ orderId, paymentId }) =>
          dispatch(paymentId ? { type: 'cashier', orderId, paymentId } : { type: 'result', orderId })
        }
      />
    );
  if (campaigns.length === 0 && groups.length === 0) return null;
  const choose = (next: Chosen): void => void requireConsumer('buy').then((may) => may && setChosen(next));
  return (
    <section className="pl-group" data-testid="group-section" aria-label={t('title')}>
      {campaigns.map((campaign) => (
        <div key={campaign.id} className="pl-group-offer">
          <span className="pl-group-text">
            <span className="pl-group-head">
              <span className="pl-group-tag">
                <Users size={14} aria-hidden="true" /> {t('people', { size: campaign.size })}
              </span>
              <Price fen={campaign.priceFen} struckFen={campaign.shelfPriceFen} />
            </span>
            <small>{t('rule', { size: campaign.size, hours: campaign.hours })}</small>
            <small>
              {t('save', { amount: format.money(campaign.shelfPriceFen - campaign.priceFen, { fen: 'trim' }) })} ·{' '}
              {t('limit', { count: campaign.perPerson })}
              {campaign.left !== null && ` · ${t('left', { count: campaign.left })}`}
            </small>
          </span>
          <Button
            variant="hot"
            disabled={campaign.left === 0}
            data-testid="group-open"
            onClick={() => choose({ wish: { campaignId: campaign.id }, terms: campaign })}
          >
            {t('open')}
          </Button>
        </div>
      ))}
      {groups.length > 0 && <h4 className="pl-label">{t('toJoin')}</h4>}
      <ul className="pl-group-list">
        {groups.map((group) => (
          <li key={group.id} data-testid="group-to-join" data-group-id={group.id}>
            <Avatar name={group.members[0]?.name ?? '?'} size={32} />
            <span className="pl-group-text">
              <b>{t('missing', { count: missing(group) })}</b>
              <small>
                <Countdown
                  look="text"
                  until={group.deadlineAt}
                  serverOffsetMs={api.serverNowMs() - Date.now()}
                  onEnd={() => void query.refetch()}
                />{' '}
                {t('ends')}
              </small>
            </span>
            <Button
              variant="soft"
              data-testid="group-join"
              onClick={() => choose({ wish: { groupId: group.id }, terms: group })}
            >
              {t('join')}
            </Button>
          </li>
        ))}
      </ul>
    </section>
  );
};

export default GroupSection;
