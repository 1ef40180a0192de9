// @vitest-environment jsdom
import { afterEach, describe, expect, it } from 'vitest';
import { readJson, safeLocalStorage, safeSessionStorage } from './storage.ts';

afterEach(() => {
  localStorage.clear();
});

describe('safe storage', () => {
  it('keeps and forgets', () => {
    const storage = safeLocalStorage();
    storage.setItem('k', '{"a":1}');
    expect(localStorage.getItem('k')).toBe('{"a":1}');
    expect(readJson(storage, 'k')).toEqual({ a: 1 });
    storage.removeItem('k');
    expect(readJson(storage, 'k')).toBeNull();
  });

  it('is silent where the browser blocks site data', () => {
    const blocked = {
      get: () => {
        throw new DOMException('denied', 'SecurityError');
      },
      configurable: true,
    };
    const before = Object.getOwnPropertyDescriptor(globalThis, 'sessionStorage');
    Object.defineProperty(globalThis, 'sessionStorage', blocked);
    const storage = safeSessionStorage();
    expect(() => storage.setItem('k', 'v')).not.toThrow();
    expect(storage.getItem('k')).toBeNull();
    expect(() => storage.removeItem('k')).not.toThrow();
    if (before) Object.defineProperty(globalThis, 'sessionStorage', before);
  });

  it('reads what is no JSON as nothing', () => {
    localStorage.setItem('k', '{');
    expect(readJson(safeLocalStorage(), 'k')).toBeNull();
  });
});
