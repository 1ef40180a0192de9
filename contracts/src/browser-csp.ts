import { config } from 'zod';

/**
 * zod compiles object parsers with `new Function`, and tries whether it may when a schema is made. The pages are served
 * with a CSP that forbids it, and even the caught attempt is reported as a violation; so in a page it is not tried. Must be
 * evaluated before any schema.
 */
if ('document' in globalThis) config({ jitless: true });
