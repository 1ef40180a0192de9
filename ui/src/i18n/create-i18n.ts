import { useCallback } from 'react';
import type { Locale } from './locale.ts';
import { useLocale } from './locale-provider.tsx';

export type Messages = Readonly<Record<string, string>>;

/** Names in braces: `'{name} joined {room}'` → `'name' | 'room'`. */
export type ParamsOf<Text extends string> = Text extends `${string}{${infer Name}}${infer Rest}`
  ? Name | ParamsOf<Rest>
  : never;

/** Arguments after the key: none when the Chinese text has no braces, otherwise exactly its names. */
export type TranslateArgs<Text extends string> = [ParamsOf<Text>] extends [never]
  ? []
  : [params: Readonly<Record<ParamsOf<Text>, string | number>>];

export type Translate<Zh extends Messages> = <Key extends keyof Zh & string>(
  key: Key,
  ...args: TranslateArgs<Zh[Key]>
) => string;

export type I18n<Zh extends Messages> = {
  /** The Chinese texts define the keys; both languages are here for tests. */
  messages: { zh: Zh; en: Readonly<Record<keyof Zh & string, string>> };
  translate: <Key extends keyof Zh & string>(locale: Locale, key: Key, ...args: TranslateArgs<Zh[Key]>) => string;
  /** Inside React: `const t = useT(); t('cart.count', { n: 3 })`. */
  useT: () => Translate<Zh>;
};

/** `'{n} new [order|orders]'`: the first form when the value before it is one. */
const choose = (text: string, params: Readonly<Record<string, string | number>>): string =>
  text.replace(
    /\{(\w+)\}([^{}[\]]*)\[([^|\]]*)\|([^\]]*)\]/g,
    (_, name: string, between: string, one: string, many: string) =>
      `{${name}}${between}${String(params[name]) === '1' ? one : many}`,
  );
const interpolate = (text: string, params: Readonly<Record<string, string | number>> | undefined): string =>
  params ? choose(text, params).replace(/\{(\w+)\}/g, (whole, name: string) => String(params[name] ?? whole)) : text;

/**
 * Typed messages of one app: a key that English lacks, or has too much, is a type error; so is a wrong parameter.
 * `findMessageProblems` says the same in a test, and also compares the parameters of both languages.
 */
export const createI18n = <const Zh extends Messages, const En extends Readonly<Record<keyof Zh & string, string>>>({
  zh,
  en,
}: {
  zh: Zh;
  en: En & Readonly<Record<Exclude<keyof En, keyof Zh>, never>>;
}): I18n<Zh> => {
  const translate: I18n<Zh>['translate'] = (locale, key, ...args) =>
    interpolate(locale === 'zh-CN' ? (zh[key] as string) : ((en as Messages)[key] as string), args[0]);
  // biome-ignore lint/correctness/noComponentHookFactories: called once per app, at module level
  const useT = (): Translate<Zh> => {
    const { locale } = useLocale();
    return useCallback((key, ...args) => translate(locale, key, ...args), [locale]);
  };
  return { messages: { zh, en: en as Readonly<Record<keyof Zh & string, string>> }, translate, useT };
};

const paramsIn = (text: string): string =>
  [...text.matchAll(/\{(\w+)\}/g)]
    .map((match) => match[1])
    .sort()
    .join(',');

/** For tests: missing, superfluous, empty or differently parametrised texts; an empty list is a pass. */
export const findMessageProblems = ({ zh, en }: { zh: Messages; en: Messages }): string[] => {
  const problems: string[] = [];
  for (const [key, text] of Object.entries(zh)) {
    const other = en[key];
    if (text.trim() === '') problems.push(`${key}: empty in zh`);
    if (other === undefined) problems.push(`${key}: missing in en`);
    else if (other.trim() === '') problems.push(`${key}: empty in en`);
    else if (paramsIn(text) !== paramsIn(other))
      problems.push(`${key}: {${paramsIn(text)}} in zh, {${paramsIn(other)}} in en`);
    if (other !== undefined && /[\u4e00-\u9fff]/.test(other)) problems.push(`${key}: Chinese in en`);
  }
  for (const key of Object.keys(en)) if (!(key in zh)) problems.push(`${key}: missing in zh`);
  return problems;
};
