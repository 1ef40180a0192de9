/**
 * What `docker compose config` would find wrong in a compose file, without Docker: interpolation, references between
 * services, networks and volumes, shapes of ports and health checks. Only the keys this house uses are known; another
 * one is reported, so that a typing mistake is not silently ignored.
 */
import { parse } from 'yaml';
import { z } from 'zod';

const text = z.string();
const scalar = z.union([z.string(), z.number(), z.boolean()]);
const duration = z.string().regex(/^\d+(?:ms|s|m|h)$/);
const PORT = '(?:\\d{1,5})(?:-\\d{1,5})?';
const published = z.string().regex(new RegExp(`^(?:[\\d.]+:)?${PORT}:${PORT}(?:/(?:tcp|udp))?$`));

const memory = z.string().regex(/^\d+[mg]$/);

const Service = z.strictObject({
  image: text.optional(),
  build: z.strictObject({ context: text, dockerfile: text }).optional(),
  command: z.union([text, z.array(text)]).optional(),
  entrypoint: z.array(text).optional(),
  mem_limit: memory,
  logging: z.strictObject({ driver: z.literal('json-file'), options: z.record(text, text) }),
  network_mode: z.literal('host').optional(),
  restart: z.enum(['no', 'always', 'on-failure', 'unless-stopped']).optional(),
  profiles: z.array(text).optional(),
  init: z.boolean().optional(),
  environment: z.record(text, scalar).optional(),
  ports: z.array(published).optional(),
  volumes: z.array(text.regex(/^[^:]+:\/[^:]+(?::ro)?$/)).optional(),
  networks: z
    .union([
      z.array(text),
      z.record(
        text,
        z.strictObject({ ipv4_address: z.ipv4().optional(), aliases: z.array(text).optional() }).nullable(),
      ),
    ])
    .optional(),
  depends_on: z
    .record(
      text,
      z.strictObject({ condition: z.enum(['service_started', 'service_healthy', 'service_completed_successfully']) }),
    )
    .optional(),
  shm_size: text.optional(),
  stop_grace_period: duration.optional(),
  healthcheck: z
    .strictObject({
      test: z.array(text).min(2),
      interval: duration,
      timeout: duration,
      retries: z.int().min(1),
      start_period: duration.optional(),
    })
    .optional(),
});

export const ComposeFile = z.strictObject({
  name: text.regex(/^[a-z0-9][a-z0-9_-]*$/),
  'x-logs': z.unknown().optional(),
  services: z.record(text, Service),
  networks: z.record(
    text,
    z.strictObject({ ipam: z.strictObject({ config: z.array(z.strictObject({ subnet: z.cidrv4() })) }).optional() }),
  ),
  volumes: z.record(text, z.strictObject({})),
});
export type ComposeFile = z.infer<typeof ComposeFile>;

/** A variable as the compose file uses it: `${NAME:?message}`, `${NAME:-default}`, `${NAME:+instead}` or `${NAME}`. */
export interface Variable {
  name: string;
  required: boolean;
  /** Up to a variable within it. */
  fallback?: string;
}

const VARIABLE = /\$\{([A-Z][A-Z0-9_]*)(?::([?+-])([^${}]*))?/g;
/** One without another inside; those around it come in the next turn. */
const INNERMOST = /\$\{([A-Z][A-Z0-9_]*)(?::([?+-])([^${}]*))?\}/g;

/** Every variable in the text, in order of appearance. */
export function variablesIn(source: string): Variable[] {
  return [...source.matchAll(VARIABLE)].map(([, name = '', kind, rest]) => ({
    name,
    required: kind === '?',
    ...(kind === '-' ? { fallback: rest ?? '' } : {}),
  }));
}

/** Fills in the variables, from the inside out. @throws Error naming the first required one that is missing or empty */
export function interpolate(source: string, values: Readonly<Record<string, string>>): string {
  const filled = source.replace(INNERMOST, (_all, name: string, kind: string | undefined, rest: string | undefined) => {
    const value = values[name];
    if (kind === '+') return value ? (rest ?? '') : '';
    if (value) return value;
    if (kind === '-') return rest ?? '';
    throw new Error(`${name} is not set${rest ? `: ${rest}` : ''}`);
  });
  return filled === source ? source.replaceAll('$$', '$') : interpolate(filled, values);
}

/** The file as Docker Compose reads it: variables filled in, anchors merged. @throws Error, ZodError */
export function readCompose(source: string, values: Readonly<Record<string, string>>): ComposeFile {
  return ComposeFile.parse(withoutNulls(parse(interpolate(source, values), { merge: true })));
}

/** Compose fills in after it has read the file: what is empty then is an empty text in an environment, not nothing. */
function withoutNulls(file: { services: Record<string, { environment?: Record<string, unknown> }> }): unknown {
  for (const { environment } of Object.values(file.services)) {
    for (const key of Object.keys(environment ?? {})) if (environment) environment[key] ??= '';
  }
  return file;
}

/** References that lead nowhere, and services that would never be seen healthy. */
export function danglingReferences(file: ComposeFile): string[] {
  return Object.entries(file.services).flatMap(([name, service]) => {
    const networks = Array.isArray(service.networks) ? service.networks : Object.keys(service.networks ?? {});
    const volumes = (service.volumes ?? [])
      .map((volume) => volume.split(':')[0] ?? '')
      .filter((v) => /^[\w-]+$/.test(v));
    return [
      ...(service.image || service.build ? [] : [`${name}: neither image nor build`]),
      ...networks.filter((network) => !file.networks[network]).map((network) => `${name}: no network ${network}`),
      ...volumes.filter((volume) => !file.volumes[volume]).map((volume) => `${name}: no volume ${volume}`),
      ...Object.entries(service.depends_on ?? {}).flatMap(([other, { condition }]) => {
        const target = file.services[other];
        if (!target) return [`${name}: depends on ${other}, which is not there`];
        if (target.profiles && !target.profiles.every((profile) => service.profiles?.includes(profile)))
          return [`${name}: depends on ${other}, which only some profiles start`];
        if (condition === 'service_healthy' && !target.healthcheck) return [`${name}: ${other} has no health check`];
        return [];
      }),
      ...(service.restart === undefined ? [`${name}: does not say whether it is started again`] : []),
      ...(service.restart !== 'no' && !service.healthcheck ? [`${name}: has no health check`] : []),
    ];
  });
}
