import { MoreOutlined, PlusOutlined } from '@ant-design/icons';
import {
  changeWebhook,
  deleteWebhook,
  listWebhooks,
  rotateWebhookSecret,
  testWebhook,
  type Webhook,
} from '@walnut-live/contracts';
import { Badge, type BadgeTone, EmptyState, useConfirm, useErrorText, useFormat, useToast } from '@walnut-live/ui';
import { Button, Dropdown } from 'antd';
import { type ReactNode, useState } from 'react';
import { useAction, useCall } from '../../data/use-call.ts';
import { AsyncView } from '../../shared/async-view.tsx';
import { type Column, DataTable, TableSkeleton } from '../../shared/data-table.tsx';
import { Page, Panel } from '../../shared/page.tsx';
import { DeliveryLog } from './delivery-log.tsx';
import { useWebhookT } from './messages.ts';
import { SecretDialog, WebhookDialog } from './webhook-dialog.tsx';
import './webhooks.css';

const REFRESH_MS = 15_000;
const TOUCHED = ['webhooks.list', 'webhooks.deliveries'];

/** What an address is at, in one word. */
function stateOf({ state, disabledReason, failingSince }: Webhook) {
  if (state === 'active') return failingSince ? ('failing' as const) : ('active' as const);
  return disabledReason === 'failing' ? ('off' as const) : (disabledReason ?? 'by_hand');
}
const tones: Record<ReturnType<typeof stateOf>, BadgeTone> = {
  active: 'success',
  failing: 'warn',
  by_hand: 'neutral',
  gone: 'danger',
  off: 'danger',
};

/** The addresses that facts of a unit are sent to, with what came of it. */
export default function WebhooksPage(): ReactNode {
  const t = useWebhookT();
  const format = useFormat();
  const toast = useToast();
  const confirm = useConfirm();
  const errorText = useErrorText();
  const query = useCall(listWebhooks, undefined, { everyMs: REFRESH_MS });
  const [edited, setEdited] = useState<Webhook | 'new' | null>(null);
  const [logged, setLogged] = useState<Webhook | null>(null);
  const [secret, setSecret] = useState<string | null>(null);
  const change = useAction(changeWebhook, TOUCHED);
  const remove = useAction(deleteWebhook, TOUCHED);
  const rotate = useAction(rotateWebhookSecret, TOUCHED);
  const test = useAction(testWebhook, TOUCHED);

  const attempt = async (work: () => Promise<unknown>, done?: string): Promise<void> => {
    try {
      await work();
      if (done) toast(done, { tone: 'success' });
    } catch (error) {
      toast(errorText(error), { tone: 'error' });
    }
  };
  const asked = (what: 'remove' | 'rotate', tone: 'danger' | 'primary'): Promise<boolean> =>
    confirm({ title: t(`${what}.title`), body: t(`${what}.body`), confirmText: t(what), tone });
  const actions: Record<string, (webhook: Webhook) => Promise<void>> = {
    edit: async (webhook) => setEdited(webhook),
    test: ({ id }) => attempt(() => test.mutateAsync({ params: { id }, body: {} }), t('test.sent')),
    toggle: ({ id, state }) =>
      attempt(
        () => change.mutateAsync({ params: { id }, body: { state: state === 'active' ? 'disabled' : 'active' } }),
        t('saved'),
      ),
    rotate: async ({ id }) => {
      if (!(await asked('rotate', 'primary'))) return;
      await attempt(async () => setSecret((await rotate.mutateAsync({ params: { id }, body: {} })).secret));
    },
    remove: async ({ id }) => {
      if (await asked('remove', 'danger')) await attempt(() => remove.mutateAsync({ params: { id } }));
    },
  };
  const menuOf = (webhook: Webhook) => ({
    items: [
      { key: 'edit', label: t('edit') },
      { key: 'test', label: t('test'), disabled: webhook.state !== 'active' },
      { key: 'toggle', label: t(webhook.state === 'active' ? 'off' : 'on') },
      { key: 'rotate', label: t('rotate') },
      { key: 'remove', label: t('remove'), danger: true },
    ],
    onClick: ({ key }: { key: string }) => void actions[key]?.(webhook),
  });
  const columns: Column<Webhook>[] = [
    {
      key: 'url',
      title: t('url'),
      head: true,
      render: (row) => (
        <span className="co-stacked co-start">
          <b className="co-webhook-url">{row.url}</b>
          {row.description && <small>{row.description}</small>}
        </span>
      ),
    },
    { key: 'unit', title: t('unit'), render: (row) => row.orgUnit.name },
    {
      key: 'types',
      title: t('types'),
      render: (row) => (row.types.length === 0 ? t('types.all') : t('types.count', { count: row.types.length })),
    },
    {
      key: 'state',
      title: t('state'),
      render: (row) => (
        <span className="co-stacked co-start">
          <Badge tone={tones[stateOf(row)]}>{t(`state.${stateOf(row)}`)}</Badge>
          {row.failingSince && <small>{format.dateTime(row.failingSince)}</small>}
        </span>
      ),
    },
    {
      key: 'do',
      title: '',
      align: 'end',
      render: (row) => (
        <span className="co-inline">
          <Button size="small" onClick={() => setLogged(row)} data-testid="webhook-log">
            {t('log')}
          </Button>
          <Dropdown menu={menuOf(row)} trigger={['click']} placement="bottomRight">
            <Button size="small" icon={<MoreOutlined />} aria-label={t('more')} data-testid="webhook-more" />
          </Dropdown>
        </span>
      ),
    },
  ];
  return (
    <Page
      title={t('title')}
      hint={t('hint')}
      actions={
        <Button type="primary" icon={<PlusOutlined />} onClick={() => setEdited('new')} data-testid="webhook-new">
          {t('add')}
        </Button>
      }
    >
      <Panel flush>
        <AsyncView
          query={query}
          skeleton={<TableSkeleton rows={3} />}
          isEmpty={({ items }) => items.length === 0}
          empty={<EmptyState illustration="search" title={t('empty')} hint={t('empty.hint')} />}
        >
          {({ items }) => (
            <DataTable
              caption={t('title')}
              rows={items}
              columns={columns}
              rowKey={(row) => row.id}
              testId="webhook-row"
            />
          )}
        </AsyncView>
      </Panel>
      {edited && (
        <WebhookDialog
          webhook={edited === 'new' ? null : edited}
          onMade={(made) => setSecret(made.secret)}
          onClose={() => setEdited(null)}
        />
      )}
      {secret && <SecretDialog secret={secret} onClose={() => setSecret(null)} />}
      <DeliveryLog webhook={logged} onClose={() => setLogged(null)} />
    </Page>
  );
}
