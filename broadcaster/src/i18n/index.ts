import { createI18n } from '@walnut-live/ui';
import { en } from './en.ts';
import { zh } from './zh.ts';

export const i18n = createI18n({ zh, en });
export const useT = i18n.useT;
export type MessageKey = keyof typeof zh;
