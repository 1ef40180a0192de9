/** The way from one person to another over people who know one another, in words; the picture shows the same. */
import type { networkPath, ReplyOf } from '@walnut-live/contracts';
import { Button } from 'antd';
import { Fragment, type ReactNode } from 'react';
import type { Asking } from '../../shared/async-view.tsx';
import { AsyncView } from '../../shared/async-view.tsx';
import { TableSkeleton } from '../../shared/data-table.tsx';
import { useGraphT } from './messages.ts';

export const PathBar = ({
  query,
  isReady,
  fromName,
  onOpen,
  onEnd,
}: {
  query: Asking<ReplyOf<typeof networkPath>>;
  /** Both ends are chosen. */
  isReady: boolean;
  fromName: string;
  onOpen: (id: string) => void;
  onEnd: () => void;
}): ReactNode => {
  const t = useGraphT();
  return (
    <section className="ng-path" aria-live="polite" data-testid="network-path">
      {!isReady && <p>{t('way.pick', { name: fromName })}</p>}
      {isReady && (
        <AsyncView query={query} skeleton={<TableSkeleton rows={1} />}>
          {({ steps, shortest }) => (
            <>
              {steps.length === 0 ? (
                <p>{t('way.none')}</p>
              ) : (
                <p>
                  <b>{t('way.steps', { steps: String(steps.length - 1) })}</b>{' '}
                  {steps.map(({ person, tie }) => (
                    <Fragment key={person.id}>
                      {tie && <small> {t(`tie.${tie}`)} </small>}
                      <Button size="small" onClick={() => onOpen(person.id)} data-testid="path-step">
                        {person.name}
                      </Button>
                    </Fragment>
                  ))}
                </p>
              )}
              {!shortest && <p className="co-quiet co-small">{t('way.cut')}</p>}
            </>
          )}
        </AsyncView>
      )}
      <Button type="text" onClick={onEnd} data-testid="path-end">
        {t('way.off')}
      </Button>
    </section>
  );
};
