/** A choice among the units of my scope, as a control of a form. */
import { listOrgUnits, type ReplyOf } from '@walnut-live/contracts';
import { Select, type SelectProps } from 'antd';
import type { ReactNode } from 'react';
import { useSession } from '../app/session.tsx';
import { useCall } from '../data/use-call.ts';

type Unit = ReplyOf<typeof listOrgUnits>['items'][number];

/** Units of my scope, parents first; one's own is known before the others are read. */
export const useUnits = (): { units: readonly Unit[]; isReading: boolean } => {
  const { staff } = useSession();
  const query = useCall(listOrgUnits, undefined);
  return { units: query.data?.items.length ? query.data.items : [staff.orgUnit], isReading: query.isFetching };
};

export const UnitSelect = ({
  kinds,
  ...select
}: {
  /** Of these kinds alone. */
  kinds?: readonly Unit['kind'][];
} & Omit<SelectProps<string>, 'options' | 'loading' | 'showSearch' | 'mode'>): ReactNode => {
  const { units, isReading } = useUnits();
  return (
    <Select<string>
      {...select}
      showSearch={{ optionFilterProp: 'label' }}
      loading={isReading}
      options={units
        .filter((unit) => kinds === undefined || kinds.includes(unit.kind))
        .map(({ id, name }) => ({ value: id, label: name }))}
    />
  );
};
