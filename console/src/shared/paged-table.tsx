import type { InfiniteData, UseInfiniteQueryResult } from '@tanstack/react-query';
import type { ReactNode } from 'react';
import { AsyncView } from './async-view.tsx';
import { DataTable, type DataTableProps, TableSkeleton } from './data-table.tsx';
import { MoreButton } from './page.tsx';

/** A list that comes by the page, as a table: its loading, its failure, its emptiness, and the way to the next page. */
export const PagedTable = <Row,>({
  query,
  empty,
  ...table
}: {
  query: UseInfiniteQueryResult<InfiniteData<{ items: readonly Row[] }>>;
  empty: ReactNode;
} & Omit<DataTableProps<Row>, 'rows'>): ReactNode => {
  const rows = query.data?.pages.flatMap((page) => page.items) ?? [];
  return (
    <>
      <AsyncView query={query} skeleton={<TableSkeleton />} isEmpty={() => rows.length === 0} empty={empty}>
        {() => <DataTable rows={rows} {...table} />}
      </AsyncView>
      <MoreButton query={query} />
    </>
  );
};
