/** Every example in the served document is one that the route itself would take, or give. */
import { routes } from '@walnut-live/contracts';
import { expect, it } from 'vitest';
import { buildOpenApi } from './openapi.ts';
import { known } from './openapi-examples.ts';

interface Media {
  readonly example?: unknown;
}
interface Operation {
  readonly parameters?: readonly { name: string; in: string; example?: unknown; required: boolean }[];
  readonly requestBody?: { content: Record<string, Media> };
  readonly responses: Record<string, { content?: Record<string, Media> }>;
}
const { paths } = buildOpenApi('http://localhost') as { paths: Record<string, Record<string, Operation>> };
const operationOf = (route: (typeof routes)[number]): Operation => {
  const path = `${route.base ?? '/api/v1'}${route.path}`.replaceAll(/:(\w+)/g, '{$1}');
  const operation = paths[path]?.[route.method.toLowerCase()];
  if (!operation) throw new Error(`${route.id} is not described`);
  return operation;
};

it.each(routes.map((route) => [route.id, route] as const))('%s has examples that its schemas take', (_, route) => {
  const { parameters = [], requestBody, responses } = operationOf(route);
  for (const [where, schema] of [
    ['path', route.params],
    ['query', route.query],
  ] as const) {
    if (!schema) continue;
    const of = parameters.filter((parameter) => parameter.in === where);
    expect(of.filter(({ example }) => example === undefined)).toEqual([]);
    // As they are written into an address.
    const written = of.map(({ name, example }) => [name, typeof example === 'object' ? example : String(example)]);
    expect(schema.safeParse(Object.fromEntries(written)).error?.issues).toBeUndefined();
  }
  if (route.body) {
    const example = requestBody?.content['application/json']?.example;
    expect(example).toBeDefined();
    expect(route.body.safeParse(example).error?.issues).toBeUndefined();
  }
  if (route.reply) {
    const example = responses[String(route.status ?? 200)]?.content?.['application/json']?.example;
    expect(example).toBeDefined();
    expect(route.reply.safeParse(example).error?.issues).toBeUndefined();
  }
});

it('nothing is known of routes that are not there', () => {
  const ids = new Set(routes.map(({ id }) => id));
  expect(Object.keys(known).filter((key) => !ids.has(key.split(' ')[0] ?? ''))).toEqual([]);
});
