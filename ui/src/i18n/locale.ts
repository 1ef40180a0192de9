/** Languages of every app; zh-CN is the default. */
export const locales = ['zh-CN', 'en'] as const;
export type Locale = (typeof locales)[number];
export const defaultLocale: Locale = 'zh-CN';

export const localeStorageKey = 'walnut-live.lang';

/** Maps a BCP 47 tag or short name to one of ours: `zh`, `zh-Hans-CN` → zh-CN, `en-GB` → en, others → undefined. */
export const matchLocale = (tag: string | null | undefined): Locale | undefined => {
  const language = tag?.toLowerCase().split(/[-_]/)[0];
  if (language === 'zh') return 'zh-CN';
  if (language === 'en') return 'en';
  return undefined;
};

/** Where a language may come from, strongest first. */
export type LocaleSources = {
  /** `location.search` */
  search: string;
  stored: string | null;
  /** `navigator.languages` */
  preferred: readonly string[];
};

/** `?lang=` → stored choice → first known browser language → zh-CN. */
export const chooseLocale = ({ search, stored, preferred }: LocaleSources): Locale => {
  const fromUrl = matchLocale(new URLSearchParams(search).get('lang'));
  if (fromUrl) return fromUrl;
  const fromStorage = matchLocale(stored);
  if (fromStorage) return fromStorage;
  for (const tag of preferred) {
    const match = matchLocale(tag);
    if (match) return match;
  }
  return defaultLocale;
};
