/**
 * An address that somebody types becomes a link or a picture on somebody else's page: none runs a script, none leads to another host
 * unless it is a whole http(s) address. Every field of every body whose name says that it is one.
 */
import { expect, test } from 'vitest';
import { z } from 'zod';
import { routes } from './index.ts';

interface Shape {
  readonly properties?: Readonly<Record<string, Shape>>;
  readonly items?: Shape;
  readonly anyOf?: readonly Shape[];
  readonly oneOf?: readonly Shape[];
  readonly type?: string;
}
type Path = readonly (string | number)[];

const isAddress = (name: string) => /(?:url|link|href|pictures)$/i.test(name);
function addressesIn(shape: Shape, name = '', path: Path = []): Path[] {
  const choices = [...(shape.anyOf ?? []), ...(shape.oneOf ?? [])];
  if (choices.length > 0) return choices.flatMap((choice) => addressesIn(choice, name, path));
  if (shape.items) return addressesIn(shape.items, name, [...path, 0]);
  if (shape.properties)
    return Object.entries(shape.properties).flatMap(([key, field]) => addressesIn(field, key, [...path, key]));
  return shape.type === 'string' && isAddress(name) ? [path] : [];
}
const wrap = (path: Path, value: unknown): unknown =>
  path.reduceRight<unknown>((inner, key) => (typeof key === 'number' ? [inner] : { [key]: inner }), value);

const EVIL = [
  ...['javascript:alert(1)', ' javascript:alert(1)', 'JaVaScRiPt:alert(1)', 'java\nscript:alert(1)', 'vbscript:x'],
  ...[
    'data:text/html,<script>alert(1)</script>',
    'file:///etc/passwd',
    '//evil.example/a',
    '\\\\evil.example\\a',
    '/\\evil.example',
  ],
  ...['/pictures/../../etc/passwd', 'blob:https://evil.example/a', 'https:', 'about:blank'],
];
const fields = routes.flatMap((route) =>
  route.body
    ? addressesIn(z.toJSONSchema(route.body, { io: 'input', unrepresentable: 'any', reused: 'inline' }) as Shape).map(
        (path) => ({ id: route.id, at: path.join('/'), body: route.body as z.ZodType, path }),
      )
    : [],
);

test('there are such fields', () => {
  expect(fields.map(({ id }) => id)).toEqual(
    expect.arrayContaining(['webhooks.create', 'rooms.create', 'products.create']),
  );
});

test.each(fields)('$id: $at takes no address that does harm', ({ body, path }) => {
  for (const address of EVIL) {
    const { error } = body.safeParse(wrap(path, address));
    const isRefused = error?.issues.some(
      (issue) => path.every((key, at) => issue.path[at] === key) || issue.code === 'invalid_union',
    );
    expect(isRefused, address).toBe(true);
  }
});
