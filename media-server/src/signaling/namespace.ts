/**
 * Socket.IO namespace `/media`: address, token and what the person has open already decide at connect; afterwards a socket
 * speaks for exactly one peer. A refusal is told before the connection counts as made: clients then wait longer each time.
 */
import { MEDIA_NAMESPACE, type MediaEvent, type MediaEventName, type MediaTokenClaims } from '@walnut-live/contracts';
import type { Server, Socket } from 'socket.io';
import type { AddressLimit } from '../platform/address-limit.ts';
import { clientAddress } from '../platform/client-address.ts';
import { isMediaFailure } from '../platform/failure.ts';
import type { IceServers } from '../platform/ice-servers.ts';
import type { Logger } from '../platform/logger.ts';
import type { MediaTokens } from '../platform/media-tokens.ts';
import type { Peer, PeerPort } from '../streams/peer.ts';
import type { Streams } from '../streams/streams.ts';
import { bindHandlers, type Handlers } from './dispatch.ts';
import { publishHandlers } from './publish-handlers.ts';
import { sessionHandlers } from './session-handlers.ts';
import { transportHandlers } from './transport-handlers.ts';
import { watchHandlers } from './watch-handlers.ts';

const handlers: Handlers = { ...sessionHandlers, ...transportHandlers, ...publishHandlers, ...watchHandlers };

export function attachMediaNamespace(deps: {
  io: Server;
  streams: Streams;
  iceServers: IceServers;
  tokens: MediaTokens;
  log: Logger;
  now: () => number;
  onRequest: (name: string, outcome: string) => void;
  /** Where a newcomer is to go instead; null: come in. */
  redirect: (right: MediaTokenClaims['right']) => { code: string; url?: string } | null;
  /** Connections of one address, also those with a good token: each costs a peer. */
  addressLimit: AddressLimit;
}): void {
  const namespace = deps.io.of(MEDIA_NAMESPACE);

  namespace.use((socket, next) => {
    const { address, headers } = socket.handshake;
    const forwardedFor = headers['x-forwarded-for'];
    const from = clientAddress(address, Array.isArray(forwardedFor) ? forwardedFor.join(',') : forwardedFor);
    if (!deps.addressLimit.take(from, deps.now())) return next(refusal('media_rate_limited'));
    deps.tokens
      .verify(socket.handshake.auth.token)
      .then((claims) => {
        const other = deps.redirect(claims.right);
        if (other) return next(refusal(other.code, other.url));
        const code = deps.streams.refusalOf(claims);
        if (code) return next(refusal(code));
        socket.data.claims = claims;
        next();
      })
      .catch((error: unknown) => next(refusal(isMediaFailure(error) ? error.code : 'media_internal')));
  });

  namespace.on('connection', (socket) => {
    const claims = socket.data.claims as MediaTokenClaims;
    const port = portOf(socket);
    let peer: Peer;
    try {
      peer = deps.streams.connect(claims, port);
    } catch (error) {
      deps.log.warn({ err: error }, 'peer refused');
      socket.disconnect(true);
      return;
    }
    bindHandlers({
      socket,
      handlers,
      log: deps.log,
      now: deps.now,
      onRequest: deps.onRequest,
      context: {
        streams: deps.streams,
        iceServers: deps.iceServers,
        get peer() {
          return peer;
        },
        setPeer(next) {
          peer = next;
        },
      },
    });
    socket.on('disconnect', () => deps.streams.disconnected(peer, port));
  });
}

/** socket.io hands `message` and `data` of this error to the client's `connect_error`. */
function refusal(code: string, url?: string): Error {
  return Object.assign(new Error(code), { data: { code, ...(url !== undefined && { details: { url } }) } });
}

function portOf(socket: Socket): PeerPort {
  return {
    send<Name extends MediaEventName>(event: Name, payload: MediaEvent<Name>) {
      socket.emit(event, payload);
    },
    putOut(reason) {
      socket.emit('session:closed', { reason });
      socket.disconnect(true);
    },
    cut() {
      socket.disconnect(true);
    },
  };
}
