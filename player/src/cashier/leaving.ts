/** Going to a page of WeChat and coming back: what was left behind is in this tab's own memory, and believed for nothing else. */

const LEFT_KEY = 'walnut-live.paying';

/** `paymentId`: what the payer goes to pay. */
export const leaveFor = (url: string, paymentId?: string): void => {
  try {
    if (paymentId !== undefined) sessionStorage.setItem(LEFT_KEY, paymentId);
  } catch {
    // A tab without storage asks to choose again when it comes back.
  }
  location.assign(url);
};

/** Whether this tab went away to pay this; once. */
export const takeLeft = (paymentId: string): boolean => {
  try {
    const left = sessionStorage.getItem(LEFT_KEY) === paymentId;
    if (left) sessionStorage.removeItem(LEFT_KEY);
    return left;
  } catch {
    return false;
  }
};

/** What WeChat told this page about who the payer is; out of the address, so that a reload does not tell it again. */
export const takeCode = (): { code: string; state: string } | null => {
  const query = new URLSearchParams(location.search);
  const [code, state] = [query.get('code'), query.get('state')];
  if (!location.pathname.startsWith('/pay/') || code === null || state === null) return null;
  history.replaceState(history.state, '', location.pathname);
  return { code, state };
};
