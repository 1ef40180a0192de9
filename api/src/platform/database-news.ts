/**
 * What the database tells of its own accord (LISTEN/NOTIFY).
 *
 * Model: one connection of its own listens on all channels; lost → made again after RETRY_MS → every listener is told that
 * something may have been missed. Who listens asks by itself at longer intervals as well: news makes things quick, it is
 * never what correctness rests on.
 */
import pg from 'pg';
import type { Logger } from './logger.ts';

const RETRY_MS = 1_000;

/** Undefined: the connection is new, and anything may have happened meanwhile. */
type Listener = (payload: string | undefined) => void;

export interface DatabaseNews {
  /** `channel` is an identifier of the migrations. Returns its undo. */
  listen(channel: string, listener: Listener): () => void;
  close(): Promise<void>;
}

export function listenToDatabase({ url, log }: { url: string; log: Logger }): DatabaseNews {
  const channels = new Map<string, Set<Listener>>();
  let client: pg.Client | undefined;
  let ready: Promise<void> = Promise.resolve();
  let retry: NodeJS.Timeout | undefined;
  let closed = false;

  const tell = (channel: string, payload: string | undefined): void => {
    for (const listener of channels.get(channel) ?? []) listener(payload);
  };
  async function listenOn(mine: pg.Client, channel: string): Promise<void> {
    await mine.query(`LISTEN ${pg.escapeIdentifier(channel)}`);
    tell(channel, undefined);
  }

  function connect(): void {
    const mine = new pg.Client({ connectionString: url, keepAlive: true });
    client = mine;
    const lost = (error?: unknown): void => {
      if (client !== mine) return;
      client = undefined;
      mine.end().catch(() => undefined);
      if (closed) return;
      log.warn({ err: error }, 'database news: the connection is lost, asking at intervals meanwhile');
      retry = setTimeout(connect, RETRY_MS);
      retry.unref();
    };
    mine.on('error', lost);
    mine.on('end', () => lost());
    mine.on('notification', ({ channel, payload }) => tell(channel, payload));
    ready = mine
      .connect()
      .then(async () => {
        for (const channel of [...channels.keys()]) await listenOn(mine, channel);
      })
      .catch(lost);
  }
  connect();

  return {
    listen(channel, listener) {
      const known = channels.get(channel);
      if (known) known.add(listener);
      else {
        channels.set(channel, new Set([listener]));
        const mine = client;
        // A connection that breaks meanwhile listens anew by itself.
        void ready.then(() => (mine && client === mine ? listenOn(mine, channel) : undefined)).catch(() => undefined);
      }
      return () => void channels.get(channel)?.delete(listener);
    },
    async close() {
      if (closed) return;
      closed = true;
      clearTimeout(retry);
      channels.clear();
      const last = client;
      client = undefined;
      await last?.end().catch(() => undefined);
    },
  };
}
