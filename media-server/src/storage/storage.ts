/**
 * Where recordings are kept: a port with two implementations (file system, S3-compatible) and one contract suite.
 *
 * Keys are paths of safe names. An object appears whole or not at all (`put` is atomic), is read whole, in part or as a
 * stream, and its content type follows from its name. Nothing here knows what a recording is.
 */
import type { Readable } from 'node:stream';

export interface ByteRange {
  start: number;
  /** Inclusive; to the end of the object if it is left out. */
  end?: number;
}

export interface StoredObject {
  /** Of the whole object. */
  size: number;
  contentType: string;
  /** What `body` carries, inclusive. */
  start: number;
  end: number;
  /** Read it to its end or destroy it. */
  body: Readable;
}

export interface Storage {
  /** Atomic and durable when it resolves; replaces what was there. @throws StorageFailure */
  put(key: string, data: Buffer): Promise<void>;
  /** The same from a file of this machine, whatever its size. @throws StorageFailure */
  putFile(key: string, path: string): Promise<void>;
  /** The whole object in memory; null when there is none. @throws StorageFailure */
  get(key: string): Promise<Buffer | null>;
  /** @throws StorageFailure `range` when the range begins behind the end */
  open(key: string, range?: ByteRange): Promise<StoredObject | null>;
  /** Keys that begin with the prefix, in the order of their bytes. @throws StorageFailure */
  list(prefix: string): AsyncIterable<string>;
  /** Also when there is nothing. @throws StorageFailure */
  delete(key: string): Promise<void>;
  /** Everything that begins with the prefix. @throws StorageFailure */
  deleteAll(prefix: string): Promise<void>;
  close(): void;
}

/** full: no room left. denied: credentials or rights. unreachable: network, time-out, the other side's fault. */
export type StorageTrouble = 'full' | 'denied' | 'unreachable' | 'range' | 'bad-key';
export interface StorageFailure extends Error {
  trouble: StorageTrouble;
}
export function storageFailure(trouble: StorageTrouble, cause?: unknown): StorageFailure {
  return Object.assign(new Error(`storage: ${trouble}`, { cause }), { trouble });
}
export const isStorageFailure = (error: unknown): error is StorageFailure =>
  error instanceof Error && 'trouble' in error && typeof error.trouble === 'string';

const MAX_KEY_CHARACTERS = 512;
/** No dot at the front: neither `..` nor hidden names exist. */
const NAME = /^[A-Za-z0-9_-][A-Za-z0-9_.-]{0,127}$/;

/** @throws StorageFailure bad-key */
export function checkKey(key: string): string[] {
  const names = key.split('/');
  if (key.length > MAX_KEY_CHARACTERS || !names.every((name) => NAME.test(name))) throw storageFailure('bad-key');
  return names;
}
/** A prefix is whole names and a slash. @throws StorageFailure bad-key */
export function checkPrefix(prefix: string): string[] {
  if (!prefix.endsWith('/')) throw storageFailure('bad-key');
  return checkKey(prefix.slice(0, -1));
}

const CONTENT_TYPES: Readonly<Record<string, string>> = {
  mp4: 'video/mp4',
  m4s: 'video/iso.segment',
  json: 'application/json',
  jsonl: 'application/x-ndjson',
};
export function contentTypeOf(key: string): string {
  return CONTENT_TYPES[key.slice(key.lastIndexOf('.') + 1)] ?? 'application/octet-stream';
}

/** What of `size` bytes a range means. @throws StorageFailure range */
export function resolveRange(range: ByteRange | undefined, size: number): { start: number; end: number } {
  const start = range?.start ?? 0;
  const end = Math.min(range?.end ?? size - 1, size - 1);
  if (range && (start >= size || end < start)) throw storageFailure('range');
  return { start, end };
}
