/**
 * Who says that a name and a resident id number belong together, and when that person was born. A provider of the ministry's
 * service is another party and implements this port; the embedded one needs no account anywhere and proves less: that the
 * number is well made, and the age that is written in it.
 */
import { type BirthDate, birthDateOf } from './resident-id.policy.ts';

/** `refused`: the number is wrong, or is not this name's. A check that throws has no outcome. */
export type Verdict = { readonly outcome: 'confirmed'; readonly birth: BirthDate } | { readonly outcome: 'refused' };
export interface IdentityVerifier {
  /** Stands with the answer it gave. */
  readonly name: string;
  /** Must neither keep nor log what it is given (rule Z6). */
  check(person: { name: string; idNumber: string }): Promise<Verdict>;
}

/** Two to thirty letters, with the dot that stands inside names of many peoples. */
const NAME = /^\p{L}[\p{L}·. ]{0,28}\p{L}$/u;

export const embeddedVerifier: IdentityVerifier = {
  name: 'embedded',
  async check({ name, idNumber }) {
    const birth = NAME.test(name) ? birthDateOf(idNumber) : undefined;
    return birth ? { outcome: 'confirmed', birth } : { outcome: 'refused' };
  },
};
