/** A value that changes in steps and can be listened to; made for `useSyncExternalStore`. */
export type Store<State> = {
  get: () => State;
  /** Calls `listener` after every change; returns its undo. */
  subscribe: (listener: () => void) => () => void;
  /** Calls `listener` with the selected part whenever that part changes; returns its undo. */
  select: <Part>(
    selector: (state: State) => Part,
    listener: (part: Part, before: Part) => void,
    equal?: (a: Part, b: Part) => boolean,
  ) => () => void;
};

export const createStore = <State>(initial: State): Store<State> & { set: (next: State) => void } => {
  let state = initial;
  const listeners = new Set<() => void>();
  const subscribe = (listener: () => void): (() => void) => {
    listeners.add(listener);
    return () => listeners.delete(listener);
  };
  return {
    get: () => state,
    set: (next) => {
      if (next === state) return;
      state = next;
      for (const listener of [...listeners]) listener();
    },
    subscribe,
    select: (selector, listener, equal = Object.is) => {
      let part = selector(state);
      return subscribe(() => {
        const next = selector(state);
        if (equal(part, next)) return;
        const before = part;
        part = next;
        listener(next, before);
      });
    },
  };
};
