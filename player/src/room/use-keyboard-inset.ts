import { useEffect } from 'react';

/** Rounded viewports differ by a pixel or two; a keyboard is taller than this. */
const KEYBOARD_MIN_PX = 120;

/** iOS lays its keyboard over the page: `--pl-keyboard` says how much of the bottom it hides, so the deck can rise above. */
export const useKeyboardInset = (): void => {
  useEffect(() => {
    const viewport = window.visualViewport;
    if (!viewport) return;
    const update = (): void => {
      const hidden = window.innerHeight - viewport.height - viewport.offsetTop;
      const inset = hidden > KEYBOARD_MIN_PX ? Math.round(hidden) : 0;
      document.documentElement.style.setProperty('--pl-keyboard', `${inset}px`);
    };
    viewport.addEventListener('resize', update);
    viewport.addEventListener('scroll', update);
    return () => {
      viewport.removeEventListener('resize', update);
      viewport.removeEventListener('scroll', update);
      document.documentElement.style.removeProperty('--pl-keyboard');
    };
  }, []);
};
