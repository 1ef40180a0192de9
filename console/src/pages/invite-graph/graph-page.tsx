/** Who brought whom, as a picture of up to 100,000 people with key people, diagnosis and list beside it. */

import { useQuery } from '@tanstack/react-query';
import {
  decodeNetworkLayout,
  indexOfPerson,
  listOrgUnits,
  type NetworkLayout,
  networkLayout,
  networkPath,
  networkPerson,
  personIdAt,
} from '@walnut-live/contracts';
import { EmptyState, Spinner, useFormat } from '@walnut-live/ui';
import { type ReactNode, useCallback, useMemo } from 'react';
import { Link } from 'react-router';
import { useSession } from '../../app/session.tsx';
import { useCall } from '../../data/use-call.ts';
import { AsyncView, Freshness } from '../../shared/async-view.tsx';
import { OrgFilter, useFilters } from '../../shared/filters.tsx';
import { Page } from '../../shared/page.tsx';
import { Diagnosis } from './diagnosis.tsx';
import { useGraphT } from './messages.ts';
import { type Label, NetworkCanvas } from './network-canvas.tsx';
import { PathBar } from './path-bar.tsx';
import { PersonPanel } from './person-panel.tsx';
import { NetworkSearch } from './search.tsx';
import { KeyPeople, Roots, useKeyPeople } from './side.tsx';
import './graph.css';

const sides = ['diagnosis', 'key', 'list'] as const;
type Side = (typeof sides)[number];
const ME = 'me';
/** The picture is asked for again only when somebody wants it: it takes the api a moment. */
const PICTURE_STALE_MS = 300_000;
const NOBODY: readonly number[] = [];

function usePicture(orgPath: string | undefined, isKnown: boolean) {
  const { api } = useSession();
  return useQuery({
    queryKey: [networkLayout.id, orgPath ?? null],
    queryFn: async (): Promise<NetworkLayout> => {
      const bytes = await api.download(networkLayout, { query: orgPath ? { orgPath } : {} });
      return decodeNetworkLayout(await bytes.arrayBuffer());
    },
    enabled: isKnown,
    staleTime: PICTURE_STALE_MS,
    refetchOnWindowFocus: false,
    structuralSharing: false,
  });
}

/** The filter names a unit by id, the graph by path. */
function useOrgPath(org: string | undefined): { orgPath: string | undefined; isKnown: boolean } {
  const units = useCall(listOrgUnits, undefined, { enabled: org !== undefined });
  const unit = units.data?.items.find(({ id }) => id === org);
  return { orgPath: unit?.path, isKnown: org === undefined || unit !== undefined };
}

export default function InviteGraphPage(): ReactNode {
  const t = useGraphT();
  const format = useFormat();
  const { may } = useSession();
  const filters = useFilters();
  const { orgPath, isKnown } = useOrgPath(filters.get('org'));
  const picture = usePicture(orgPath, isKnown);
  const [person, from] = [filters.get('person'), filters.get('from')];
  const side = sides.find((one) => one === filters.get('side')) ?? 'diagnosis';
  const open = useCallback((id: string | undefined) => filters.set({ person: id }), [filters]);

  const key = useKeyPeople(orgPath, 'brought', 'people');
  const start = useCall(networkPerson, { params: { id: from ?? '' } }, { enabled: from !== undefined && from !== ME });
  const chosen = useCall(networkPerson, { params: { id: person ?? '' } }, { enabled: person !== undefined });
  const isReady = from !== undefined && person !== undefined && from !== person;
  const way = useCall(
    networkPath,
    { query: { to: person ?? '', ...(from === ME || from === undefined ? {} : { from }) } },
    { enabled: isReady },
  );
  const layout = picture.data;
  const steps = isReady && !way.isPlaceholderData ? way.data?.steps : undefined;
  const path = useMemo(
    () =>
      layout && steps
        ? steps.map(({ person: { id } }) => indexOfPerson(layout, id)).filter((index) => index !== -1)
        : NOBODY,
    [layout, steps],
  );
  const selected = useMemo(() => (layout && person ? indexOfPerson(layout, person) : -1), [layout, person]);
  const chosenName = person === chosen.data?.person.id ? chosen.data?.person : undefined;
  const labels = useMemo((): Label[] => {
    if (!layout) return [];
    const people = [
      ...(steps ?? []).map((step) => step.person),
      ...(chosenName ? [chosenName] : []),
      ...(key.data?.items ?? []).map((one) => one.person),
    ];
    const named = new Map(people.map(({ id, name }) => [indexOfPerson(layout, id), name]));
    named.delete(-1);
    return [...named].map(([index, name]) => ({ index, name }));
  }, [layout, steps, chosenName, key.data]);

  const views: Record<Side, ReactNode> = {
    diagnosis: <Diagnosis orgPath={orgPath} />,
    key: <KeyPeople orgPath={orgPath} current={person} onOpen={open} />,
    list: <Roots orgPath={orgPath} current={person} onOpen={open} />,
  };
  return (
    <div className="ng-page">
      <Page
        title={t('title')}
        hint={t('hint')}
        actions={
          <>
            <nav className="ng-links" aria-label={t('title')}>
              {may('customers:contact') && <Link to="/contacts">{t('link.contacts')}</Link>}
              <Link to="/customers?tab=tags">{t('link.segments')}</Link>
              <Link to="/customers?tab=koc">{t('link.koc')}</Link>
            </nav>
            <Freshness query={picture} staleAfterMs={PICTURE_STALE_MS * 2} />
          </>
        }
      >
        <div className="co-filters co-filters-bare">
          <NetworkSearch orgPath={orgPath} onOpen={open} />
          <OrgFilter filters={filters} />
          {layout && (
            <span className="co-quiet ng-drawn">
              {t(layout.count === 100_000 ? 'drawn.some' : 'drawn.all', { people: format.number(layout.count) })}
            </span>
          )}
        </div>
        <div className="ng-stage">
          <div className="ng-picture co-panel co-panel-flush">
            <AsyncView
              query={picture}
              skeleton={
                <div className="ng-waiting">
                  <Spinner />
                  <p>{t('canvas.loading')}</p>
                </div>
              }
              isEmpty={(found) => found.count === 0}
              empty={<EmptyState illustration="people" title={t('empty')} hint={t('empty.hint')} />}
            >
              {(found) => (
                <NetworkCanvas
                  layout={found}
                  selected={selected}
                  path={path}
                  labels={labels}
                  onPick={(index) => open(index === -1 ? undefined : personIdAt(found, index))}
                />
              )}
            </AsyncView>
            {from !== undefined && (
              <PathBar
                query={way}
                isReady={isReady}
                fromName={from === ME ? t('way.me') : (start.data?.person.name ?? '')}
                onOpen={open}
                onEnd={() => filters.set({ from: undefined })}
              />
            )}
          </div>
          <aside className="ng-side co-panel" aria-label={t('side.label')}>
            {person ? (
              <PersonPanel
                key={person}
                id={person}
                onOpen={open}
                onClose={() => open(undefined)}
                onPath={(begin) => filters.set(begin === 'me' ? { from: ME } : { from: person, person: undefined })}
              />
            ) : (
              <>
                <nav className="ng-tabs" aria-label={t('side.label')}>
                  {sides.map((one) => (
                    <button
                      key={one}
                      type="button"
                      aria-current={one === side ? 'page' : undefined}
                      onClick={() => filters.set({ side: one === 'diagnosis' ? undefined : one })}
                      data-testid={`side-${one}`}
                    >
                      {t(`side.${one}`)}
                    </button>
                  ))}
                </nav>
                {views[side]}
              </>
            )}
          </aside>
        </div>
      </Page>
    </div>
  );
}
