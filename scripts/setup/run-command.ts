/** Runs a program to its end, keeping its output for the case that it fails. */
import { spawn } from 'node:child_process';
import { stripVTControlCharacters } from 'node:util';
import { SetupError } from './say.ts';

const KEPT_CHARACTERS = 20_000;

export interface CommandOptions {
  cwd?: string;
  env?: NodeJS.ProcessEnv;
  /** Called for every line of output as it comes. */
  onLine?: (line: string) => void;
  /** Said when it fails; default: the command itself. */
  what?: string;
}

/** Resolves with the output when the program ends with status 0. @throws SetupError with the end of the output */
export function runCommand(command: string, args: readonly string[], options: CommandOptions = {}): Promise<string> {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, {
      cwd: options.cwd,
      env: { ...(options.env ?? process.env), NO_COLOR: '1' },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let output = '';
    let partial = '';
    const take = (chunk: Buffer) => {
      const text = chunk.toString();
      output = (output + text).slice(-KEPT_CHARACTERS);
      if (!options.onLine) return;
      const lines = (partial + text).split(/[\r\n]+/);
      partial = lines.pop() ?? '';
      for (const line of lines) options.onLine(line);
    };
    child.stdout.on('data', take);
    child.stderr.on('data', take);
    const fail = (reason: string) =>
      reject(
        new SetupError(
          `${options.what ?? `${command} ${args.join(' ')}`} ${reason}`,
          stripVTControlCharacters(output).trim().split('\n').slice(-25),
        ),
      );
    child.once('error', (error) => fail(`could not be run: ${error.message}`));
    child.once('close', (code, signal) =>
      code === 0 ? resolve(output) : fail(`failed (${signal ?? `status ${code}`})`),
    );
  });
}
