/** What the three apps say, gathered from wherever their features keep it, so that screens can be held against it. */
/// <reference types="vite/types/importMeta.d.ts" />
import { en as studioEn } from '../../broadcaster/src/i18n/en.ts';
import { zh as studioZh } from '../../broadcaster/src/i18n/zh.ts';
import { en as consoleEn } from '../../console/src/i18n/messages.en.ts';
import { zh as consoleZh } from '../../console/src/i18n/messages.zh.ts';
import { en as playerEn } from '../../player/src/i18n/en.ts';
import { zh as playerZh } from '../../player/src/i18n/zh.ts';
import type { AppTexts } from './screens.ts';

type Messages = Readonly<Record<string, string>>;
type I18nModule = Readonly<Record<string, { messages?: { zh: Messages; en: Messages } } | undefined>>;

const consoleModules = import.meta.glob<I18nModule>('../../console/src/**/*messages.ts', { eager: true });
const playerModules = import.meta.glob<I18nModule>('../../player/src/**/*messages.ts', { eager: true });
const studioModules = import.meta.glob<I18nModule>('../../broadcaster/src/**/*messages.ts', { eager: true });

function everyText(base: AppTexts, modules: Record<string, I18nModule>): AppTexts {
  const [zh, en]: [Record<string, string>, Record<string, string>] = [{ ...base.zh }, { ...base.en }];
  for (const [at, module] of Object.values(modules).entries()) {
    for (const exported of Object.values(module)) {
      for (const [key, text] of Object.entries(exported?.messages?.zh ?? {})) {
        const name = key in zh ? `${at}:${key}` : key;
        zh[name] = text;
        en[name] = exported?.messages?.en[key] ?? '';
      }
    }
  }
  return { zh, en };
}

export const appTexts: Readonly<Record<'player' | 'studio' | 'console', AppTexts>> = {
  player: everyText({ zh: playerZh, en: playerEn }, playerModules),
  studio: everyText({ zh: studioZh, en: studioEn }, studioModules),
  console: everyText({ zh: consoleZh, en: consoleEn }, consoleModules),
};
