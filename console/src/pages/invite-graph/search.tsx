/** Finds people of the network by name while one types. */
import { networkSearch } from '@walnut-live/contracts';
import { AutoComplete } from 'antd';
import { type ReactNode, useEffect, useState } from 'react';
import { useCall } from '../../data/use-call.ts';
import { useGraphT } from './messages.ts';
import { RoleBadge } from './people-list.tsx';

const TYPING_MS = 300;
const FOUND = 12;

export const NetworkSearch = ({
  orgPath,
  onOpen,
}: {
  orgPath: string | undefined;
  onOpen: (id: string) => void;
}): ReactNode => {
  const t = useGraphT();
  const [text, setText] = useState('');
  const [asked, setAsked] = useState('');
  useEffect(() => {
    const timer = setTimeout(() => setAsked(text.trim()), TYPING_MS);
    return () => clearTimeout(timer);
  }, [text]);
  const query = useCall(
    networkSearch,
    { query: { q: asked || '-', limit: FOUND, ...(orgPath ? { orgPath } : {}) } },
    { enabled: asked !== '' },
  );
  const found = asked === '' ? [] : (query.data?.items ?? []);
  return (
    <AutoComplete
      className="ng-search"
      value={text}
      onChange={setText}
      onSelect={(id: string) => {
        setText('');
        onOpen(id);
      }}
      options={found.map(({ person, role, store }) => ({
        value: person.id,
        label: (
          <span className="co-inline" data-testid="network-found">
            <b>{person.name}</b>
            <RoleBadge role={role} />
            <small>{store}</small>
          </span>
        ),
      }))}
      notFoundContent={asked !== '' && query.isSuccess && !query.isFetching ? t('search.none') : null}
      placeholder={t('search')}
      aria-label={t('search')}
      allowClear
      data-testid="network-search"
    />
  );
};
