import { type ReactNode, useId } from 'react';

/** One of a few values, all in sight. */
export const Chips = <Value extends string | number>({
  legend,
  values,
  value,
  onChange,
  show,
}: {
  legend: string;
  values: readonly Value[];
  value: Value;
  onChange: (value: Value) => void;
  show: (value: Value) => string;
}): ReactNode => {
  const name = useId();
  return (
    <fieldset className="st-fieldset">
      <legend className="st-legend">{legend}</legend>
      <div className="st-chips">
        {values.map((option) => (
          <label key={option} className="st-chip">
            <input type="radio" name={name} checked={value === option} onChange={() => onChange(option)} />
            <span>{show(option)}</span>
          </label>
        ))}
      </div>
    </fieldset>
  );
};
