import type { RoomSource } from '@walnut-live/contracts';
import { MonitorUp, Video } from 'lucide-react';
import { type ReactNode, useId } from 'react';
import { useEncoderT } from './messages.ts';
import './encoder.css';

const sources = [
  { source: 'camera', icon: <Video aria-hidden /> },
  { source: 'encoder', icon: <MonitorUp aria-hidden /> },
] as const;

/** Before going live: who will publish. */
export const SourceChoice = ({
  value,
  disabled,
  onChange,
}: {
  value: RoomSource;
  disabled: boolean;
  onChange: (source: RoomSource) => void;
}): ReactNode => {
  const t = useEncoderT();
  const name = useId();
  return (
    <fieldset className="st-source" disabled={disabled}>
      <legend className="wl-visually-hidden">{t('source')}</legend>
      {sources.map(({ source, icon }) => (
        <label key={source} data-testid={`source-${source}`}>
          <input
            className="wl-visually-hidden"
            type="radio"
            name={name}
            checked={value === source}
            onChange={() => onChange(source)}
          />
          {icon}
          <span>{t(`source.${source}`)}</span>
        </label>
      ))}
    </fieldset>
  );
};
