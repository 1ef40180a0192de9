/**
 * Contracts make some thousand schemas while they are read, of which a page's first screen needs a few. In a browser's files each
 * schema and each route is made when something of it is asked for: a stand-in is there before. What a phone waits for the
 * first picture gets shorter by that (docs/06, P9); what is checked stays the same (late-schemas.test.ts).
 */
import type { Plugin } from 'vite';

const HELPER = 'virtual:late';
const RESOLVED = `\0${HELPER}`;

/**
 * Stands for what `make` returns, which is made at the first look at it. Everything that is asked of it is answered by the
 * real one, so that nobody can tell them apart but by `===`.
 */
export function late<T extends object>(make: () => T): T {
  let made: T | undefined;
  const real = (): T => {
    made ??= make();
    return made;
  };
  return new Proxy({} as T, {
    get: (_, key) => Reflect.get(real(), key),
    set: (_, key, value) => Reflect.set(real(), key, value),
    has: (_, key) => Reflect.has(real(), key),
    ownKeys: () => Reflect.ownKeys(real()),
    getPrototypeOf: () => Reflect.getPrototypeOf(real()),
    defineProperty: (_, key, descriptor) => Reflect.defineProperty(real(), key, descriptor),
    getOwnPropertyDescriptor(_, key) {
      const descriptor = Reflect.getOwnPropertyDescriptor(real(), key);
      // A property that its stand-in does not have must not be said to be fixed.
      return descriptor && { ...descriptor, configurable: true };
    },
  });
}

interface Node {
  type: string;
  start: number;
  end: number;
  name?: string;
  kind?: string;
  callee?: Node;
  object?: Node;
  property?: Node;
  declaration?: Node | null;
  declarations?: { init?: Node | null }[];
  body?: Node[];
}

const GLOBALS = new Set(['Array', 'BigInt', 'Date', 'JSON', 'Math', 'Number', 'Object', 'String', 'Symbol']);
/** Not a schema but what one makes of a value. */
const READS = new Set(['parse', 'safeParse', 'decode', 'encode']);

/** The expression calls something of a schema, of `z` or of `defineRoute`. */
function makesSchema(node: Node): boolean {
  if (node.type !== 'CallExpression' || !node.callee) return false;
  if (node.callee.type === 'MemberExpression' && READS.has(node.callee.property?.name ?? '')) return false;
  let root: Node | undefined = node;
  while (root && root.type !== 'Identifier') root = root.callee ?? root.object;
  const name = root?.name ?? '';
  return name === 'z' || name === 'defineRoute' || (/^[A-Z][a-z]/.test(name) && !GLOBALS.has(name));
}

/** @param parse Of plain JavaScript: the types are gone already. Returns null when there is nothing to be made late. */
export function lateSchemas(code: string, parse: (code: string) => unknown): string | null {
  const program = parse(code) as Node;
  const found: { start: number; end: number }[] = [];
  for (const statement of program.body ?? []) {
    const declaration = statement.type === 'ExportNamedDeclaration' ? statement.declaration : statement;
    if (declaration?.type !== 'VariableDeclaration' || declaration.kind !== 'const') continue;
    for (const { init } of declaration.declarations ?? []) if (init && makesSchema(init)) found.push(init);
  }
  if (found.length === 0) return null;
  let changed = code;
  for (const { start, end } of found.toReversed())
    changed = `${changed.slice(0, start)}/*#__PURE__*/ late(() => (${changed.slice(start, end)}))${changed.slice(end)}`;
  return `import { late } from '${HELPER}';\n${changed}`;
}

export const withLateSchemas = (): Plugin => ({
  name: 'walnut:with-late-schemas',
  apply: 'build',
  resolveId: (source) => (source === HELPER ? RESOLVED : undefined),
  load: (id) => (id === RESOLVED ? `export const late = ${late.toString()};` : undefined),
  transform(code, id) {
    if (!/[\\/]contracts[\\/]src[\\/][^?]*\.ts$/.test(id)) return;
    const changed = lateSchemas(code, (text) => this.parse(text));
    return changed === null ? undefined : { code: changed, map: null };
  },
});
