/** Chooses the storage by the configuration: a bucket if one is named, otherwise a folder. */
import { createFileStorage } from './file-storage.ts';
import { createS3Storage, type S3Config } from './s3-storage.ts';
import type { Storage } from './storage.ts';

export function createStorage(config: { folder: string; s3: S3Config | null }): Promise<Storage> {
  return config.s3 ? Promise.resolve(createS3Storage(config.s3)) : createFileStorage(config.folder);
}
export type { S3Config } from './s3-storage.ts';
export { isStorageFailure, type Storage, type StoredObject } from './storage.ts';
