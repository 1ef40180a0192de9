/** The words after `./live start`, `dev` and `stop`. */
import { resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { ROOT } from '../setup/paths.ts';
import { SetupError } from '../setup/say.ts';

export interface RunOptions {
  /** Absolute path of the data folder. */
  dataDir: string;
  /** Port of the pages when the person insists on one. */
  port?: number;
  /** Whether the demo programme is sent. */
  demo: boolean;
  /** Serve HTTPS on the LAN address. */
  lan: boolean;
}

/** @throws SetupError for an unknown or wrong option */
export function parseRunOptions(args: readonly string[]): RunOptions {
  try {
    const { values } = parseArgs({
      args: [...args],
      options: {
        'no-demo': { type: 'boolean', default: false },
        lan: { type: 'boolean', default: false },
        port: { type: 'string' },
        data: { type: 'string', default: resolve(ROOT, '.data') },
      },
    });
    return {
      dataDir: resolve(values.data),
      demo: !values['no-demo'],
      lan: values.lan,
      ...(values.port === undefined ? {} : { port: portNumber(values.port) }),
    };
  } catch (error) {
    throw new SetupError(error instanceof Error ? error.message : String(error), ['See ./live help']);
  }
}

function portNumber(text: string): number {
  const port = Number(text);
  if (!Number.isInteger(port) || port < 1 || port > 65_535) throw new Error(`--port ${text} is not a port number`);
  return port;
}
