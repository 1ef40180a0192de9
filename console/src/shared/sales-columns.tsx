/** What was sold and what came back of it: the two columns that every report of sales ends with. */
import { useFormat } from '@walnut-live/ui';
import type { ReactNode } from 'react';
import type { Column } from './data-table.tsx';

type Sold = { gmvFen: number; refundedFen: number };

/** An amount with a bar as long as its part of the greatest. */
export const AmountBar = ({ value, top, children }: { value: number; top: number; children: ReactNode }): ReactNode => (
  <span className="co-bar-cell">
    <b>{children}</b>
    {value > 0 && <i style={{ inlineSize: `${(value / Math.max(1, top)) * 100}%` }} />}
  </span>
);

export const useSalesColumns = <Row extends Sold>(
  rows: readonly Row[],
  titles: { gmv: string; refunded: string },
): Column<Row>[] => {
  const format = useFormat();
  const top = Math.max(1, ...rows.map(({ gmvFen }) => gmvFen));
  return [
    {
      key: 'gmv',
      title: titles.gmv,
      align: 'end',
      render: ({ gmvFen }) => (
        <AmountBar value={gmvFen} top={top}>
          {format.money(gmvFen)}
        </AmountBar>
      ),
    },
    {
      key: 'refunded',
      title: titles.refunded,
      align: 'end',
      render: ({ refundedFen }) => (
        <span className={refundedFen > 0 ? 'co-minus' : 'co-zero'}>{format.money(refundedFen)}</span>
      ),
    },
  ];
};
