import { type ReactNode, useId } from 'react';
import './text-field.css';

/** A line of text, or a number as people type it. */
export const TextField = ({
  label,
  value,
  onChange,
  number,
  hint,
  maxLength,
  placeholder,
  className = '',
  beside,
}: {
  label: string;
  value: string;
  onChange: (value: string) => void;
  /** Which keyboard a phone shows. */
  number?: 'decimal' | 'numeric';
  hint?: string;
  maxLength?: number;
  placeholder?: string;
  className?: string;
  /** Stands in the line with it. */
  beside?: ReactNode;
}): ReactNode => {
  const id = useId();
  const input = (
    <input
      id={id}
      className={['st-input', number && 'wl-number', className].filter(Boolean).join(' ')}
      inputMode={number}
      maxLength={maxLength}
      placeholder={placeholder}
      value={value}
      aria-describedby={hint === undefined ? undefined : `${id}-hint`}
      onChange={(event) => onChange(event.target.value)}
    />
  );
  return (
    <div className="st-field">
      <label htmlFor={id}>{label}</label>
      {beside ? (
        <div className="st-field-row">
          {input}
          {beside}
        </div>
      ) : (
        input
      )}
      {hint !== undefined && (
        <span id={`${id}-hint`} className="st-hint">
          {hint}
        </span>
      )}
    </div>
  );
};
