import { type ReactNode, useId } from 'react';

/** A few panels of which one is in sight; arrow keys go from one tab to the next (WAI-ARIA, tabs). */
export const Tabs = <Name extends string>({
  names,
  chosen,
  onChoose,
  title,
  bodyClass,
  children,
}: {
  names: readonly Name[];
  chosen: Name;
  onChoose: (name: Name) => void;
  title: (name: Name) => string;
  bodyClass: string;
  /** The chosen panel. */
  children: ReactNode;
}): ReactNode => {
  const id = useId();
  return (
    <>
      <div className="st-tabs" role="tablist">
        {names.map((name, at) => (
          <button
            key={name}
            type="button"
            role="tab"
            id={`${id}-${name}`}
            aria-selected={chosen === name}
            aria-controls={`${id}-panel`}
            tabIndex={chosen === name ? 0 : -1}
            onClick={() => onChoose(name)}
            onKeyDown={(event) => {
              if (event.key !== 'ArrowLeft' && event.key !== 'ArrowRight') return;
              const step = event.key === 'ArrowRight' ? 1 : names.length - 1;
              const next = names[(at + step) % names.length] ?? name;
              onChoose(next);
              document.getElementById(`${id}-${next}`)?.focus();
            }}
          >
            {title(name)}
          </button>
        ))}
      </div>
      <div className={bodyClass} role="tabpanel" id={`${id}-panel`} aria-labelledby={`${id}-${chosen}`}>
        {children}
      </div>
    </>
  );
};
