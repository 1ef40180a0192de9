/** Filters live in the URL: a page can be reloaded, sent to a colleague, and gone back to. */
import { SearchOutlined } from '@ant-design/icons';
import { listOrgUnits } from '@walnut-live/contracts';
import { DatePicker, Input, TreeSelect } from 'antd';
import dayjs, { type Dayjs } from 'dayjs';
import { type ReactNode, useCallback, useEffect, useMemo, useState } from 'react';
import { useSearchParams } from 'react-router';
import { useCall } from '../data/use-call.ts';
import { useT } from '../i18n/index.ts';

const TYPING_MS = 300;
const DAY_FORMAT = 'YYYY-MM-DD';

export type Filters = {
  get: (name: string) => string | undefined;
  /** Undefined or empty takes the filter out. */
  set: (changes: Record<string, string | undefined>) => void;
  /** `?…` to carry the filters along, '' without any. */
  search: string;
};

export const useFilters = (): Filters => {
  const [params, setParams] = useSearchParams();
  const set = useCallback<Filters['set']>(
    (changes) =>
      setParams(
        (current) => {
          const next = new URLSearchParams(current);
          for (const [name, value] of Object.entries(changes)) {
            if (value) next.set(name, value);
            else next.delete(name);
          }
          return next;
        },
        { replace: true },
      ),
    [setParams],
  );
  return useMemo(
    () => ({
      get: (name) => params.get(name) || undefined,
      set,
      search: params.size > 0 ? `?${params.toString()}` : '',
    }),
    [params, set],
  );
};

/** Typed text goes into the URL after a pause, or at once with Enter. */
export const SearchFilter = ({
  filters,
  placeholder,
  name = 'q',
}: {
  filters: Filters;
  placeholder: string;
  name?: string;
}): ReactNode => {
  const given = filters.get(name) ?? '';
  const [text, setText] = useState(given);
  useEffect(() => setText(given), [given]);
  useEffect(() => {
    if (text.trim() === given) return;
    const timer = setTimeout(() => filters.set({ [name]: text.trim() }), TYPING_MS);
    return () => clearTimeout(timer);
  }, [text, given, filters, name]);
  return (
    <Input
      className="co-filter-search"
      prefix={<SearchOutlined />}
      value={text}
      maxLength={40}
      allowClear
      placeholder={placeholder}
      aria-label={placeholder}
      onChange={(event) => setText(event.target.value)}
      onPressEnter={() => filters.set({ [name]: text.trim() })}
      data-testid="filter-search"
    />
  );
};

/** Whole days of the reader's own time zone; the api gets instants, the end excluded. */
export const rangeOf = (filters: Filters): { from?: string; to?: string } => {
  const from = dayjs(filters.get('from') ?? Number.NaN);
  const to = dayjs(filters.get('to') ?? Number.NaN);
  return {
    ...(from.isValid() ? { from: from.startOf('day').toDate().toISOString() } : {}),
    ...(to.isValid() ? { to: to.startOf('day').add(1, 'day').toDate().toISOString() } : {}),
  };
};

/** Whole days in China, as the roll-ups of the reports have them, wherever it is read. */
export const chinaRangeOf = (filters: Filters): { from?: string; to?: string } => {
  const start = (name: string, days: number): string | undefined => {
    const at = Date.parse(`${filters.get(name) ?? ''}T00:00:00+08:00`);
    return Number.isNaN(at) ? undefined : new Date(at + days * 86_400_000).toISOString();
  };
  const [from, to] = [start('from', 0), start('to', 1)];
  return { ...(from ? { from } : {}), ...(to ? { to } : {}) };
};

export const RangeFilter = ({ filters }: { filters: Filters }): ReactNode => {
  const t = useT();
  const day = (name: string): Dayjs | null => {
    const value = dayjs(filters.get(name) ?? Number.NaN);
    return value.isValid() ? value : null;
  };
  const today = dayjs();
  return (
    <DatePicker.RangePicker
      className="co-filter-range"
      value={[day('from'), day('to')]}
      allowEmpty={[true, true]}
      inputReadOnly
      disabledDate={(date) => date.isAfter(today, 'day')}
      presets={[
        { label: t('range.today'), value: [today, today] },
        { label: t('range.yesterday'), value: [today.subtract(1, 'day'), today.subtract(1, 'day')] },
        { label: t('range.week'), value: [today.subtract(6, 'day'), today] },
        { label: t('range.month'), value: [today.subtract(29, 'day'), today] },
      ]}
      onChange={(range) => filters.set({ from: range?.[0]?.format(DAY_FORMAT), to: range?.[1]?.format(DAY_FORMAT) })}
    />
  );
};

type Node = { value: string; title: string; children: Node[] };

/** HQ > channel > store, as far as the reader's scope goes. Nothing to choose: nothing shown. */
export const OrgFilter = ({ filters }: { filters: Filters }): ReactNode => {
  const t = useT();
  const units = useCall(listOrgUnits, undefined);
  const tree = useMemo(() => {
    const byPath = new Map<string, Node>();
    const roots: Node[] = [];
    for (const unit of units.data?.items ?? []) {
      const node: Node = { value: unit.id, title: unit.name, children: [] };
      byPath.set(unit.path, node);
      const parent = byPath.get(unit.path.slice(0, unit.path.lastIndexOf('.')));
      (parent?.children ?? roots).push(node);
    }
    return roots;
  }, [units.data]);
  if ((units.data?.items.length ?? 0) < 2) return null;
  return (
    <TreeSelect
      className="co-filter-org"
      treeData={tree}
      value={filters.get('org')}
      onChange={(org: string | undefined) => filters.set({ org })}
      placeholder={t('filter.org')}
      aria-label={t('filter.org')}
      allowClear
      treeDefaultExpandAll
      showSearch
      treeNodeFilterProp="title"
      popupMatchSelectWidth={260}
    />
  );
};
