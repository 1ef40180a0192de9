/**
 * What the database tells when it changes what a person may do in rooms (triggers of migration 0111): bans and mutes, staff
 * accounts, people who were switched off.
 *
 * Model: one connection of its own listens; lost → made again after RETRY_MS → listeners are told that something may have
 * been missed. Without Redis as with it: every process hears of a ban from the database within milliseconds of its commit.
 */
import pg from 'pg';
import type { Logger } from '../../platform/logger.ts';

/** Of the migration. */
const CHANNEL = 'standing';
const RETRY_MS = 1_000;

type Listener = (personId: string | undefined) => void;

export function listenForStandings({ url, log }: { url: string; log: Logger }) {
  const listeners = new Set<Listener>();
  let client: pg.Client | undefined;
  let retry: NodeJS.Timeout | undefined;
  let closed = false;

  const tell = (personId: string | undefined): void => {
    for (const listener of listeners) listener(personId);
  };

  function connect(): void {
    const mine = new pg.Client({ connectionString: url, keepAlive: true });
    client = mine;
    const lost = (error?: unknown): void => {
      if (client !== mine) return;
      client = undefined;
      mine.end().catch(() => undefined);
      if (closed) return;
      log.warn({ err: error }, 'standings: the database cannot tell, asking every minute meanwhile');
      retry = setTimeout(connect, RETRY_MS);
      retry.unref();
    };
    mine.on('error', lost);
    mine.on('end', () => lost());
    mine.on('notification', ({ payload }) => tell(payload));
    mine
      .connect()
      .then(() => mine.query(`LISTEN ${CHANNEL}`))
      .then(() => tell(undefined), lost);
  }
  connect();

  return {
    /** `personId`, or undefined when anything may have changed. Returns its undo. */
    listen(listener: Listener): () => void {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
    async close(): Promise<void> {
      if (closed) return;
      closed = true;
      clearTimeout(retry);
      listeners.clear();
      const last = client;
      client = undefined;
      await last?.end().catch(() => undefined);
    },
  };
}
