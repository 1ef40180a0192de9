import { type GroupBuy, type GroupBuyState, type GroupCampaign, listGroupsOfCampaign } from '@walnut-live/contracts';
import { Badge, EmptyState, useFormat } from '@walnut-live/ui';
import { Modal, Segmented } from 'antd';
import { type ReactNode, useState } from 'react';
import { usePages } from '../../data/use-call.ts';
import type { Column } from '../../shared/data-table.tsx';
import { PagedTable } from '../../shared/paged-table.tsx';
import { useGroupT } from './messages.ts';

const PAGE = 20;
const REFRESH_MS = 5_000;
const tones = { open: 'warn', complete: 'success', expired: 'neutral' } as const;

/** The groups of one campaign, as they come and go. */
export const GroupsDialog = ({ campaign, onClose }: { campaign: GroupCampaign; onClose: () => void }): ReactNode => {
  const t = useGroupT();
  const format = useFormat();
  const [state, setState] = useState<GroupBuyState | 'all'>('all');
  const query = usePages(
    listGroupsOfCampaign,
    { params: { id: campaign.id }, query: { limit: PAGE, ...(state === 'all' ? {} : { state }) } },
    { everyMs: REFRESH_MS },
  );
  const columns: Column<GroupBuy>[] = [
    {
      key: 'members',
      title: t('members'),
      head: true,
      render: (group) => group.members.map(({ name }) => name).join('、') || '–',
    },
    { key: 'seats', title: t('seats'), align: 'end', render: (group) => `${group.paid} / ${group.size}` },
    { key: 'openedAt', title: t('openedAt'), render: (group) => format.dateTime(group.openedAt) },
    { key: 'deadline', title: t('deadline'), render: (group) => format.dateTime(group.deadlineAt) },
    {
      key: 'state',
      title: t('state'),
      render: (group) => (
        <Badge tone={tones[group.state]}>{t(`group.${group.state}`, { count: group.size - group.paid })}</Badge>
      ),
    },
  ];
  return (
    <Modal open width={760} footer={null} title={t('groups.title', { name: campaign.title })} onCancel={onClose}>
      <Segmented
        value={state}
        onChange={setState}
        options={[
          { value: 'all', label: t('groups.all') },
          { value: 'open', label: t('open') },
          { value: 'complete', label: t('complete') },
          { value: 'expired', label: t('expired') },
        ]}
      />
      <PagedTable
        query={query}
        empty={<EmptyState illustration="orders" title={t('groups.empty')} />}
        caption={t('groups.title', { name: campaign.title })}
        columns={columns}
        rowKey={({ id }) => id}
        testId="group-row"
      />
    </Modal>
  );
};
