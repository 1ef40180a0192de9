/** A list whose things are made and ended here: the button, the table, the dialog of a new one, the reason for ending one. */
import { PlusOutlined } from '@ant-design/icons';
import { Button } from 'antd';
import { type ComponentProps, type ReactNode, useState } from 'react';
import type { Column } from './data-table.tsx';
import { Panel } from './page.tsx';
import { PagedTable } from './paged-table.tsx';
import { ReasonDialog } from './reason-dialog.tsx';

/** What `useAction` gives for a route that ends one thing by its id. */
type EndAction = {
  isPending: boolean;
  error: unknown;
  reset: () => void;
  mutateAsync: (asked: { params: { id: string }; body: { reason: string } }) => Promise<unknown>;
};
type Table<Row> = Omit<ComponentProps<typeof PagedTable<Row>>, 'rowKey' | 'caption'>;

export const ManagedList = <Row extends { id: string }>({
  title,
  mayChange,
  make,
  end,
  columns,
  ...table
}: Table<Row> & {
  /** Of the table, for who does not see it. */
  title: string;
  /** Without it nothing can be made or ended. */
  mayChange: boolean;
  make: { label: string; testId: string; dialog: (close: () => void) => ReactNode };
  end: {
    label: string;
    action: EndAction;
    /** Whether there is anything to end. */
    isOpen: (row: Row) => boolean;
    dialogTitle: (row: Row) => string;
    hint: string;
    reasonLabel: string;
    done: string;
    testId?: string;
  };
}): ReactNode => {
  const [making, setMaking] = useState(false);
  const [ending, setEnding] = useState<Row | null>(null);
  const begin = (row: Row): void => {
    // What was refused for one is not said of another.
    end.action.reset();
    setEnding(row);
  };
  const act: Column<Row> = {
    key: 'do',
    title: '',
    align: 'end',
    render: (row) =>
      end.isOpen(row) && (
        <Button size="small" danger onClick={() => begin(row)} {...(end.testId ? { 'data-testid': end.testId } : {})}>
          {end.label}
        </Button>
      ),
  };
  return (
    <Panel flush>
      {mayChange && (
        <div className="co-filters">
          <Button type="primary" icon={<PlusOutlined />} onClick={() => setMaking(true)} data-testid={make.testId}>
            {make.label}
          </Button>
        </div>
      )}
      <PagedTable
        {...table}
        caption={title}
        columns={mayChange ? [...columns, act] : columns}
        rowKey={({ id }) => id}
      />
      {making && make.dialog(() => setMaking(false))}
      {ending && (
        <ReasonDialog
          key={ending.id}
          danger
          title={end.dialogTitle(ending)}
          hint={end.hint}
          label={end.reasonLabel}
          okText={end.label}
          done={end.done}
          pending={end.action.isPending}
          error={end.action.error}
          onSubmit={(reason) => end.action.mutateAsync({ params: { id: ending.id }, body: { reason } })}
          onClose={() => setEnding(null)}
        />
      )}
    </Panel>
  );
};
