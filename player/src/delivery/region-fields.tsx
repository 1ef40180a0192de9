import { type ReactNode, useEffect, useState } from 'react';
import { useDeliveryT } from './messages.ts';

type Names = Record<string, string>;
type Areas = { province_list: Names; city_list: Names; county_list: Names };

const within = (names: Names, digits: string): [string, string][] =>
  Object.entries(names).filter(([code]) => code.startsWith(digits));

/** Province, city and district by administrative code. The list is 40 kB and comes when somebody edits an address. */
export const RegionFields = ({
  code,
  onChange,
}: {
  /** Of a district; empty while none is chosen. */
  code: string;
  onChange: (code: string) => void;
}): ReactNode => {
  const t = useDeliveryT();
  const [areas, setAreas] = useState<Areas | null>(null);
  const [province, setProvince] = useState(code.slice(0, 2));
  const [city, setCity] = useState(code.slice(0, 4));
  useEffect(() => {
    let gone = false;
    void import('@vant/area-data').then(({ areaList }) => void (gone || setAreas(areaList)));
    return () => {
      gone = true;
    };
  }, []);
  const select = (
    label: string,
    value: string,
    options: readonly [string, string][],
    choose: (value: string) => void,
    digits: number,
  ): ReactNode => (
    <select
      aria-label={label}
      value={value}
      disabled={options.length === 0}
      onChange={(event) => choose(event.target.value)}
      data-testid={`region-${digits}`}
    >
      <option value="">{label}</option>
      {options.map(([key, name]) => (
        <option key={key} value={key.slice(0, digits)}>
          {name}
        </option>
      ))}
    </select>
  );
  return (
    <div className="pl-field-row pl-region">
      {select(
        t('region.province'),
        province,
        areas ? Object.entries(areas.province_list) : [],
        (next) => {
          setProvince(next);
          setCity('');
          onChange('');
        },
        2,
      )}
      {select(
        t('region.city'),
        city,
        areas && province ? within(areas.city_list, province) : [],
        (next) => {
          setCity(next);
          onChange('');
        },
        4,
      )}
      {select(t('region.district'), code, areas && city ? within(areas.county_list, city) : [], onChange, 6)}
    </div>
  );
};
