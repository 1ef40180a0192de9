/** Rights that open nothing of what they are shown to: forged, expired, of another stream, for something else. */
import { randomUUID } from 'node:crypto';
import { SignJWT } from 'jose';
import { CONTROL, mintToken, SECRET } from './kit.ts';

export const nowSeconds = () => Math.floor(Date.now() / 1000);
const sign = (claims: Record<string, unknown>, secret = SECRET) =>
  new SignJWT({ sub: 'somebody', jti: randomUUID(), iat: nowSeconds(), exp: nowSeconds() + 60, ...claims })
    .setProtectedHeader({ alg: 'HS256' })
    .sign(new TextEncoder().encode(secret));
const unsigned = async (token: Promise<string>) =>
  `${Buffer.from('{"alg":"none"}').toString('base64url')}.${(await token).split('.')[1]}.`;
export const replay = (claims: Record<string, unknown> = {}) =>
  sign({ aud: 'replay', roomId: 'here', right: 'watch', range: null, ...claims });
export const hlsSession = (claims: Record<string, unknown> = {}) => sign({ streamId: 'here', right: 'hls', ...claims });
export const replaySession = (claims: Record<string, unknown> = {}) =>
  sign({ aud: 'replay-session', roomId: 'here', range: null, ...claims });

/** What opens no door at all, made from what would open one. */
async function badCopies(good: (claims?: Record<string, unknown>, secret?: string) => Promise<string>) {
  const forged = (await good()).replace(/\.[^.]+$/, '.AAAA');
  return [undefined, '', 'garbage', 'x'.repeat(5_000), forged, await unsigned(good()), await good({ exp: 1 })];
}
export const media = (claims: Record<string, unknown> = {}) => mintToken({ streamId: 'here', ...claims } as object);

/** For each kind of door: what does not open it, and what does. */
export const doors = {
  watch: async () => [
    ...(await badCopies(media)),
    await media({ exp: nowSeconds() + 3_600 }), // lives too long
    await media({ streamId: 'there' }),
    await media({ right: 'publish' }),
    await media({ right: 'publish-key' }),
    await hlsSession(),
    await replay(),
    CONTROL,
  ],
  publish: async () => [
    ...(await badCopies((claims) => media({ right: 'publish', ...claims }))),
    await media({ right: 'publish', exp: nowSeconds() + 3_600 }),
    await media({ right: 'publish', streamId: 'there' }),
    await media(),
    await media({ right: 'publish-key', streamId: 'there', exp: nowSeconds() + 3_600 }),
    await media({ right: 'publish-key', exp: nowSeconds() + 3 * 86_400 }),
    await media({ right: 'publish-key', exp: 1 }),
    await hlsSession(),
    await replay(),
    CONTROL,
  ],
  /** Of the signalling's door: a token for another stream or for publishing connects, and may there what it may. */
  signalling: async () => [
    ...(await badCopies(media)),
    await media({ exp: nowSeconds() + 3_600 }),
    await media({ right: 'publish-key' }),
    await media({ right: 'admin' }),
    await hlsSession(),
    await replay(),
    CONTROL,
  ],
  'hls session': async () => [
    ...(await badCopies(hlsSession)),
    await hlsSession({ streamId: 'there' }),
    await media(),
    await media({ right: 'publish' }),
    await replaySession(),
    CONTROL,
  ],
  'replay to watch': async () => [
    ...(await badCopies(replay)),
    await replay({ exp: nowSeconds() + 3_600 }),
    await replay({ roomId: 'there' }),
    await replay({ right: 'download' }),
    await media({ roomId: 'here' }),
    await replaySession(),
    CONTROL,
  ],
  'replay to keep': async () => [
    ...(await badCopies((claims) => replay({ right: 'download', ...claims }))),
    await replay({ right: 'download', roomId: 'there' }),
    await replay(),
    await media({ roomId: 'here' }),
    CONTROL,
  ],
  'replay session': async () => [
    ...(await badCopies(replaySession)),
    await replaySession({ roomId: 'there' }),
    await replay(),
    await media({ roomId: 'here' }),
    await hlsSession(),
  ],
  control: async () => [
    ...[undefined, '', 'garbage', `${CONTROL}x`, CONTROL.slice(1), CONTROL.toUpperCase()],
    ...[await media(), await media({ right: 'publish' }), await replay(), SECRET],
  ],
} as const;
export type Door = keyof typeof doors;
