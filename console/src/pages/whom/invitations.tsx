import {
  type Invitee,
  invite,
  listRoomInvitations,
  listStaff,
  type RoomInvitation,
  revokeInvitation,
} from '@walnut-live/contracts';
import { Badge, EmptyState, useErrorText, useToast } from '@walnut-live/ui';
import { App, Button, Input, Select } from 'antd';
import { type ReactNode, useState } from 'react';
import { useSession } from '../../app/session.tsx';
import { useAction, useCall, usePages } from '../../data/use-call.ts';
import type { Column } from '../../shared/data-table.tsx';
import { Panel } from '../../shared/page.tsx';
import { PagedTable } from '../../shared/paged-table.tsx';
import { useWhomT } from './messages.ts';

const PAGE = 50;

/** A link that was just made; it is told this once. */
const NewLink = ({ path }: { path: string }): ReactNode => {
  const t = useWhomT();
  const toast = useToast();
  const url = new URL(path, location.origin).href;
  return (
    <p className="co-inline" role="status">
      {t('invite.link')}
      <Input readOnly value={url} data-testid="invitation-link" style={{ maxWidth: 420 }} />
      <Button
        onClick={() =>
          void navigator.clipboard.writeText(url).then(() => toast(t('invite.copied'), { tone: 'success' }))
        }
      >
        {t('invite.copy')}
      </Button>
    </p>
  );
};

export const Invitations = ({ roomId }: { roomId: string }): ReactNode => {
  const t = useWhomT();
  const toast = useToast();
  const errorText = useErrorText();
  const { modal } = App.useApp();
  const { may } = useSession();
  const params = { id: roomId };
  const query = usePages(listRoomInvitations, { params, query: { limit: PAGE } });
  const people = useCall(listStaff, undefined, { enabled: may('staff:read') });
  const add = useAction(invite, ['invitations.list', 'conferences.attendance']);
  const revoke = useAction(revokeInvitation, ['invitations.list', 'conferences.attendance']);
  const [name, setName] = useState('');
  const [phone, setPhone] = useState('');
  const [link, setLink] = useState<string | null>(null);
  const fail = (error: unknown): void => toast(errorText(error), { tone: 'error' });

  const submit = async (item: Invitee): Promise<void> => {
    try {
      const { items } = await add.mutateAsync({ params, body: { items: [item] } });
      setLink(items[0]?.path ?? null);
      setName('');
      setPhone('');
    } catch (error) {
      fail(error);
    }
  };
  const ask = (row: RoomInvitation): void =>
    void modal.confirm({
      title: t('invite.revoke.title', { name: row.name }),
      content: t('invite.revoke.body'),
      okText: t('invite.revoke'),
      cancelText: t('cancel'),
      okButtonProps: { danger: true },
      onOk: () => revoke.mutateAsync({ params: { id: row.id } }).catch(fail),
    });
  const columns: Column<RoomInvitation>[] = [
    {
      key: 'name',
      title: t('col.name'),
      head: true,
      render: (row) => (
        <span className="co-stacked co-start">
          <b>{row.name}</b>
          {row.phone && <small>{row.phone}</small>}
        </span>
      ),
    },
    { key: 'kind', title: t('col.kind'), render: (row) => t(`kind.${row.kind}`) },
    {
      key: 'state',
      title: t('col.state'),
      render: (row) => (
        <Badge tone={row.state === 'redeemed' ? 'success' : row.state === 'open' ? 'warn' : 'neutral'}>
          {t(`state.${row.state}`)}
        </Badge>
      ),
    },
    { key: 'person', title: t('col.person'), render: (row) => row.person?.name ?? '' },
    {
      key: 'do',
      title: '',
      align: 'end',
      render: (row) =>
        may('rooms:write') &&
        row.state !== 'revoked' && (
          <Button size="small" danger onClick={() => ask(row)}>
            {t('invite.revoke')}
          </Button>
        ),
    },
  ];
  return (
    <Panel title={t('invitations')} flush>
      {may('rooms:write') && (
        <div className="co-filters">
          <Input
            value={name}
            maxLength={40}
            placeholder={t('invite.name')}
            aria-label={t('invite.name')}
            style={{ maxWidth: 180 }}
            onChange={(event) => setName(event.target.value)}
            data-testid="invite-name"
          />
          <Input
            value={phone}
            maxLength={11}
            placeholder={t('invite.phone')}
            aria-label={t('invite.phone')}
            style={{ maxWidth: 380 }}
            onChange={(event) => setPhone(event.target.value.replace(/\D/g, ''))}
          />
          <Button
            type="primary"
            disabled={!name.trim() || (phone !== '' && phone.length !== 11)}
            loading={add.isPending}
            onClick={() =>
              void submit(phone ? { kind: 'phone', phone, name: name.trim() } : { kind: 'link', name: name.trim() })
            }
            data-testid="invite-add"
          >
            {t('invite.add')}
          </Button>
          {may('staff:read') && (
            <Select
              showSearch
              optionFilterProp="label"
              value={null}
              placeholder={t('invite.staff')}
              aria-label={t('invite.staff')}
              style={{ minWidth: 200 }}
              options={(people.data?.items ?? [])
                .filter((person) => person.active)
                .map((person) => ({ value: person.id, label: `${person.name} · ${person.orgUnit.name}` }))}
              onChange={(personId: string | null) => personId && void submit({ kind: 'staff', personId })}
            />
          )}
        </div>
      )}
      {link && <NewLink path={link} />}
      <PagedTable
        query={query}
        empty={<EmptyState compact illustration="people" title={t('invite.none')} />}
        caption={t('invitations')}
        columns={columns}
        rowKey={({ id }) => id}
        testId="invitation-row"
      />
    </Panel>
  );
};
