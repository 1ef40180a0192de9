/**
 * A table that is a real table on a desk and a list of cards on a phone (each value with its column's name). The whole row
 * opens what `href` names; inside it links and buttons still work by themselves.
 */
import { CaretDownOutlined } from '@ant-design/icons';
import { cx, Skeleton } from '@walnut-live/ui';
import type { ReactNode } from 'react';
import { Link } from 'react-router';

export type Column<Row> = {
  key: string;
  title: string;
  render: (row: Row, index: number) => ReactNode;
  /** Numbers and money stand at the end. */
  align?: 'start' | 'end';
  /** Sort name of the api, when the list can be ordered by this column. */
  sort?: string;
  /** Head of the card on a phone. */
  head?: boolean;
  /** Not worth its place on a phone. */
  deskOnly?: boolean;
  width?: string;
};

export type DataTableProps<Row> = {
  caption: string;
  rows: readonly Row[];
  columns: readonly Column<Row>[];
  rowKey: (row: Row) => string;
  /** Where a click on the row leads, and the words of that link. */
  href?: (row: Row) => { to: string; label: string };
  testId?: string;
  sort?: string;
  onSort?: (sort: string) => void;
  current?: string | undefined;
};

export const DataTable = <Row,>({
  caption,
  rows,
  columns,
  rowKey,
  href,
  testId,
  sort,
  onSort,
  current,
}: DataTableProps<Row>): ReactNode => (
  <table className="co-table">
    <caption className="wl-visually-hidden">{caption}</caption>
    <thead>
      <tr>
        {columns.map((column) => (
          <th
            key={column.key}
            scope="col"
            style={column.width ? { width: column.width } : undefined}
            className={cx(column.align === 'end' && 'co-end')}
            {...(column.sort && sort === column.sort ? { 'aria-sort': 'descending' as const } : {})}
          >
            {column.sort && onSort ? (
              <button
                type="button"
                className={cx('co-sort', sort === column.sort && 'co-sort-on')}
                onClick={() => column.sort && onSort(column.sort)}
              >
                {column.title}
                <CaretDownOutlined />
              </button>
            ) : (
              column.title
            )}
          </th>
        ))}
      </tr>
    </thead>
    <tbody>
      {rows.map((row, index) => {
        const key = rowKey(row);
        const link = href?.(row);
        return (
          <tr
            key={key}
            className={cx(link && 'co-row-link', current === key && 'co-row-current')}
            data-id={key}
            {...(testId ? { 'data-testid': testId } : {})}
          >
            {columns.map((column, place) => (
              <td
                key={column.key}
                data-label={column.title}
                className={cx(
                  column.align === 'end' && 'co-end',
                  column.head && 'co-cell-head',
                  column.deskOnly && 'co-desk-only',
                )}
              >
                {place === 0 && link && (
                  <Link className="co-row-cover" to={link.to}>
                    <span className="wl-visually-hidden">{link.label}</span>
                  </Link>
                )}
                {column.render(row, index)}
              </td>
            ))}
          </tr>
        );
      })}
    </tbody>
  </table>
);

export const TableSkeleton = ({ rows = 7 }: { rows?: number }): ReactNode => (
  <div className="co-table-skeleton">
    {Array.from({ length: rows }, (_, row) => (
      // biome-ignore lint/suspicious/noArrayIndexKey: rows have no identity
      <div key={row}>
        <Skeleton width={36} height={36} radius={99} />
        <Skeleton width={`${38 + ((row * 17) % 22)}%`} height={14} />
        <Skeleton width="14%" height={14} />
        <Skeleton width="12%" height={14} />
      </div>
    ))}
  </div>
);
