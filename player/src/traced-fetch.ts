/**
 * Gives requests of a purchase a `traceparent` (W3C Trace Context), so that what follows from a tap is one trace (docs/32). The
 * ids are random and say nothing of who taps; whether anything is recorded is for the server to say.
 */
const hex = (bytes: number): string =>
  Array.from(crypto.getRandomValues(new Uint8Array(bytes)), (byte) => byte.toString(16).padStart(2, '0')).join('');

/** An order begins a trace; what pays it goes on in it. Asking, and paying for anything else, begins one each time. */
export const createTracedFetch = (fetch: typeof globalThis.fetch): typeof globalThis.fetch => {
  let order = '';
  let paymentId = '';
  return async (input, init) => {
    const path = /^(?:https?:\/\/[^/]+)?\/api\/v1(\/(?:orders|payments)\b[^?]*)/.exec(String(input))?.[1];
    if (!path) return fetch(input, init);
    const places = path === '/orders' && init?.method === 'POST';
    if (places) [order, paymentId] = [hex(16), ''];
    const trace = places || (paymentId && path.includes(paymentId)) ? order : hex(16);
    const headers = new Headers(init?.headers);
    headers.set('traceparent', `00-${trace}-${hex(8)}-01`);
    const answer = await fetch(input, { ...init, headers });
    if (places && answer.ok) {
      const told = (await answer
        .clone()
        .json()
        .catch(() => null)) as { payment?: { id?: string } | null } | null;
      // Another order may have been placed meanwhile: its trace is the one that goes on.
      if (trace === order) paymentId = told?.payment?.id ?? '';
    }
    return answer;
  };
};
