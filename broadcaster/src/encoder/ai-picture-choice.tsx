import { type ReactNode, useId } from 'react';
import { useEncoderT } from './messages.ts';
import './encoder.css';

/** Rule Z7: said before it starts, and from then on not taken back. */
export const AiPictureChoice = ({
  value,
  disabled = false,
  onChange,
}: {
  value: boolean;
  disabled?: boolean;
  onChange: (value: boolean) => void;
}): ReactNode => {
  const t = useEncoderT();
  const hint = useId();
  return (
    <div className="st-ai-picture">
      <label>
        <input
          type="checkbox"
          checked={value}
          disabled={disabled}
          aria-describedby={hint}
          data-testid="ai-picture-choice"
          onChange={(event) => onChange(event.target.checked)}
        />
        {t('aiPicture')}
      </label>
      <p id={hint}>{t('aiPicture.hint')}</p>
    </div>
  );
};
