/** Where things are: the clone, and the cache outside it that all clones of this account share. */
import { readFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';

/** The clone. */
export const ROOT = join(import.meta.dirname, '../..');

/** Things that are expensive to make and do not belong to one clone: Node, the media worker, k6, the demo programme. */
export const CACHE_DIR = join(process.env.XDG_CACHE_HOME || join(homedir(), '.cache'), 'walnut-live');

/** Stamps of what was made inside this clone; git-ignored. */
export const STAMP_DIR = join(ROOT, '.cache', 'stamps');

/** The workspaces, in the order in which they may depend on each other. */
export const WORKSPACES = [
  'contracts',
  'api',
  'media-server',
  'live-client',
  'ui',
  'player',
  'broadcaster',
  'console',
  'load-tests',
  'e2e',
] as const;

/** `NAME` and `VERSION_ID` of the operating system, for example `debian-12`. */
export function osRelease(): string {
  let text = '';
  try {
    text = readFileSync('/etc/os-release', 'utf8');
  } catch {
    return process.platform;
  }
  const value = (key: string) => new RegExp(`^${key}="?([^"\\n]*)"?$`, 'm').exec(text)?.[1];
  return `${value('ID') ?? 'linux'}-${value('VERSION_ID') ?? value('VERSION_CODENAME') ?? 'rolling'}`;
}
