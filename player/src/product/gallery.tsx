import { pictureAt } from '@walnut-live/contracts';
import { type ReactNode, useState } from 'react';
import { useProductT } from './messages.ts';
import './product.css';

const MAIN_WIDTH = 480;
const THUMB_WIDTH = 240;

/** Pictures of a product, one after the other under a finger; small ones below lead to each. */
export const Gallery = ({ pictures, title }: { pictures: readonly string[]; title: string }): ReactNode => {
  const t = useProductT();
  const [at, setAt] = useState(0);
  const [track, setTrack] = useState<HTMLDivElement | null>(null);
  const count = pictures.length;
  const show = (n: number): void => {
    track?.scrollTo({ left: n * track.clientWidth, behavior: 'smooth' });
    setAt(n);
  };
  return (
    <section className="pl-gallery" aria-label={t('pictures')}>
      <div
        ref={setTrack}
        className="pl-gallery-track"
        // biome-ignore lint/a11y/noNoninteractiveTabindex: whoever has no finger scrolls it by the arrow keys
        tabIndex={0}
        onScroll={({ currentTarget }) => {
          const { scrollLeft, clientWidth } = currentTarget;
          if (clientWidth > 0) setAt(Math.round(scrollLeft / clientWidth));
        }}
      >
        {pictures.map((url, n) => (
          <img
            key={url}
            src={pictureAt(url, MAIN_WIDTH)}
            alt={n === 0 ? title : ''}
            loading={n === 0 ? 'eager' : 'lazy'}
          />
        ))}
      </div>
      {count > 1 && (
        <>
          <span className="pl-gallery-count wl-number" aria-hidden="true">
            {at + 1}/{count}
          </span>
          <div className="pl-gallery-thumbs">
            {pictures.map((url, n) => (
              <button
                key={url}
                type="button"
                aria-label={t('picture', { n: n + 1, count })}
                aria-current={n === at}
                onClick={() => show(n)}
              >
                <img src={pictureAt(url, THUMB_WIDTH)} alt="" loading="lazy" />
              </button>
            ))}
          </div>
        </>
      )}
    </section>
  );
};
