/** Beside the picture: how the network does, who matters in it, and everybody in it as a list. */
import { type NetworkSort, networkKeyPeople, networkRoots, networkSorts } from '@walnut-live/contracts';
import { Segmented, Select } from 'antd';
import { type ReactNode, useState } from 'react';
import { useCall, usePages } from '../../data/use-call.ts';
import { AsyncView } from '../../shared/async-view.tsx';
import { TableSkeleton } from '../../shared/data-table.tsx';
import { MoreButton } from '../../shared/page.tsx';
import { useGraphT } from './messages.ts';
import { PeopleList } from './people-list.tsx';

const KEY_PEOPLE = 20;
const PAGE = 50;

const Sorted = ({ sort, onSort }: { sort: NetworkSort; onSort: (sort: NetworkSort) => void }): ReactNode => {
  const t = useGraphT();
  return (
    <Select
      size="small"
      value={sort}
      onChange={onSort}
      aria-label={t('key.sort')}
      options={networkSorts.map((value) => ({ value, label: t(`sort.${value}`) }))}
      className="ng-sort"
    />
  );
};

export const useKeyPeople = (orgPath: string | undefined, by: 'brought' | 'could_bring', sort: NetworkSort) =>
  useCall(networkKeyPeople, { query: { by, sort, limit: KEY_PEOPLE, ...(orgPath ? { orgPath } : {}) } });

export const KeyPeople = ({
  orgPath,
  current,
  onOpen,
}: {
  orgPath: string | undefined;
  current: string | undefined;
  onOpen: (id: string) => void;
}): ReactNode => {
  const t = useGraphT();
  const [by, setBy] = useState<'brought' | 'could_bring'>('brought');
  const [sort, setSort] = useState<NetworkSort>('gmv');
  const query = useKeyPeople(orgPath, by, sort);
  return (
    <div className="ng-part">
      <div className="co-inline">
        <Segmented
          value={by}
          onChange={setBy}
          options={[
            { value: 'brought', label: t('key.brought') },
            { value: 'could_bring', label: t('key.could') },
          ]}
        />
        {by === 'brought' && <Sorted sort={sort} onSort={setSort} />}
      </div>
      {by === 'could_bring' && <p className="co-quiet co-small">{t('key.couldHint')}</p>}
      <AsyncView
        query={query}
        skeleton={<TableSkeleton />}
        isEmpty={({ items }) => items.length === 0}
        empty={<p className="co-quiet">{t('key.none')}</p>}
      >
        {({ items }) => <PeopleList items={items} numbered current={current} onOpen={onOpen} testId="key-person" />}
      </AsyncView>
    </div>
  );
};

export const Roots = ({
  orgPath,
  current,
  onOpen,
}: {
  orgPath: string | undefined;
  current: string | undefined;
  onOpen: (id: string) => void;
}): ReactNode => {
  const t = useGraphT();
  const [sort, setSort] = useState<NetworkSort>('people');
  const query = usePages(networkRoots, { query: { limit: PAGE, sort, ...(orgPath ? { orgPath } : {}) } });
  const rows = query.data?.pages.flatMap(({ items }) => items) ?? [];
  return (
    <div className="ng-part">
      <div className="co-inline">
        <p className="co-quiet co-small">{t('list.hint')}</p>
        <Sorted sort={sort} onSort={setSort} />
      </div>
      <AsyncView
        query={query}
        skeleton={<TableSkeleton />}
        isEmpty={() => rows.length === 0}
        empty={<p className="co-quiet">{t('list.none')}</p>}
      >
        {() => <PeopleList items={rows} current={current} onOpen={onOpen} testId="network-root" />}
      </AsyncView>
      <MoreButton query={query} />
    </div>
  );
};
