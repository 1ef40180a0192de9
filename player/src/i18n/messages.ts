import { createI18n } from '@walnut-live/ui';
import { en } from './en.ts';
import { zh } from './zh.ts';

/** Texts of the player; zh-CN by default, English complete (a missing key does not compile). */
export const playerI18n = createI18n({ zh, en });
