/** Tells a page that may not show a room from one that is offline: browsers hide the difference on purpose. */
import type { ApiError } from '../http/api-error.ts';

/** Whether a page that is kept out would see this: nothing at all, and at once. An answer that can be read was let through. */
export const mayBeRefusal = ({ status, cause }: ApiError): boolean =>
  status === 0 && (cause as { name?: unknown } | undefined)?.name !== 'AbortError';

const ASK_TIMEOUT_MS = 5_000;

/**
 * True when the product answers everybody (`/healthz`) while it did not answer us. A proxy whose product is away answers
 * nothing that can be read, so a restart is no refusal.
 */
export const isReachable = async (origin: string, doFetch: typeof fetch): Promise<boolean> => {
  const controller = new AbortController();
  const timer = setTimeout(() => controller.abort(), ASK_TIMEOUT_MS);
  try {
    const answer = await doFetch(`${origin}/healthz`, {
      credentials: 'omit',
      cache: 'no-store',
      signal: controller.signal,
    });
    return answer.ok;
  } catch {
    return false;
  } finally {
    clearTimeout(timer);
  }
};
