import { createContext, type ReactNode, useContext, useEffect, useMemo, useRef } from 'react';
import { useRoomHandle } from './use-room.ts';

/*
 * Hearts that rise when somebody likes. Drawn outside React: a burst must not re-render a room.
 *
 * Invariants: at most HEART_LIMIT in the air; none at all when the person asks for less motion; each removes itself.
 */

const HEART_LIMIT = 28;
/** Of a jump in the counter (others' likes) at most this many are shown. */
const OTHERS_LIMIT = 4;
const LIFE_MS = 1_900;
const colours = ['#ff5a36', '#ff8f5c', '#ffc46b', '#8fd06c', '#ff6f86'];

export type Hearts = {
  burst: (clientX: number, clientY: number, count?: number) => void;
  host: { current: HTMLDivElement | null };
};

const HeartsContext = createContext<Hearts | null>(null);

const svgNamespace = 'http://www.w3.org/2000/svg';
const heartPath = 'M12 20.6 4.3 13a5 5 0 0 1 7-7.1l.7.7.7-.7a5 5 0 0 1 7 7.100Z';

const makeHeart = (x: number, y: number): SVGSVGElement => {
  const svg = document.createElementNS(svgNamespace, 'svg');
  const path = document.createElementNS(svgNamespace, 'path');
  path.setAttribute('d', heartPath);
  path.setAttribute('fill', colours[Math.floor(Math.random() * colours.length)] ?? '#ff5a36');
  svg.setAttribute('viewBox', '0 0 24 24');
  svg.setAttribute('class', 'pl-heart');
  svg.append(path);
  const { style } = svg;
  style.left = `${x}px`;
  style.top = `${y}px`;
  style.setProperty('--drift', `${Math.round((Math.random() - 0.5) * 110)}px`);
  style.setProperty('--turn', `${Math.round((Math.random() - 0.5) * 50)}deg`);
  style.setProperty('--size', `${26 + Math.round(Math.random() * 18)}px`);
  return svg;
};

const createHearts = (): Hearts => {
  const host: Hearts['host'] = { current: null };
  return {
    host,
    burst: (clientX, clientY, count = 1) => {
      const box = host.current;
      if (!box || document.hidden || matchMedia('(prefers-reduced-motion: reduce)').matches) return;
      const { left, top } = box.getBoundingClientRect();
      for (let made = 0; made < count && box.childElementCount < HEART_LIMIT; made += 1) {
        const heart = makeHeart(clientX - left, clientY - top);
        box.append(heart);
        setTimeout(() => heart.remove(), LIFE_MS);
      }
    },
  };
};

export const HeartsProvider = ({ children }: { children: ReactNode }): ReactNode => {
  const hearts = useMemo(createHearts, []);
  return <HeartsContext value={hearts}>{children}</HeartsContext>;
};

export const useHearts = (): Hearts => {
  const hearts = useContext(HeartsContext);
  if (!hearts) throw new Error('HeartsProvider is missing');
  return hearts;
};

/** Where hearts fly: over the picture, under every control. Also shows other people's likes as they are counted. */
export const HeartLayer = (): ReactNode => {
  const hearts = useHearts();
  const session = useRoomHandle();
  const layer = useRef<HTMLDivElement>(null);

  useEffect(() => {
    hearts.host.current = layer.current;
    return () => {
      hearts.host.current = null;
    };
  }, [hearts]);

  useEffect(
    () =>
      session.select(
        (state) => state.likes,
        (likes, before) => {
          const box = layer.current?.getBoundingClientRect();
          const own = session.get().likesUnsent;
          if (box && own === 0 && likes > before && before > 0)
            hearts.burst(box.right - 36, box.bottom - 72, Math.min(OTHERS_LIMIT, likes - before));
        },
      ),
    [session, hearts],
  );

  return <div ref={layer} className="pl-hearts" aria-hidden="true" data-testid="hearts" />;
};
