/** Api processes that can be killed, and people who go on talking through it. */
import { spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { join } from 'node:path';
import type { ChatMessage, RoomSnapshot } from '@walnut-live/contracts';
import { expect, onTestFinished, vi } from 'vitest';
import type { Principal } from '../platform/principal.ts';
import { connectRoom, type RoomClient } from './room-client.ts';
import type { TestApi } from './test-api.ts';

/** An api in a process of its own, on a fixed port. */
export async function spawnApi(env: Record<string, string>): Promise<{ kill: () => Promise<void> }> {
  const child = spawn(process.execPath, [join(import.meta.dirname, '../main.ts')], {
    env: { ...process.env, ...env },
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  const exited = once(child, 'exit');
  onTestFinished(() => void child.kill('SIGKILL'));
  await vi.waitFor(
    async () => {
      if (child.exitCode !== null) throw new Error(`api ended with ${child.exitCode}`);
      expect((await fetch(`http://127.0.0.1:${env.PORT}/readyz`)).status).toBe(200);
    },
    { timeout: 120_000, interval: 50 }, // a crowded machine starts slowly
  );
  return {
    async kill() {
      child.kill('SIGKILL');
      await exited;
    },
  };
}

export async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as { port: number };
  server.close();
  await once(server, 'close');
  return port;
}

export interface Talker {
  readonly acknowledged: Set<string>;
  readonly likesAcknowledged: number;
  readonly seen: ReadonlyMap<string, number>;
  /** Numbers out of order, repeated or with a hole where the frame said there was none. */
  readonly wrong: string[];
  readonly refusals: string[];
  stop(): Promise<void>;
}

/** A client as live-client is: keeps sending until it is acknowledged, comes back with its last number, drops what it knows. */
export function talk(urlOf: () => string, api: TestApi, roomId: string, person: Principal, name: string): Talker {
  const acknowledged = new Set<string>();
  const seen = new Map<string, number>();
  const wrong: string[] = [];
  const refusals: string[] = [];
  const clientId = randomUUID();
  let likesAcknowledged = 0;
  let running = true;
  let lastSeq: number | undefined;

  const note = (message: ChatMessage, seq: number): void => {
    if (seen.has(message.messageId)) wrong.push(`${name} saw ${message.text} twice`);
    seen.set(message.messageId, seq);
  };
  function listen(client: Pick<RoomClient, 'socket'>): void {
    client.socket.on('room:snapshot', (snapshot: RoomSnapshot) => {
      for (const message of snapshot.chat) if (!seen.has(message.messageId)) note(message, snapshot.seq);
      lastSeq = snapshot.seq;
    });
    client.socket.on('room:frame', (frame: RoomClient['frames'][number]) => {
      if ((frame.after ?? 0) > (lastSeq ?? 0)) wrong.push(`${name}: hole before ${frame.seq}`);
      for (const { seq, event } of frame.events) {
        if (seq > (lastSeq ?? 0) && event.kind === 'chat:sent') note(event.message, seq);
      }
      lastSeq = Math.max(lastSeq ?? 0, frame.seq);
    });
  }

  const done = (async () => {
    let client: RoomClient | undefined;
    let no = 1;
    let clientMessageId = randomUUID();
    let messageNo = 0;
    while (running) {
      if (!client?.socket.connected) {
        client?.close();
        const { token } = await api.api.platform.tokens.room(person, roomId, 'viewer');
        client = await connectRoom(
          urlOf(),
          { token, roomId, ...(lastSeq === undefined ? {} : { lastSeq }) },
          { onSocket: listen },
        ).catch(() => undefined);
        if (!client) await new Promise((resolve) => setTimeout(resolve, 50));
        continue;
      }
      const text = `${name} ${messageNo}`;
      const sent = await client.ask('chat:send', { text, clientMessageId }).catch(() => undefined);
      if (sent?.ok) {
        acknowledged.add(text);
        clientMessageId = randomUUID();
        messageNo += 1;
      } else if (sent) {
        refusals.push(sent.error.code);
        await new Promise((resolve) => setTimeout(resolve, 100));
      }
      const liked = await client.ask('like:add', { count: 2, batch: { clientId, no } }).catch(() => undefined);
      if (liked?.ok) {
        likesAcknowledged += 2;
        no += 1;
      }
    }
    client?.close();
  })();
  return {
    acknowledged,
    seen,
    wrong,
    refusals,
    get likesAcknowledged() {
      return likesAcknowledged;
    },
    async stop() {
      running = false;
      await done;
    },
  };
}

/** What another process needs to be a node of the same deployment. */
export function nodeEnv(api: TestApi, port: number): Record<string, string> {
  const { config } = api.api.platform;
  const shared = [
    'DATABASE_URL',
    'AUTH_SECRET',
    'MEDIA_TOKEN_SECRET',
    'SHARE_SECRET',
    'SANDBOX_PAYMENT_SECRET',
    'CONTROL_TOKEN',
    'MEDIA_CONTROL_URL',
  ] as const;
  return {
    ...Object.fromEntries(shared.map((name) => [name, config[name]])),
    REDIS_URL: config.REDIS_URL ?? '',
    PORT: String(port),
    HOST: '127.0.0.1',
    LOG_LEVEL: 'fatal',
    DATABASE_POOL_SIZE: '6',
  };
}
