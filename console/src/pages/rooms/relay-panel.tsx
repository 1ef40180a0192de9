import {
  listOrgUnits,
  listProgrammes,
  listRelays,
  openProgramme,
  pushRelays,
  type ReplyOf,
  type Room,
} from '@walnut-live/contracts';
import { Badge, EmptyState, useErrorText, useFormat, useToast } from '@walnut-live/ui';
import { Button, Form, Select } from 'antd';
import { type ReactNode, useId, useState } from 'react';
import { useSession } from '../../app/session.tsx';
import { useAction, useCall } from '../../data/use-call.ts';
import { useT } from '../../i18n/index.ts';
import { AsyncView, Freshness } from '../../shared/async-view.tsx';
import { type Column, DataTable, TableSkeleton } from '../../shared/data-table.tsx';
import { Panel } from '../../shared/page.tsx';
import { RoomStateBadge } from '../../shared/people.tsx';

const REFRESH_MS = 5_000;
type Relay = ReplyOf<typeof listRelays>['items'][number];

/** A room of headquarters or of a channel as a programme: who may relay it, putting it on the air in stores, who does. */
export const RelayPanel = ({ room }: { room: Room }): ReactNode => {
  const t = useT();
  const toast = useToast();
  const errorText = useErrorText();
  const { may } = useSession();
  const params = { id: room.id };
  const openId = useId();
  const storesId = useId();
  const units = useCall(listOrgUnits, undefined);
  const programmes = useCall(listProgrammes, undefined, { everyMs: REFRESH_MS });
  const relays = useCall(listRelays, { params }, { everyMs: REFRESH_MS });
  const open = useAction(openProgramme, ['programmes.list']);
  const push = useAction(pushRelays, ['programmes.list', 'programmes.relays', 'rooms.list', 'rooms.wall']);
  const [openTo, setOpenTo] = useState<string[] | null>(null);
  const [stores, setStores] = useState<string[]>([]);

  const below = (units.data?.items ?? []).filter(({ path }) => path.startsWith(`${room.orgUnit.path}.`));
  const scopes = [{ path: room.orgUnit.path, name: t('relay.everybody') }, ...below];
  const saved = programmes.data?.items.find((item) => item.room.id === room.id)?.openTo ?? [];
  const mayWrite = may('rooms:write') && room.state !== 'ended';
  const problem = open.error ?? push.error;

  const save = async (): Promise<void> => {
    await open.mutateAsync({ params, body: { openTo: openTo?.length ? openTo : null } });
    setOpenTo(null);
    toast(t('relay.saved'), { tone: 'success' });
  };
  const send = async (): Promise<void> => {
    const { items } = await push.mutateAsync({ params, body: { orgUnitIds: stores } });
    const count = (outcome: string) => items.filter((item) => item.outcome === outcome).length;
    const left = items.filter(({ outcome }) => outcome === 'no_host' || outcome === 'not_open');
    toast(t('relay.pushed', { created: count('created'), existing: count('existing') }), { tone: 'success' });
    if (left.length > 0) {
      const names = left.map(({ orgUnit }) => orgUnit.name).join(t('relay.comma'));
      toast(t('relay.left-out', { names }), { tone: 'error' });
    }
    setStores([]);
  };

  return (
    <div className="co-page">
      {mayWrite && (
        <Panel title={t('relay.title')}>
          <Form layout="vertical" requiredMark={false}>
            <Form.Item label={t('relay.open-to')} htmlFor={openId} extra={t('relay.open-hint')}>
              <Select
                id={openId}
                mode="multiple"
                value={openTo ?? saved}
                onChange={setOpenTo}
                optionFilterProp="label"
                options={scopes.map(({ path, name }) => ({ value: path, label: name }))}
                data-testid="open-to"
              />
            </Form.Item>
            <Button
              onClick={() => void save().catch(() => undefined)}
              loading={open.isPending}
              disabled={openTo === null}
              data-testid="open-save"
            >
              {t('common.save')}
            </Button>
            <Form.Item
              label={t('relay.stores')}
              htmlFor={storesId}
              extra={t('relay.stores-hint')}
              style={{ marginTop: 20 }}
            >
              <Select
                id={storesId}
                mode="multiple"
                value={stores}
                onChange={setStores}
                optionFilterProp="label"
                maxTagCount={6}
                options={below
                  .filter(({ kind }) => kind === 'store')
                  .map(({ id, name }) => ({ value: id, label: name }))}
                data-testid="push-stores"
              />
            </Form.Item>
            <Button
              type="primary"
              onClick={() => void send().catch(() => undefined)}
              loading={push.isPending}
              disabled={stores.length === 0 || saved.length === 0}
              data-testid="push"
            >
              {t('relay.push')}
            </Button>
            {problem ? (
              <p className="co-form-error" role="alert">
                {errorText(problem)}
              </p>
            ) : null}
          </Form>
        </Panel>
      )}
      <Panel title={t('relay.rooms')} extra={<Freshness query={relays} />} flush>
        <AsyncView
          query={relays}
          skeleton={<TableSkeleton rows={3} />}
          isEmpty={({ items }) => items.length === 0}
          empty={<EmptyState compact illustration="rooms" title={t('relay.none')} hint={t('relay.none-hint')} />}
        >
          {({ items }) => <RelayTable rows={items} />}
        </AsyncView>
      </Panel>
    </div>
  );
};

const RelayTable = ({ rows }: { rows: readonly Relay[] }): ReactNode => {
  const t = useT();
  const format = useFormat();
  const columns: Column<Relay>[] = [
    {
      key: 'room',
      title: t('room.room'),
      head: true,
      render: (row) => (
        <span className="co-stacked co-start">
          <b>{row.orgUnit.name}</b>
          <small>
            {row.title} · {row.host.name}
          </small>
        </span>
      ),
    },
    { key: 'state', title: t('room.state'), render: (row) => <RoomStateBadge state={row.state} /> },
    { key: 'shows', title: t('relay.shows'), render: (row) => <Badge>{t(`relay.shows.${row.shows}`)}</Badge> },
    { key: 'now', title: t('room.viewers-now'), align: 'end', render: (row) => format.count(row.viewersNow) },
  ];
  return (
    <DataTable
      caption={t('relay.rooms')}
      rows={rows}
      columns={columns}
      rowKey={(row) => row.roomId}
      href={(row) => ({ to: `/rooms/${row.roomId}`, label: t('rooms.open', { title: row.title }) })}
      testId="relay-row"
    />
  );
};
