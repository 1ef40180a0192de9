/** Storage that never throws: browsers that block it, or are full, lose the memory and nothing else. */
export type SafeStorage = {
  getItem: (key: string) => string | null;
  setItem: (key: string, value: string) => void;
  removeItem: (key: string) => void;
};

const safely = (get: () => Storage): SafeStorage => {
  const attempt = <T>(act: () => T, otherwise: T): T => {
    try {
      return act();
    } catch {
      return otherwise;
    }
  };
  return {
    getItem: (key) => attempt(() => get().getItem(key), null),
    setItem: (key, value) => attempt(() => get().setItem(key, value), undefined),
    removeItem: (key) => attempt(() => get().removeItem(key), undefined),
  };
};

export const safeSessionStorage = (): SafeStorage => safely(() => sessionStorage);
export const safeLocalStorage = (): SafeStorage => safely(() => localStorage);

/** Reads JSON; anything unreadable is null. */
export const readJson = <T>(storage: SafeStorage, key: string): T | null => {
  const text = storage.getItem(key);
  if (text === null) return null;
  try {
    return JSON.parse(text) as T;
  } catch {
    return null;
  }
};
