import { type RefObject, useEffect, useRef } from 'react';
import { useLocation, useNavigationType } from 'react-router';

/**
 * Leads whoever followed a link to `#name` to this section of a page, once per link and when it stands there: such sections
 * are filled later than the page. Not on the way back, where the browser knows the place.
 */
export const useLedHere = (name: string, stands: boolean): RefObject<HTMLElement | null> => {
  const section = useRef<HTMLElement>(null);
  const led = useRef<string | null>(null);
  const { hash, key } = useLocation();
  const kind = useNavigationType();
  const asked = kind !== 'POP' && hash === `#${name}`;
  useEffect(() => {
    if (!asked || !stands || led.current === key) return;
    led.current = key;
    section.current?.scrollIntoView?.();
  }, [asked, stands, key]);
  return section;
};
