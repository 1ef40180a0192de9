import { myCredits, type SharerCreditLine } from '@walnut-live/contracts';
import { Badge, EmptyState, useFormat } from '@walnut-live/ui';
import type { ReactNode } from 'react';
import { usePages } from '../../data/use-call.ts';
import { useT } from '../../i18n/index.ts';
import type { Column } from '../../shared/data-table.tsx';
import { Panel } from '../../shared/page.tsx';
import { PagedTable } from '../../shared/paged-table.tsx';
import { appealTones } from './appeals.tsx';
import { useAttributionT } from './messages.ts';

const PAGE = 30;

/** What a member of staff brought, or might have: of whatever store the order is. */
export const Mine = (): ReactNode => {
  const t = useAttributionT();
  const common = useT();
  const format = useFormat();
  const query = usePages(myCredits, { query: { limit: PAGE } });
  const columns: Column<SharerCreditLine>[] = [
    { key: 'when', title: t('mine.when'), head: true, render: ({ placedAt }) => format.dateTime(placedAt) },
    { key: 'buyer', title: t('mine.buyer'), render: ({ buyerName }) => buyerName },
    { key: 'room', title: t('mine.room'), render: ({ roomTitle }) => roomTitle },
    {
      key: 'result',
      title: t('mine.result'),
      render: ({ mine, why, reason }) => (
        <span className="co-stacked co-start">
          <Badge tone={mine ? 'success' : 'neutral'}>{t(mine ? 'mine.yes' : 'mine.no')}</Badge>
          <small>{mine ? common(`reason.${reason}`) : common(`why.${why}`)}</small>
        </span>
      ),
    },
    {
      key: 'amount',
      title: t('mine.amount'),
      align: 'end',
      render: ({ amountFen }) => <b className="wl-number">{format.money(amountFen)}</b>,
    },
    {
      key: 'appeal',
      title: t('tab.appeals'),
      render: ({ appeal }) => appeal && <Badge tone={appealTones[appeal]}>{t(`appeal.${appeal}`)}</Badge>,
    },
  ];
  return (
    <Panel flush>
      <PagedTable
        query={query}
        caption={t('tab.mine')}
        columns={columns}
        rowKey={({ orderId }) => orderId}
        href={({ orderId, placedAt }) => ({
          to: `/orders/${orderId}/credit`,
          label: `${t('appeal.look')} ${format.dateTime(placedAt)}`,
        })}
        testId="my-credit-row"
        empty={<EmptyState illustration="orders" title={t('mine.empty')} hint={t('mine.empty.hint')} />}
      />
    </Panel>
  );
};
