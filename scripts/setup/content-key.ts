/** Keys that change when content changes: what was made from the same content need not be made again. */
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { ROOT, STAMP_DIR } from './paths.ts';

const IGNORED = new Set(['node_modules', 'dist', 'generated', '.cache', 'artifacts']);

/** A key of the content of files and folders (relative to the clone) and of any further words. */
export function contentKey(paths: readonly string[], words: readonly string[] = []): string {
  const hash = createHash('sha256');
  for (const word of words) hash.update(`${word}\0`);
  for (const path of paths) for (const file of filesUnder(join(ROOT, path))) addFile(hash, file);
  return hash.digest('hex').slice(0, 20);
}

function addFile(hash: ReturnType<typeof createHash>, file: string): void {
  hash
    .update(`${relative(ROOT, file)}\0`)
    .update(readFileSync(file))
    .update('\0');
}

function filesUnder(path: string): string[] {
  if (!existsSync(path)) return [];
  try {
    return readdirSync(path, { withFileTypes: true })
      .filter((entry) => !IGNORED.has(entry.name) && !/\.test\.tsx?$/.test(entry.name))
      .sort((a, b) => (a.name < b.name ? -1 : 1))
      .flatMap((entry) => (entry.isDirectory() ? filesUnder(join(path, entry.name)) : [join(path, entry.name)]));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOTDIR') return [path];
    throw error;
  }
}

/** Whether the stamp `name` says `key`. */
export function isStamped(name: string, key: string): boolean {
  const file = join(STAMP_DIR, name);
  return existsSync(file) && readFileSync(file, 'utf8') === key;
}

/** Writes the stamp: the thing called `name` was made from content with this key. */
export function stamp(name: string, key: string): void {
  mkdirSync(STAMP_DIR, { recursive: true });
  writeFileSync(join(STAMP_DIR, name), key);
}
