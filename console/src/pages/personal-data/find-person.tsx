import { askDataRequest, type DataRequestKind, deletionBlocks, findPerson, type ReplyOf } from '@walnut-live/contracts';
import { isApiError } from '@walnut-live/live-client/http';
import { Badge, EmptyState, useFormat } from '@walnut-live/ui';
import { Button, Form, Input } from 'antd';
import { type ReactNode, useState } from 'react';
import { useAction } from '../../data/use-call.ts';
import { DataTable } from '../../shared/data-table.tsx';
import { Panel } from '../../shared/page.tsx';
import { PersonCell } from '../../shared/people.tsx';
import { ReasonDialog } from '../../shared/reason-dialog.tsx';
import { Failure } from '../../shared/ship-dialog.tsx';
import { usePersonalDataT } from './messages.ts';

type Person = ReplyOf<typeof findPerson>['items'][number];

/** A search by what the person names; each search is in the audit log, so nothing is searched while typing. */
export const FindPerson = (): ReactNode => {
  const t = usePersonalDataT();
  const format = useFormat();
  const [form] = Form.useForm<{ by: string }>();
  const [asking, setAsking] = useState<{ person: Person; kind: DataRequestKind } | null>(null);
  const find = useAction(findPerson, []);
  return (
    <Panel title={t('find.title')}>
      <Form
        form={form}
        layout="vertical"
        requiredMark={false}
        onFinish={({ by }) => void find.mutateAsync({ body: { by: by.trim() } }).catch(() => undefined)}
      >
        <div className="co-find">
          <Form.Item
            name="by"
            label={t('find.label')}
            rules={[{ required: true, whitespace: true, min: 4, message: t('find.label') }]}
          >
            <Input maxLength={64} autoComplete="off" data-testid="find-by" />
          </Form.Item>
          <Button htmlType="submit" type="primary" loading={find.isPending} data-testid="find-submit">
            {t('find.submit')}
          </Button>
        </div>
      </Form>
      <Failure error={find.error} />
      {find.data?.items.length === 0 && (
        <EmptyState illustration="search" title={t('find.empty')} hint={t('find.emptyHint')} compact />
      )}
      {find.data !== undefined && find.data.items.length > 0 && (
        <div className="co-found">
          <DataTable
            caption={t('find.title')}
            rows={find.data.items}
            rowKey={({ id }) => id}
            testId="found-person"
            columns={[
              {
                key: 'person',
                title: t('person'),
                head: true,
                render: (person) => <PersonCell name={person.name} note={person.phoneMasked} />,
              },
              { key: 'kind', title: t('kind'), render: ({ kind }) => <Badge>{t(`kind.${kind}`)}</Badge> },
              {
                key: 'since',
                title: t('until'),
                render: ({ since }) => t('find.since', { date: format.dateTime(since) }),
              },
              {
                key: 'do',
                title: '',
                align: 'end',
                render: (person) => (
                  <span className="co-inline">
                    {(['export', 'deletion'] as const).map((kind) => (
                      <Button
                        key={kind}
                        size="small"
                        danger={kind === 'deletion'}
                        onClick={() => setAsking({ person, kind })}
                        data-testid={`ask-${kind}`}
                      >
                        {t(kind)}
                      </Button>
                    ))}
                  </span>
                ),
              },
            ]}
          />
        </div>
      )}
      {asking && <AskDialog key={`${asking.person.id}${asking.kind}`} {...asking} onClose={() => setAsking(null)} />}
    </Panel>
  );
};

/** What stands in the way of a deletion, in words. */
export const useBlocksText = (): ((blocks: readonly unknown[]) => string) => {
  const t = usePersonalDataT();
  return (blocks) =>
    `${t('blocked')}${deletionBlocks
      .filter((block) => blocks.includes(block))
      .map((block) => t(`block.${block}`))
      .join(t('and'))}`;
};

const AskDialog = ({
  person,
  kind,
  onClose,
}: {
  person: Person;
  kind: DataRequestKind;
  onClose: () => void;
}): ReactNode => {
  const t = usePersonalDataT();
  const blocksText = useBlocksText();
  const ask = useAction(askDataRequest, ['data-requests.list']);
  const told = isApiError(ask.error) ? ask.error.facts.blocks : undefined;
  return (
    <ReasonDialog
      danger={kind === 'deletion'}
      title={t(`ask.${kind}`, { name: person.name })}
      hint={t(`ask.${kind}.hint`)}
      refusal={Array.isArray(told) ? blocksText(told) : undefined}
      label={t('reason')}
      okText={t(kind)}
      done={t('ask.done')}
      shortest={2}
      most={200}
      pending={ask.isPending}
      error={ask.error}
      onSubmit={(reason) => ask.mutateAsync({ params: { id: person.id }, body: { kind, reason } })}
      onClose={onClose}
    />
  );
};
