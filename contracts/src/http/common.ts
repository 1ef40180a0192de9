import { z } from 'zod';

/** RFC 3339 instant in UTC. */
export const Instant = z.iso.datetime().meta({ description: 'RFC 3339, UTC' });
/** Plain text a person typed: trimmed, no control characters. */
export const text = (max: number, min = 1) =>
  z
    .string()
    .trim()
    .min(min)
    .max(max)
    .refine((s) => ![...s].some((c) => c.charCodeAt(0) < 32 && c !== '\n'), 'control_character')
    // Half of a surrogate pair is no text; PostgreSQL refuses it in JSON.
    .refine((s) => ![...s].some((c) => c.length === 1 && c >= '\uD800' && c <= '\uDFFF'), 'malformed_text');
/** The largest number that an integer of the database takes. */
export const MAX_INT4 = 2_147_483_647;
/** Opaque keyset cursor and page size of every list. */
export const PageQuery = z.strictObject({
  cursor: z.string().max(200).optional(),
  limit: z.coerce.number().int().min(1).max(100).default(20),
});
export const page = <T extends z.ZodType>(item: T) =>
  z.object({ items: z.array(item), nextCursor: z.string().nullable() });
export const Empty = z.strictObject({});
/** Address of a picture served by the api, relative to the origin: no other host (`//…`), no way up (`..`). */
export const PictureUrl = z
  .string()
  .max(300)
  .regex(/^(?:\/(?!\.\.?(?:\/|$))[\w.-]+)+$/);
export const PersonRef = z.object({ id: z.uuid(), name: z.string() }).meta({ id: 'PersonRef' });
export const OrgUnitRef = z
  .object({ id: z.uuid(), kind: z.enum(['hq', 'channel', 'store']), path: z.string(), name: z.string() })
  .meta({ id: 'OrgUnitRef' });
