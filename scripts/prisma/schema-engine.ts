#!/usr/bin/env node
/**
 * A stand-in for Prisma's native schema engine, whose download host may be out of reach: it speaks the engine's
 * JSON-RPC on standard input and output, and answers with Prisma's own engine in WebAssembly over the pg driver.
 * It serves the people who write migrations and the test that looks for drift; the product itself never runs it.
 *
 *   PRISMA_SCHEMA_ENGINE_BINARY=$PWD/scripts/prisma/schema-engine.ts npx prisma migrate dev
 */
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { createInterface } from 'node:readline';
import { bindMigrationAwareSqlAdapterFactory } from '@prisma/driver-adapter-utils';
import * as bindings from '@prisma/schema-engine-wasm/schema_engine_bg';
import pg from 'pg';
import { adapterFactory, plainUrl } from './schema-engine-adapter.ts';

interface Request {
  id?: number;
  method?: string;
  params?: { datasource?: { url?: string } };
}
type Engine = Record<string, ((params: unknown) => Promise<unknown>) | undefined>;

const args = process.argv.slice(2);
const valuesOf = (option: string) => args.flatMap((arg, index) => (arg === option ? [args[index + 1] ?? ''] : []));

if (args.includes('--version') || args.includes('-V')) {
  console.log('schema-engine-cli wasm');
  process.exit(0);
}

const datasource = JSON.parse(valuesOf('--datasource')[0] || '{}') as { url?: string; shadowDatabaseUrl?: string };
const datamodels = valuesOf('--datamodels').map((path) => [path, readFileSync(path, 'utf8')]);
const url = datasource.url ?? 'postgresql://nobody@127.0.0.1:1/none';

/** The engine's log format, which the Prisma CLI reads from standard error. */
function log(level: string, message: string, more: Record<string, unknown> = {}): void {
  const entry = { timestamp: new Date().toISOString(), level, fields: { message, ...more }, target: 'schema_engine' };
  process.stderr.write(`${JSON.stringify(entry)}\n`);
}

function die(error: unknown): never {
  log('ERROR', error instanceof Error ? (error.stack ?? error.message) : String(error), { is_panic: true });
  process.exit(101);
}
process.on('uncaughtException', die);
process.on('unhandledRejection', die);

async function withAdmin(
  databaseUrl: string,
  work: (admin: pg.Client, database: string) => Promise<void>,
): Promise<void> {
  const address = new URL(plainUrl(databaseUrl));
  const database = decodeURIComponent(address.pathname.slice(1));
  address.pathname = '/postgres';
  const admin = new pg.Client({ connectionString: address.href });
  await admin.connect();
  try {
    await work(admin, database);
  } finally {
    await admin.end();
  }
}

const createDatabase = (databaseUrl: string) =>
  withAdmin(databaseUrl, async (admin, database) => {
    await admin.query(`CREATE DATABASE "${database}"`).catch((error: { code?: string }) => {
      if (error.code !== '42P04') throw error; // it exists already
    });
  });

/** `schema-engine cli …`: the few commands that the CLI runs outside of the JSON-RPC conversation. */
async function runCli(command: string | undefined): Promise<never> {
  try {
    if (command === 'can-connect-to-database') {
      const client = new pg.Client({ connectionString: plainUrl(url) });
      await client.connect();
      await client.end();
    } else if (command === 'create-database') await createDatabase(url);
    else if (command === 'drop-database') {
      await withAdmin(url, async (admin, database) => {
        await admin.query(`DROP DATABASE IF EXISTS "${database}" WITH (FORCE)`);
      });
    } else throw new Error(`unknown command ${command}`);
    log('INFO', 'Connection successful');
    process.exit(0);
  } catch (error) {
    const missing = (error as { code?: string }).code === '3D000';
    log('ERROR', (error as Error).message, { error_code: missing ? 'P1003' : 'P1001', is_panic: false });
    process.exit(1);
  }
}

async function makeEngine(): Promise<Engine> {
  const require = createRequire(import.meta.url);
  const file = require.resolve('@prisma/schema-engine-wasm').replace(/schema_engine\.js$/, 'schema_engine_bg.wasm');
  Object.assign(globalThis, {
    PRISMA_WASM_PANIC_REGISTRY: { set_message: (message: string) => log('ERROR', message) },
  });
  const module = new WebAssembly.Module(readFileSync(file));
  const imports = { './schema_engine_bg.js': bindings as unknown as WebAssembly.ModuleImports };
  const { exports } = new WebAssembly.Instance(module, imports);
  const engine = bindings as unknown as {
    __wbg_set_wasm(wasm: WebAssembly.Exports): void;
    SchemaEngine: { new: (options: object, log: (line: string) => void, factory: unknown) => Promise<Engine> };
  };
  engine.__wbg_set_wasm(exports);
  (exports.__wbindgen_start as () => void)();
  const factory = bindMigrationAwareSqlAdapterFactory(adapterFactory(url, datasource.shadowDatabaseUrl));
  return engine.SchemaEngine.new(datamodels.length > 0 ? { datamodels } : {}, () => {}, factory);
}

let engine: Promise<Engine> | undefined;

async function answer({ method = '', params }: Request): Promise<unknown> {
  if (method === 'createDatabase') {
    await createDatabase(params?.datasource?.url ?? url);
    return { databaseName: '' };
  }
  engine ??= makeEngine();
  const target = await engine;
  const call = target[method === 'getDatabaseVersion' ? 'version' : method];
  if (!call) throw new Error(`the WebAssembly engine has no ${method}`);
  return (await call.call(target, params)) ?? {};
}

async function reply(request: Request): Promise<void> {
  const send = (message: object) => process.stdout.write(`${JSON.stringify({ jsonrpc: '2.0', ...message })}\n`);
  try {
    const result = await answer(request);
    // The native engine prints a diff by calling back to the CLI.
    const stdout = request.method === 'diff' ? (result as { stdout?: string }).stdout : undefined;
    if (stdout !== undefined && stdout !== null) send({ id: 1_000_000, method: 'print', params: { content: stdout } });
    send({ id: request.id, result });
  } catch (error) {
    const { message, code, meta } = error as { message?: string; code?: string; meta?: unknown };
    const data = {
      is_panic: false,
      message: message ?? String(error),
      error_code: code,
      meta: meta ?? null,
      backtrace: null,
    };
    send({
      id: request.id,
      error: { code: 4466, message: 'An error happened. Check the data field for details.', data },
    });
  }
}

const cli = args.indexOf('cli');
if (cli >= 0) await runCli(args[cli + 1]);
let queue = Promise.resolve();
createInterface({ input: process.stdin })
  .on('line', (line) => {
    const request = line.trim() ? (JSON.parse(line) as Request) : {};
    if (request.method) queue = queue.then(() => reply(request));
  })
  .on('close', () => void queue.then(() => process.exit(0)));
