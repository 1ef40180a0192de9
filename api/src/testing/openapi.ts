import { Validator } from '@seriousme/openapi-schema-validator';

/** Validates an OpenAPI document against the specification's own schema. */
export async function validate(document: Record<string, unknown>): Promise<{ valid: boolean; errors?: unknown }> {
  const result = await new Validator().validate(structuredClone(document));
  return result.valid ? { valid: true } : { valid: false, errors: result.errors };
}
