/** OpenAPI 3.1 out of the routes of the contracts: what is bound is what is described. */
import { errorStatus, Problem, type Route, routes } from '@walnut-live/contracts';
import { z } from 'zod';
import { exampleOf, known } from './openapi-examples.ts';

type Json = Record<string, unknown>;

/** In JSON Schema, with every reference in place. */
export const toSchema = (schema: z.ZodType, io: 'input' | 'output'): Json => {
  const {
    $schema: _dialect,
    $defs,
    ...rest
  } = z.toJSONSchema(schema, { target: 'draft-2020-12', io, unrepresentable: 'any', reused: 'inline' }) as Json;
  return inlineDefs(rest, ($defs ?? {}) as Record<string, Json>) as Json;
};

/** Schemas with an id become `$defs`; a document of operations reads better, and validates everywhere, with them in place. */
function inlineDefs(value: unknown, defs: Record<string, Json>): unknown {
  if (Array.isArray(value)) return value.map((one) => inlineDefs(one, defs));
  if (typeof value !== 'object' || value === null) return value;
  const ref = (value as Json).$ref;
  if (typeof ref === 'string' && ref.startsWith('#/$defs/'))
    return inlineDefs(defs[ref.slice('#/$defs/'.length)] ?? {}, defs);
  return Object.fromEntries(
    Object.entries(value)
      .filter(([key]) => key !== 'id' || typeof (value as Json).id !== 'string')
      .map(([key, one]) => [key, inlineDefs(one, defs)]),
  );
}

/** A schema with an example that it takes; the examples of a route are told apart by the part they are of. */
const withExample = (route: Route, part: 'body' | 'reply', schema: Json): Json => ({
  schema,
  example: known[`${route.id} ${part}`] ?? exampleOf(schema, [], part === 'body' ? 'needed' : 'all'),
});

/** Who may call, in words. */
export function accessText(route: Route): string {
  const { access } = route;
  if (typeof access === 'string') return access;
  if ('staff' in access) return `staff with ${access.staff}`;
  if ('consumerOrStaff' in access) return `consumer (own) or staff with ${access.consumerOrStaff}`;
  return access.secret;
}

function operation(route: Route): Json {
  const parameters: Json[] = [];
  for (const [where, schema] of [
    ['path', route.params],
    ['query', route.query],
  ] as const) {
    if (!schema) continue;
    const json = toSchema(schema, 'input') as { properties?: Record<string, Json>; required?: string[] };
    for (const [name, property] of Object.entries(json.properties ?? {})) {
      parameters.push({
        name,
        in: where,
        required: where === 'path' || (json.required ?? []).includes(name),
        schema: property,
        example: (known[`${route.id} ${where}`] as Json | undefined)?.[name] ?? exampleOf(property, [name]),
      });
    }
  }
  if (route.idempotent)
    parameters.push({
      name: 'Idempotency-Key',
      in: 'header',
      required: true,
      schema: { type: 'string', minLength: 8, maxLength: 128 },
      example: 'order-019a9f00-7a1c',
    });
  const status = String(route.status ?? (route.method === 'DELETE' ? 204 : 200));
  const content: Json = route.reply
    ? { 'application/json': withExample(route, 'reply', toSchema(route.reply, 'output')) }
    : {};
  for (const type of route.produces ?? []) content[type] = { schema: { type: 'string' } };
  const failures = new Map<number, string[]>();
  for (const code of [
    'invalid_request',
    ...(route.access === 'public' ? [] : ['unauthenticated', 'forbidden']),
    ...(route.errors ?? []),
  ] as (keyof typeof errorStatus)[]) {
    const known = failures.get(errorStatus[code]) ?? [];
    if (!known.includes(code)) failures.set(errorStatus[code], [...known, code]);
  }
  return {
    operationId: route.id,
    tags: [route.tag],
    summary: route.summary,
    description: `Access: ${accessText(route)}.`,
    ...(parameters.length > 0 ? { parameters } : {}),
    ...(route.body
      ? {
          requestBody: {
            required: true,
            content: { 'application/json': withExample(route, 'body', toSchema(route.body, 'input')) },
          },
        }
      : {}),
    ...(typeof route.access === 'string' && route.access === 'public' ? { security: [] } : {}),
    responses: {
      [status]: {
        description: status === '302' ? 'redirect into the player' : 'done',
        ...(Object.keys(content).length > 0 ? { content } : {}),
      },
      ...Object.fromEntries(
        [...failures].map(([code, codes]) => [
          String(code),
          {
            description: codes.join(', '),
            content: { 'application/problem+json': { schema: { $ref: '#/components/schemas/Problem' } } },
          },
        ]),
      ),
    },
  };
}

export function buildOpenApi(publicUrl: string): Json {
  const paths: Record<string, Json> = {};
  for (const route of routes) {
    const path = `${route.base ?? '/api/v1'}${route.path}`.replaceAll(/:(\w+)/g, '{$1}');
    paths[path] = { ...paths[path], [route.method.toLowerCase()]: operation(route) };
  }
  return {
    openapi: '3.1.0',
    info: {
      title: 'Walnut Live',
      version: '1.0.0',
      description:
        'Live commerce for a brand’s private domain. Money is integer fen; times are RFC 3339 UTC; errors are RFC 9457 problem details.',
      license: { name: 'Apache-2.0', identifier: 'Apache-2.0' },
    },
    servers: [{ url: publicUrl }],
    security: [{ bearer: [] }],
    paths,
    components: {
      securitySchemes: { bearer: { type: 'http', scheme: 'bearer', bearerFormat: 'JWT' } },
      schemas: { Problem: toSchema(Problem, 'output') },
    },
  };
}
