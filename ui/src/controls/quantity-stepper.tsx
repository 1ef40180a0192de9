import type { ReactNode } from 'react';
import { uiI18n } from '../i18n/ui-messages.ts';
import { IconButton } from './button.tsx';
import { minusIcon, plusIcon } from './icons.tsx';

export type QuantityStepperProps = {
  value: number;
  onChange: (value: number) => void;
  min?: number;
  /** Stock or per-person limit; shown below when reached. */
  max: number;
  label?: string;
  disabled?: boolean;
};

export const QuantityStepper = ({
  value,
  onChange,
  min = 1,
  max,
  label,
  disabled = false,
}: QuantityStepperProps): ReactNode => {
  const t = uiI18n.useT();
  const set = (next: number): void => onChange(Math.min(Math.max(next, min), Math.max(min, max)));
  return (
    // biome-ignore lint/a11y/useSemanticElements: a fieldset would need a legend and browser resets for two buttons
    <div className="wl-stepper" role="group" aria-label={label ?? t('quantity.value')}>
      <IconButton
        label={t('common.decrease')}
        icon={minusIcon}
        variant="soft"
        disabled={disabled || value <= min}
        onClick={() => set(value - 1)}
      />
      <output className="wl-stepper-value wl-number" aria-live="polite">
        {value}
      </output>
      <IconButton
        label={t('common.increase')}
        icon={plusIcon}
        variant="soft"
        disabled={disabled || value >= max}
        onClick={() => set(value + 1)}
      />
      {value >= max && <span className="wl-stepper-hint">{t('quantity.limit', { max })}</span>}
    </div>
  );
};
