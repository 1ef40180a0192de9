/**
 * Objects as files below one folder.
 *
 * Invariants: an object is written beside its place, made durable and renamed, so that a crash or a full disk leaves the
 * old one or none; half-written files have names that no key can have, and are swept at the start; no key leaves the folder
 * (names are checked, and symbolic links are not followed into it by `list`).
 */
import { randomBytes } from 'node:crypto';
import { constants, createReadStream } from 'node:fs';
import { copyFile, mkdir, open, readdir, readFile, rename, rm, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import {
  checkKey,
  checkPrefix,
  contentTypeOf,
  resolveRange,
  type Storage,
  type StorageFailure,
  storageFailure,
} from './storage.ts';

const HALF_WRITTEN = '.half-';

const codeOf = (error: unknown): string =>
  typeof error === 'object' && error !== null && 'code' in error ? String(error.code) : '';

function asFailure(error: unknown): StorageFailure {
  const code = codeOf(error);
  if (code === 'ENOSPC' || code === 'EDQUOT' || code === 'EFBIG') return storageFailure('full', error);
  if (code === 'EACCES' || code === 'EPERM' || code === 'EROFS') return storageFailure('denied', error);
  return storageFailure('unreachable', error);
}
const isMissing = (error: unknown): boolean => ['ENOENT', 'ENOTDIR', 'EISDIR'].includes(codeOf(error));

/** The folder is made with the first object. */
export async function createFileStorage(folder: string): Promise<Storage> {
  const pathOf = (key: string): string => join(folder, ...checkKey(key));

  async function flushFolder(path: string): Promise<void> {
    const handle = await open(path, 'r');
    await handle.sync().finally(() => handle.close());
  }

  /** `write` fills the file beside the object's place. */
  async function place(key: string, write: (path: string) => Promise<void>): Promise<void> {
    const path = pathOf(key);
    const half = join(dirname(path), `${HALF_WRITTEN}${randomBytes(8).toString('hex')}`);
    try {
      await mkdir(dirname(path), { recursive: true });
      await write(half);
      const handle = await open(half, 'r+');
      await handle.datasync().finally(() => handle.close());
      await rename(half, path);
      await flushFolder(dirname(path));
    } catch (error) {
      await rm(half, { force: true }).catch(() => undefined);
      throw asFailure(error);
    }
  }

  async function* walk(names: string[]): AsyncIterable<string> {
    const entries = await readdir(join(folder, ...names), { withFileTypes: true }).catch((error: unknown) => {
      if (isMissing(error)) return [];
      throw asFailure(error);
    });
    // As whole keys are compared: a folder counts with its slash.
    const sorted = entries
      .filter((entry) => !entry.name.startsWith('.') && (entry.isFile() || entry.isDirectory()))
      .map((entry) => ({ entry, by: entry.isDirectory() ? `${entry.name}/` : entry.name }))
      .sort((a, b) => (a.by < b.by ? -1 : 1));
    for (const { entry } of sorted) {
      const path = [...names, entry.name];
      if (entry.isDirectory()) yield* walk(path);
      else yield path.join('/');
    }
  }

  await sweepHalfWritten(folder);

  return {
    put: (key, data) =>
      place(key, async (half) => {
        const handle = await open(half, constants.O_CREAT | constants.O_EXCL | constants.O_WRONLY, 0o640);
        await handle.writeFile(data).finally(() => handle.close());
      }),
    putFile: (key, path) => place(key, (half) => copyFile(path, half, constants.COPYFILE_FICLONE)),
    async get(key) {
      return readFile(pathOf(key)).catch((error: unknown) => {
        if (isMissing(error)) return null;
        throw asFailure(error);
      });
    },
    async open(key, range) {
      const path = pathOf(key);
      const facts = await stat(path).catch((error: unknown) => {
        if (isMissing(error)) return null;
        throw asFailure(error);
      });
      if (!facts?.isFile()) return null;
      const { start, end } = resolveRange(range, facts.size);
      const body = createReadStream(path, { start, end: Math.max(start, end) });
      return { size: facts.size, contentType: contentTypeOf(key), start, end, body };
    },
    list: (prefix) => walk(checkPrefix(prefix)),
    async delete(key) {
      await rm(pathOf(key), { force: true }).catch((error: unknown) => Promise.reject(asFailure(error)));
    },
    async deleteAll(prefix) {
      const path = join(folder, ...checkPrefix(prefix));
      await rm(path, { recursive: true, force: true }).catch((error: unknown) => Promise.reject(asFailure(error)));
    },
    close() {},
  };
}

/** What a crash left behind. */
async function sweepHalfWritten(folder: string): Promise<void> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true }).catch(() => []);
  for (const entry of entries) {
    if (entry.isFile() && entry.name.startsWith(HALF_WRITTEN)) {
      await rm(join(entry.parentPath, entry.name), { force: true }).catch(() => undefined);
    }
  }
}
