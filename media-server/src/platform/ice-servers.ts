/**
 * STUN and TURN servers for clients that cannot reach the media ports. A TURN password is made for one person and for a
 * while, by the convention that coturn calls `use-auth-secret`: user name = expiry and a label, password = HMAC-SHA1 of it
 * with the secret that media-server and coturn share. Nothing is asked of the TURN server.
 */
import { createHash, createHmac } from 'node:crypto';
import type { IceServer } from '@walnut-live/contracts';

export interface IceServerConfig {
  stunUrls: string[];
  turnUrls: string[];
  turnSecret: string | undefined;
  /** Long enough for a whole live: an allocation is refreshed with the same password. */
  turnCredentialSeconds: number;
}

export type IceServers = (personId: string) => IceServer[];

export function createIceServers(config: IceServerConfig, now: () => number): IceServers {
  return (personId) => {
    const stun = config.stunUrls.map((url): IceServer => ({ urls: [url] }));
    const { turnSecret } = config;
    if (config.turnUrls.length === 0 || turnSecret === undefined) return stun;
    const expiresAtSeconds = Math.floor(now() / 1000) + config.turnCredentialSeconds;
    // TURN servers log user names: they get a label that is stable but names nobody.
    const label = createHash('sha256').update(personId).digest('hex').slice(0, 16);
    const username = `${expiresAtSeconds}:${label}`;
    const credential = createHmac('sha1', turnSecret).update(username).digest('base64');
    return [...stun, { urls: config.turnUrls, username, credential }];
  };
}

/** RFC 9725 section 4.7: one Link header field per URL. */
export function linkHeaders(servers: IceServer[]): string[] {
  return servers.flatMap(({ urls, username, credential }) =>
    urls.map((url) => {
      const access =
        username === undefined || credential === undefined
          ? ''
          : `; username="${username}"; credential="${credential}"; credential-type="password"`;
      return `<${url}>; rel="ice-server"${access}`;
    }),
  );
}
