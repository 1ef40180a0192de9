// @vitest-environment jsdom
import { errorCodes } from '@walnut-live/contracts';
import { act } from 'react';
import { createRoot } from 'react-dom/client';
import { afterEach, describe, expect, it } from 'vitest';
import { createI18n, findMessageProblems } from './create-i18n.ts';
import { errorMessages, errorText, requestIdOf } from './error-messages.ts';
import { chooseLocale, localeStorageKey } from './locale.ts';
import { LocaleProvider, useLocale } from './locale-provider.tsx';
import { uiI18n } from './ui-messages.ts';

Object.assign(globalThis, { IS_REACT_ACT_ENVIRONMENT: true });

const LanguageButton = (): React.ReactNode => {
  const { setLocale } = useLocale();
  const t = uiI18n.useT();
  return (
    <button type="button" onClick={() => setLocale('en')}>
      {t('common.close')}
    </button>
  );
};

describe('messages', () => {
  it('of the shared controls are complete in both languages', () => {
    expect(findMessageProblems(uiI18n.messages)).toEqual([]);
  });
  it('exist for every error code', () => {
    expect(findMessageProblems(errorMessages)).toEqual([]);
    for (const code of errorCodes) expect(errorMessages.zh).toHaveProperty(code);
  });
  it('with problems are named', () => {
    expect(
      findMessageProblems({
        zh: { a: '甲', b: '{x} 乙', c: '丙', d: '' },
        en: { a: 'A', b: '{y} B', d: '丁', e: 'E' },
      }),
    ).toEqual([
      'b: {x} in zh, {y} in en',
      'c: missing in en',
      'd: empty in zh',
      'd: Chinese in en',
      'e: missing in zh',
    ]);
  });
  it('are checked by the compiler', () => {
    const i18n = createI18n({ zh: { hi: '你好，{name}' }, en: { hi: 'Hello, {name}' } });
    expect(i18n.translate('en', 'hi', { name: '<b>' })).toBe('Hello, <b>');
    // @ts-expect-error a parameter is missing
    expect(i18n.translate('zh-CN', 'hi')).toBe('你好，{name}');
    // @ts-expect-error the parameter has another name
    i18n.translate('zh-CN', 'hi', { nom: 'x' });
    // @ts-expect-error English lacks a key
    createI18n({ zh: { a: '甲', b: '乙' }, en: { a: 'A' } });
    // @ts-expect-error Chinese lacks a key
    createI18n({ zh: { a: '甲' }, en: { a: 'A', b: 'B' } });
  });
});

describe('one and many', () => {
  it('the value before a choice decides', () => {
    const i18n = createI18n({
      zh: { sums: '{orders} 单 · {people} 人' },
      en: { sums: '{orders} paid [order|orders] · {people} [person|people]' },
    });
    const say = (orders: number | string, people: number | string) => i18n.translate('en', 'sums', { orders, people });
    expect(say(1, 2)).toBe('1 paid order · 2 people');
    expect(say('1,000', '1')).toBe('1,000 paid orders · 1 person');
    expect(say(0, 1.5)).toBe('0 paid orders · 1.5 people');
    expect(i18n.translate('zh-CN', 'sums', { orders: 1, people: 1 })).toBe('1 单 · 1 人');
  });
});

describe('language', () => {
  it.each([
    ['?lang=en', 'zh-CN', ['zh-CN'], 'en'],
    ['?lang=zh-Hant', 'en', [], 'zh-CN'],
    ['?lang=fr', 'en', [], 'en'],
    ['', 'nonsense', ['fr-FR', 'en-GB'], 'en'],
    ['', null, ['fr-FR'], 'zh-CN'],
    ['', null, [], 'zh-CN'],
  ] as const)('%s, stored %s, browser %j → %s', (search, stored, preferred, expected) => {
    expect(chooseLocale({ search, stored, preferred })).toBe(expected);
  });
});

describe('LocaleProvider', () => {
  afterEach(() => {
    localStorage.clear();
    document.body.replaceChildren();
  });
  it('sets <html lang>, remembers a choice and re-renders texts', async () => {
    const host = document.body.appendChild(document.createElement('div'));
    const root = createRoot(host);
    await act(async () =>
      root.render(
        <LocaleProvider initial="zh-CN">
          <LanguageButton />
        </LocaleProvider>,
      ),
    );
    expect(document.documentElement.lang).toBe('zh-CN');
    expect(host.textContent).toBe('关闭');
    await act(async () => host.querySelector('button')?.click());
    expect(document.documentElement.lang).toBe('en');
    expect(host.textContent).toBe('Close');
    expect(localStorage.getItem(localeStorageKey)).toBe('en');
    await act(async () => root.unmount());
  });
});

describe('errors', () => {
  it('are told in the reader’s words', () => {
    expect(errorText({ code: 'out_of_stock' }, 'zh-CN')).toBe('来晚一步，已售罄');
    expect(errorText('muted', 'en')).toMatch(/muted/);
    expect(errorText(new TypeError('Failed to fetch'), 'en')).toBe(errorMessages.en.network);
    const refused = { code: 'words_refused', facts: { terms: ['健脑', '补脑'] } };
    expect(errorText(refused, 'zh-CN')).toBe(`${errorMessages.zh.words_refused}：健脑、补脑`);
    expect(errorText({ code: 'made_up' }, 'en')).toBe(errorMessages.en.unknown);
    expect(errorText(undefined, 'zh-CN')).toBe(errorMessages.zh.unknown);
  });
  it('keep their request id', () => {
    expect(requestIdOf({ requestId: 'r-1' })).toBe('r-1');
    expect(requestIdOf({ problem: { requestId: 'r-2' } })).toBe('r-2');
    expect(requestIdOf('x')).toBeUndefined();
  });
});
