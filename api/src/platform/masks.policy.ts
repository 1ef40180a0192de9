/** Rule Z6: what of a person's data is shown to whom it does not concern. Pure. */

/** `139****5678`. */
export const maskPhone = (phone: string): string => `${phone.slice(0, 3)}****${phone.slice(-4)}`;

/** `林*`: the first character of a name; its length is hidden too. */
export function maskName(name: string): string {
  const [first = ''] = name.trim();
  return `${first}*`;
}

/** With or without the country's code, which stays. */
const PHONE_IN_TEXT = /(?<!\d)((?:(?:\+|00)?86[ -]?)?)(1[3-9]\d(?:[ -]?\d{4}){2})(?!\d)/g;
/** Free text as it is, but for phone numbers that somebody wrote into it. */
export const maskPhonesIn = (text: string): string =>
  text.replaceAll(
    PHONE_IN_TEXT,
    (_, code: string, phone: string) => `${code}${maskPhone(phone.replaceAll(/[ -]/g, ''))}`,
  );
