/**
 * The connections to Redis, the same for everything that several nodes share: one for commands, one that listens.
 *
 * Model: away → (connected, run id read) there → away (connection lost, or a call without an answer in time) → …
 * Invariants
 * - While away every call fails at once; while there, within CALL_TIMEOUT_MS. Nobody waits for Redis longer.
 * - A call carries the run id of the server it goes to: whoever answers with another server's memory is found out.
 * - After each time away, and each time the listening connection was made anew, `onBack` says that news may be missing.
 */
import { createHash } from 'node:crypto';
import { createClient } from 'redis';
import type { Logger } from './logger.ts';

const CONNECT_TIMEOUT_MS = 1_000;
const RECONNECT_MS = 250;
const CALL_TIMEOUT_MS = 800;
/** A timer that is late by more than this says that this process was busy: the answer may lie in the socket, unread. */
const BUSY_MS = 50;
const PROBE_MS = 250;
/** A connection on which nothing came back for so long is replaced. */
const PATIENCE_MS = 4_000;
const PING_MS = 1_000;

/** A Lua script that the server keeps under its hash. */
export interface Script {
  readonly text: string;
  readonly sha1: string;
}
export const script = (text: string): Script => ({ text, sha1: createHash('sha1').update(text).digest('hex') });

export class RedisAway extends Error {
  constructor(cause?: unknown) {
    super('Redis is away', cause === undefined ? undefined : { cause });
    this.name = 'RedisAway';
  }
}

type Client = ReturnType<typeof connectTo>;

const connectTo = (url: string, disableOfflineQueue: boolean) =>
  createClient({
    url,
    disableOfflineQueue,
    RESP: 2,
    pingInterval: PING_MS,
    socket: { connectTimeout: CONNECT_TIMEOUT_MS, reconnectStrategy: () => RECONNECT_MS },
  });

/** Fails after CALL_TIMEOUT_MS in which Redis was silent; what this process itself did not come to read is no silence. */
async function inTime<T>(work: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  try {
    const late = new Promise<never>((_resolve, reject) => {
      const wait = (ms: number): void => {
        const dueMs = performance.now() + ms;
        timer = setTimeout(() => {
          if (performance.now() > dueMs + BUSY_MS) wait(2 * BUSY_MS);
          else setImmediate(() => reject(new RedisAway())); // after what has arrived was read
        }, ms);
      };
      wait(CALL_TIMEOUT_MS);
    });
    return await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
  }
}

const isNoScript = (error: unknown): boolean => error instanceof Error && error.message.startsWith('NOSCRIPT');

export type RedisLink = ReturnType<typeof openRedisLink>;

/** Connects in the background, and again whenever the connection is lost. */
export function openRedisLink({ url, log }: { url: string; log: Logger }) {
  let commands: Client | undefined;
  let run: string | undefined;
  /** Of the command connection: what an older one still says is ignored. */
  let life = 0;
  let awaySinceMs = Date.now();
  let probing: NodeJS.Timeout | undefined;
  let closed = false;
  const isThereListeners = new Set<(isThere: boolean) => void>();
  const backListeners = new Set<() => void>();
  const heard = new Map<string, (message: string) => void>();

  const tell = <T>(listeners: ReadonlySet<(value: T) => void>, value: T): void => {
    for (const listener of listeners) {
      try {
        listener(value);
      } catch (error) {
        log.error({ err: error }, 'redis: a listener failed');
      }
    }
  };

  function goAway(error: unknown): void {
    if (run === undefined) return;
    run = undefined;
    awaySinceMs = Date.now();
    if (closed) return;
    log.warn({ err: error }, 'redis: away, rooms are paused');
    tell(isThereListeners, false);
  }

  /** Asks who is there; nothing is done before the answer. */
  async function greet(mine: number): Promise<void> {
    const client = commands;
    if (!client) return;
    await inTime(client.ping()); // refused while the server still reads its data from disk
    const info = await inTime(client.info());
    const found = /^role:master/m.test(info) ? /^run_id:(\w+)/m.exec(info)?.[1] : undefined;
    if (mine !== life || closed || run !== undefined || !client.isReady) return;
    if (!found) throw new Error('Redis is a replica, or does not tell its run id');
    run = found;
    log.info('redis: there');
    tell(isThereListeners, true);
    tell(backListeners, undefined);
  }

  function probeSoon(): void {
    if (probing || closed) return;
    probing = setTimeout(() => {
      probing = undefined;
      if (run !== undefined || closed) return;
      if (!commands?.isReady) return; // says `ready` by itself
      greet(life).catch(() => {
        if (Date.now() - awaySinceMs > PATIENCE_MS) connect();
        probeSoon();
      });
    }, PROBE_MS);
    probing.unref();
  }

  function connect(): void {
    life += 1;
    const mine = life;
    awaySinceMs = Date.now();
    commands?.destroy();
    const client = connectTo(url, true);
    commands = client;
    client.on('error', (error: unknown) => {
      if (mine === life) goAway(error);
    });
    client.on('reconnecting', () => {
      if (mine === life) goAway(undefined);
    });
    client.on('ready', () => {
      if (mine !== life) return;
      goAway(undefined);
      greet(mine).catch(probeSoon);
    });
    client.connect().catch(() => undefined);
  }
  connect();

  const listening = connectTo(url, false);
  let wasListening = false;
  listening.on('error', () => undefined); // said by the other connection
  listening.on('ready', () => {
    if (wasListening && run !== undefined) tell(backListeners, undefined);
    wasListening = true;
  });
  listening.connect().catch(() => undefined);

  /** @throws RedisAway within CALL_TIMEOUT_MS */
  async function call<T>(work: (client: Client, run: string) => Promise<T>): Promise<T> {
    if (run === undefined || !commands) throw new RedisAway();
    const mine = life;
    try {
      return await inTime(work(commands, run));
    } catch (error) {
      // An answer that says no is an answer; everything else is silence.
      const isAnswer = error instanceof Error && /^[A-Z]+ /.test(error.message);
      if (isAnswer && !/^(LOADING|READONLY|MASTERDOWN|CLUSTERDOWN) /.test(error.message)) throw error;
      if (mine === life) {
        goAway(error);
        probeSoon();
      }
      throw error instanceof RedisAway ? error : new RedisAway(error);
    }
  }

  return {
    isThere: (): boolean => run !== undefined,
    call,
    /** Runs a script with the run id of the server as its first argument if `withRun`. @throws RedisAway */
    run: (script: Script, keys: string[], args: readonly string[], withRun = false): Promise<unknown> =>
      call(async (client, runId) => {
        const options = { keys, arguments: withRun ? [runId, ...args] : [...args] };
        try {
          return await client.evalSha(script.sha1, options);
        } catch (error) {
          if (!isNoScript(error)) throw error;
          return client.eval(script.text, options);
        }
      }),
    /** The run id that `run` sends along. */
    runId: (): string | undefined => run,
    /** Resolves once the server has said yes. @throws RedisAway */
    async listen(channel: string, listener: (message: string) => void): Promise<void> {
      if (run === undefined) throw new RedisAway();
      heard.set(channel, listener);
      await inTime(listening.subscribe(channel, listener)).catch((error: unknown) => {
        throw error instanceof RedisAway ? error : new RedisAway(error);
      });
    },
    unlisten(channel: string): void {
      const listener = heard.get(channel);
      heard.delete(channel);
      if (listener && !closed) listening.unsubscribe(channel, listener).catch(() => undefined);
    },
    /** Called at every change. Returns its undo. */
    onChange(listener: (isThere: boolean) => void): () => void {
      isThereListeners.add(listener);
      return () => void isThereListeners.delete(listener);
    },
    /** News may be missing from now on: read what there is. Returns its undo. */
    onBack(listener: () => void): () => void {
      backListeners.add(listener);
      return () => void backListeners.delete(listener);
    },
    close(): void {
      if (closed) return;
      closed = true;
      life += 1;
      run = undefined;
      clearTimeout(probing);
      commands?.destroy();
      listening.destroy();
    },
  };
}
