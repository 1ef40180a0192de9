/** Vite plugins that leave out of a browser's files what no browser asks for. */
import type { Plugin } from 'vite';
import { withLateSchemas } from './late-schemas.ts';

/**
 * mediasoup-client is CommonJS, so nothing of it can be shaken off: its handlers for React Native and for tests would
 * cost every viewer 8 KB. No phone browser ever asks for them.
 */
const withoutForeignHandlers = (): Plugin => {
  const empty = '\0no-foreign-handler';
  return {
    name: 'walnut:without-foreign-handlers',
    enforce: 'pre',
    resolveId: (source, importer) =>
      importer?.includes('mediasoup-client') &&
      /handlers\/(ReactNative106|FakeHandler)$|test\/fakeParameters$/.test(source)
        ? empty
        : undefined,
    load: (id) =>
      id === empty ? 'export const ReactNative106 = undefined; export const FakeHandler = undefined;' : undefined,
  };
};

/**
 * Contracts describe themselves for the served OpenAPI document: summaries, tags and errors of routes,
 * descriptions and names of schemas.
 * Nothing in a browser reads them; without them every viewer fetches some 3 KB less.
 */
const withoutDescriptions = (): Plugin => {
  const string = String.raw`(?:'(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*")`;
  const descriptions = new RegExp(
    String.raw`\.meta\(\{(?:[^'"{}]|${string})*\}\)|\b(?:summary|tag):\s*${string},|\berrors:\s*\[[^\]]*\],`,
    'g',
  );
  return {
    name: 'walnut:without-descriptions',
    apply: 'build',
    enforce: 'pre',
    transform: (code, id) =>
      /[\\/]contracts[\\/]src[\\/]/.test(id) ? { code: code.replace(descriptions, ''), map: null } : undefined,
  };
};

/**
 * Each schema of zod carries the way to write itself as JSON Schema, which cannot be shaken off. The served OpenAPI document
 * needs that, a browser never does: a function in its place says so.
 */
const withoutJsonSchemas = (): Plugin => ({
  name: 'walnut:without-json-schemas',
  apply: 'build',
  enforce: 'pre',
  transform: (code, id) => {
    if (!/[\\/]zod[\\/]v4[\\/]core[\\/](?:to-json-schema|json-schema-processors|json-schema-generator)\.js$/.test(id))
      return;
    const names = [...code.matchAll(/^export (?:const|function|class) (\w+)/gm)].map(([, name]) => name);
    const renamed = [...code.matchAll(/^export \{ \w+ as (\w+) \};$/gm)].map(([, name]) => name);
    const absent = "const absent = () => () => { throw new Error('no JSON Schema here'); };";
    return {
      code: `${absent}\n${names.map((name) => `export const ${name} = absent;`).join('\n')}\n${renamed
        .map((name) => `export { absent as ${name} };`)
        .join('\n')}`,
      map: null,
    };
  },
});

/** All of them. */
export const lean = (): Plugin[] => [
  withoutForeignHandlers(),
  withoutDescriptions(),
  withoutJsonSchemas(),
  withLateSchemas(),
];
