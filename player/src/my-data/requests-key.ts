/** Under which my requests are cached. */
export const REQUESTS_KEY = 'my-data-requests';
