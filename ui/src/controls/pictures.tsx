import type { ReactNode } from 'react';
import { uiI18n } from '../i18n/ui-messages.ts';
import { cx } from './class-names.ts';
import { micOffIcon } from './icons.tsx';

/**
 * The guides' pictures on a stage: one fills it, two to four share its upper part, or all of it where the stage is wide.
 * The stage has to be a container of known size (`container-type: size`) and positioned.
 */
export const Pictures = ({ guides, children }: { guides: number; children: ReactNode }): ReactNode => (
  <div className="wl-pictures" data-testid="pictures" data-guides={guides}>
    {children}
  </div>
);

export type PictureProps = {
  /** The video and its name plate. */
  children: ReactNode;
  /** Said over the picture while it is not there. */
  waiting?: string | false;
  className?: string;
  [data: `data-${string}`]: string | undefined;
};

/** One guide's cell. */
export const Picture = ({ children, waiting, className, ...data }: PictureProps): ReactNode => (
  <div className={cx('wl-picture', className)} {...data}>
    {children}
    {waiting && <span className="wl-picture-wait">{waiting}</span>}
  </div>
);

/** Whose picture it is, in its corner. */
export const NamePlate = ({ name, muted = false }: { name: string; muted?: boolean }): ReactNode => {
  const t = uiI18n.useT();
  return (
    <span className="wl-name-plate">
      {muted && (
        <span role="img" aria-label={t('picture.muted')}>
          {micOffIcon}
        </span>
      )}
      <span className="wl-name-plate-text">{name}</span>
    </span>
  );
};
