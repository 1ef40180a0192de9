import { createI18n } from '@walnut-live/ui';
import { en } from './messages.en.ts';
import { zh } from './messages.zh.ts';

export const consoleI18n = createI18n({ zh, en });
export const { useT } = consoleI18n;
export type MessageKey = keyof typeof zh;
