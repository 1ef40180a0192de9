/** One person of the network: by whom they came, whom they brought, figures by level, tags with their why, who spoke with them. */
import { ArrowLeftOutlined } from '@ant-design/icons';
import { getCustomerTags, networkChain, networkChildren, networkPerson } from '@walnut-live/contracts';
import { isApiError } from '@walnut-live/live-client/http';
import { useFormat } from '@walnut-live/ui';
import { Button, Collapse } from 'antd';
import type { ReactNode } from 'react';
import { useSession } from '../../app/session.tsx';
import { useCall, usePages } from '../../data/use-call.ts';
import { AsyncView } from '../../shared/async-view.tsx';
import { TableSkeleton } from '../../shared/data-table.tsx';
import { Figures, MoreButton } from '../../shared/page.tsx';
import { Tags } from '../customers/tags.tsx';
import { ContactLog } from './contact-log.tsx';
import { Diagnosis } from './diagnosis.tsx';
import { Levels } from './levels.tsx';
import { useGraphT } from './messages.ts';
import { PeopleList, RoleBadge } from './people-list.tsx';

const PAGE = 20;

const Brought = ({ id, onOpen }: { id: string; onOpen: (id: string) => void }): ReactNode => {
  const t = useGraphT();
  const query = usePages(networkChildren, { params: { id }, query: { limit: PAGE, sort: 'people' } });
  const rows = query.data?.pages.flatMap(({ items }) => items) ?? [];
  return (
    <>
      <AsyncView
        query={query}
        skeleton={<TableSkeleton rows={3} />}
        isEmpty={() => rows.length === 0}
        empty={<p className="co-quiet">{t('person.noLevels')}</p>}
      >
        {() => <PeopleList items={rows} onOpen={onOpen} testId="network-child" />}
      </AsyncView>
      <MoreButton query={query} />
    </>
  );
};

const Chain = ({ id, onOpen }: { id: string; onOpen: (id: string) => void }): ReactNode => {
  const t = useGraphT();
  const query = useCall(networkChain, { params: { id } });
  return (
    <AsyncView query={query} skeleton={<TableSkeleton rows={2} />}>
      {({ items, more }) => (
        <>
          {items.length === 0 && <p className="co-quiet">{t('person.fromNobody')}</p>}
          <PeopleList items={items} onOpen={onOpen} testId="network-above" />
          {more && <p className="co-quiet">{t('person.chainMore')}</p>}
        </>
      )}
    </AsyncView>
  );
};

const WhyTags = ({ id }: { id: string }): ReactNode => {
  const t = useGraphT();
  const query = useCall(getCustomerTags, { params: { id } });
  // Who stands above one's own customers may be another store's.
  if (isApiError(query.error) && query.error.status === 404) return <p className="co-quiet">{t('person.notOurs')}</p>;
  return (
    <AsyncView query={query} skeleton={<TableSkeleton rows={2} />}>
      {({ items }) => (items.length === 0 ? <p className="co-quiet">{t('person.noTags')}</p> : <Tags items={items} />)}
    </AsyncView>
  );
};

export const PersonPanel = ({
  id,
  onOpen,
  onClose,
  onPath,
}: {
  id: string;
  onOpen: (id: string) => void;
  onClose: () => void;
  /** Where a path to somebody is to begin: here, or with the reader. */
  onPath: (from: 'here' | 'me') => void;
}): ReactNode => {
  const t = useGraphT();
  const format = useFormat();
  const { may } = useSession();
  const query = useCall(networkPerson, { params: { id } });
  const money = (fen: number): string => format.money(fen, { fen: 'trim' });
  return (
    <div className="ng-person" data-testid="network-profile">
      <Button type="text" icon={<ArrowLeftOutlined />} onClick={onClose} data-testid="network-back">
        {t('person.back')}
      </Button>
      <AsyncView query={query} skeleton={<TableSkeleton rows={6} />}>
        {({ person, role, store, inviter, joinedAt, lastSeenAt, below, own, levels }) => (
          <>
            <header className="ng-who">
              <h2>{person.name}</h2>
              <span className="co-inline">
                <RoleBadge role={role} />
                {store}
              </span>
              <p className="co-quiet co-small">
                {inviter ? (
                  <Button type="link" size="small" onClick={() => onOpen(inviter.id)} className="ng-inviter">
                    {t('person.from', { name: inviter.name })}
                  </Button>
                ) : (
                  t('person.fromNobody')
                )}
                {joinedAt && ` · ${t('person.joined', { at: format.date(joinedAt) })}`}
                {lastSeenAt && ` · ${t('person.seen', { at: format.date(lastSeenAt) })}`}
              </p>
            </header>
            <Figures
              items={[
                {
                  key: 'below',
                  label: t('person.below'),
                  value: format.count(below.people),
                  note: t('person.active', { active: format.count(below.active) }),
                },
                {
                  key: 'gmv',
                  label: t('fig.gmv'),
                  value: money(below.gmvFen),
                  note: t('fig.refunded', { refunded: money(below.refundedFen) }),
                  tone: 'money',
                },
                {
                  key: 'own',
                  label: t('person.own'),
                  value: money(own.gmvFen),
                  note: t('fig.refunded', { refunded: money(own.refundedFen) }),
                },
              ]}
            />
            <div className="co-inline">
              <Button onClick={() => onPath('here')} data-testid="path-from">
                {t('way.from')}
              </Button>
              <Button onClick={() => onPath('me')} data-testid="path-me">
                {t('way.fromMe')}
              </Button>
            </div>
            <Collapse
              ghost
              defaultActiveKey={['levels', 'brought', ...(role === 'consumer' ? ['tags', 'contacts'] : [])]}
              items={[
                { key: 'levels', label: t('person.levels'), children: <Levels levels={levels} /> },
                { key: 'brought', label: t('person.brought'), children: <Brought id={id} onOpen={onOpen} /> },
                ...(role === 'consumer'
                  ? [
                      { key: 'tags', label: t('person.tags'), children: <WhyTags id={id} /> },
                      ...(may('customers:contact')
                        ? [{ key: 'contacts', label: t('person.contacts'), children: <ContactLog personId={id} /> }]
                        : []),
                    ]
                  : []),
                { key: 'chain', label: t('person.chain'), children: <Chain id={id} onOpen={onOpen} /> },
                ...(below.people > 0
                  ? [{ key: 'diagnosis', label: t('person.diagnosis'), children: <Diagnosis personId={id} /> }]
                  : []),
              ]}
            />
          </>
        )}
      </AsyncView>
    </div>
  );
};
