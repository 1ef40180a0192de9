import { createContext, type ReactNode, useCallback, useContext, useEffect, useMemo, useState } from 'react';
import { chooseLocale, defaultLocale, type Locale, localeStorageKey } from './locale.ts';

export type LocaleState = { locale: Locale; setLocale: (locale: Locale) => void };

const LocaleContext = createContext<LocaleState>({ locale: defaultLocale, setLocale: () => undefined });

/** Storage throws when a browser blocks it; a language choice is not worth a crash. */
const readStored = (): string | null => {
  try {
    return localStorage.getItem(localeStorageKey);
  } catch {
    return null;
  }
};

const writeStored = (locale: Locale): void => {
  try {
    localStorage.setItem(localeStorageKey, locale);
  } catch {
    // Private mode: the choice lasts for this page.
  }
};

const detect = (): Locale =>
  chooseLocale({ search: location.search, stored: readStored(), preferred: navigator.languages ?? [] });

/** Holds the language, keeps `<html lang>` right and remembers a choice made by hand or by `?lang=`. */
export const LocaleProvider = ({ children, initial }: { children: ReactNode; initial?: Locale }): ReactNode => {
  const [locale, setState] = useState<Locale>(() => initial ?? detect());

  useEffect(() => {
    document.documentElement.lang = locale;
  }, [locale]);

  useEffect(() => {
    if (new URLSearchParams(location.search).has('lang')) writeStored(detect());
  }, []);

  const setLocale = useCallback((next: Locale): void => {
    writeStored(next);
    setState(next);
  }, []);

  const value = useMemo(() => ({ locale, setLocale }), [locale, setLocale]);
  return <LocaleContext value={value}>{children}</LocaleContext>;
};

/** The current language and how to change it. */
export const useLocale = (): LocaleState => useContext(LocaleContext);
