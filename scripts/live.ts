/**
 * What `./live` hands over to once there is a Node. Imports nothing but Node itself until the dependencies are
 * installed; every command is a module of its own, loaded when it is called.
 */
import { ensureDependencies } from './setup/dependencies.ts';
import { SetupError, sayFailure } from './setup/say.ts';

const COMMANDS: Record<string, (args: readonly string[]) => Promise<void>> = {
  start: async (args) => (await import('./run/start.ts')).start(args),
  dev: async (args) => (await import('./run/start.ts')).start(args, { dev: true }),
  stop: async (args) => (await import('./run/stop.ts')).stop(args),
  test: async (args) => (await import('./test/command.ts')).test(args),
  bench: async (args) => (await import('./bench.ts')).bench(args),
  doctor: async (args) => (await import('./doctor.ts')).doctor(args),
};

const [name = '', ...args] = process.argv.slice(2);
try {
  const command = COMMANDS[name];
  if (!command) throw new SetupError(`There is no command "${name}".`, ['See ./live help']);
  if (name !== 'doctor' && name !== 'stop') await ensureDependencies();
  await command(args);
  process.exit(process.exitCode ?? 0);
} catch (error) {
  sayFailure(error);
  process.exit(1);
}
