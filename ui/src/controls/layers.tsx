import { createContext, type ReactNode, useContext, useEffect, useRef, useState, useSyncExternalStore } from 'react';

/*
 * Open layers (sheets, dialogs), bottom to top, and their history entries.
 *
 * Invariants:
 * - each open layer that closes on "back" owns one history entry on top of the page's own; entries are counted, not
 *   named, so that closing one sheet and opening another in the same moment reuses the entry instead of racing
 *   history.back() against pushState();
 * - an entry of ours carries { walnutDepth }; when the current entry has no such mark, somebody else navigated and the
 *   entries are theirs to leave behind: we forget them rather than go back over their page.
 */
type Layer = { element: HTMLElement; close: () => void; usesBack: boolean };

export type Layers = {
  add: (layer: Layer) => () => void;
  top: () => HTMLElement | null;
  subscribe: (listener: () => void) => () => void;
  listen: () => () => void;
};

const depthOf = (state: unknown): number =>
  typeof state === 'object' && state !== null && 'walnutDepth' in state && typeof state.walnutDepth === 'number'
    ? state.walnutDepth
    : 0;

export const createLayers = (): Layers => {
  let layers: readonly Layer[] = [];
  // A reload keeps the entries that an open layer had made, marks included: they are ours to use again.
  let entries = depthOf(history.state);
  let expectedPops = 0;
  let reconcileTimer: ReturnType<typeof setTimeout> | undefined;
  const listeners = new Set<() => void>();
  const notify = (): void => {
    for (const listener of listeners) listener();
  };

  const reconcile = (): void => {
    const wanted = layers.filter((layer) => layer.usesBack).length;
    if (wanted > entries) {
      while (entries < wanted) {
        entries += 1;
        history.pushState({ ...(history.state as object | null), walnutDepth: entries }, '');
      }
    } else if (wanted < entries) {
      const surplus = entries - wanted;
      entries = wanted;
      if (depthOf(history.state) > wanted) {
        expectedPops += 1;
        history.go(-surplus);
      } else {
        entries = 0;
      }
    }
  };

  const schedule = (): void => {
    clearTimeout(reconcileTimer);
    reconcileTimer = setTimeout(reconcile, 0);
  };

  const onPop = (event: PopStateEvent): void => {
    if (expectedPops > 0) {
      expectedPops -= 1;
      return;
    }
    const depth = depthOf(event.state);
    if (depth > entries) {
      // Back over a page that was opened from a layer: its entry stands here and leads nowhere any more.
      entries = depth;
      schedule();
      return;
    }
    if (depth === entries) return;
    const surplus = entries - depth;
    entries = depth;
    for (const layer of layers
      .filter((candidate) => candidate.usesBack)
      .slice(-surplus)
      .reverse())
      layer.close();
    // A layer that stays open (it asked a question instead) gets its entry back.
    schedule();
  };

  return {
    add: (layer) => {
      layers = [...layers, layer];
      notify();
      schedule();
      return () => {
        layers = layers.filter((other) => other !== layer);
        notify();
        schedule();
      };
    },
    top: () => layers.at(-1)?.element ?? null,
    subscribe: (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    listen: () => {
      addEventListener('popstate', onPop);
      return () => {
        removeEventListener('popstate', onPop);
        clearTimeout(reconcileTimer);
      };
    },
  };
};

const LayersContext = createContext<Layers | null>(null);

export const LayersProvider = ({ children }: { children: ReactNode }): ReactNode => {
  const [layers] = useState(createLayers);
  useEffect(() => layers.listen(), [layers]);
  return <LayersContext value={layers}>{children}</LayersContext>;
};

export const useLayers = (): Layers => {
  const layers = useContext(LayersContext);
  if (!layers) throw new Error('UiProvider is missing above this control');
  return layers;
};

/** The uppermost open layer's element: what a toast must be inside of to be seen and heard. */
export const useTopLayer = (): HTMLElement | null => {
  const layers = useLayers();
  return useSyncExternalStore(layers.subscribe, layers.top, () => null);
};

/** WebViews of 2021 and before know no modal dialogs: there it opens as a plain layer, without a focus trap. */
const openModally = (dialog: HTMLDialogElement): void => {
  if (typeof dialog.showModal === 'function') dialog.showModal();
  else dialog.setAttribute('open', '');
};

const close = (dialog: HTMLDialogElement): void => {
  if (typeof dialog.close === 'function') dialog.close();
  else dialog.removeAttribute('open');
};

/**
 * Opens a native `<dialog>` modally while `open`: focus is trapped and restored by the browser, Esc and the back
 * gesture ask `onClose`. Give the returned ref to the dialog.
 */
export const useModalDialog = (
  open: boolean,
  onClose: () => void,
  options: { usesBack?: boolean } = {},
): React.RefObject<HTMLDialogElement | null> => {
  const { usesBack = true } = options;
  const ref = useRef<HTMLDialogElement>(null);
  const layers = useLayers();
  const latestClose = useRef(onClose);
  useEffect(() => {
    latestClose.current = onClose;
  });

  useEffect(() => {
    const dialog = ref.current;
    if (!dialog || !open) return;
    const restoreFocusTo = document.activeElement;
    if (!dialog.open) openModally(dialog);
    const remove = layers.add({ element: dialog, close: () => latestClose.current(), usesBack });
    const onCancel = (event: Event): void => {
      // React decides whether it closes; the browser must not do it behind its back.
      event.preventDefault();
      if (event.target === dialog) latestClose.current();
    };
    dialog.addEventListener('cancel', onCancel);
    return () => {
      dialog.removeEventListener('cancel', onCancel);
      remove();
      if (dialog.open) close(dialog);
      if (restoreFocusTo instanceof HTMLElement && restoreFocusTo.isConnected)
        restoreFocusTo.focus({ preventScroll: true });
    };
  }, [open, layers, usesBack]);
  return ref;
};

/** For full-screen pages that are not dialogs: while `open`, the back gesture calls `onBack` instead of leaving. */
export const useBackGesture = (open: boolean, onBack: () => void): void => {
  const layers = useLayers();
  const latest = useRef(onBack);
  useEffect(() => {
    latest.current = onBack;
  });
  useEffect(
    () => (open ? layers.add({ element: document.body, close: () => latest.current(), usesBack: true }) : undefined),
    [open, layers],
  );
};
