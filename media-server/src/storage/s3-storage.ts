/**
 * Objects in a bucket of an S3-compatible store (AWS S3, Aliyun OSS, Tencent COS, MinIO, Ceph …).
 *
 * By the official client, because signatures, retries, clock skew and multipart uploads are not ours to write. Checksums
 * beyond the required ones are off: many compatible stores refuse them. A single PUT and a completed multipart upload
 * are atomic by S3's own rules.
 */
import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { Readable } from 'node:stream';
import {
  DeleteObjectCommand,
  DeleteObjectsCommand,
  GetObjectCommand,
  ListObjectsV2Command,
  PutObjectCommand,
  S3Client,
} from '@aws-sdk/client-s3';
import { Upload } from '@aws-sdk/lib-storage';
import {
  checkKey,
  checkPrefix,
  contentTypeOf,
  resolveRange,
  type Storage,
  type StorageFailure,
  storageFailure,
} from './storage.ts';

export interface S3Config {
  /** Unset: AWS itself. */
  endpoint: string | undefined;
  region: string;
  bucket: string;
  accessKeyId: string;
  secretAccessKey: string;
}

/** Larger files go in parts of this size, two at a time: memory stays below four parts. */
const PART_BYTES = 8 * 1024 * 1024;
const PARTS_AT_ONCE = 2;
const CONNECT_TIMEOUT_MS = 3_000;
/** Without any byte. */
const REQUEST_TIMEOUT_MS = 30_000;
const ATTEMPTS = 3;
/** S3's own limit of one DeleteObjects. */
const DELETE_BATCH = 1_000;

function asFailure(error: unknown): StorageFailure {
  const name = error instanceof Error ? error.name : '';
  const status = statusOf(error);
  if (name === 'InvalidRange' || status === 416) return storageFailure('range', error);
  if (/Quota|InsufficientStorage|XMinioStorageFull/.test(name) || status === 507) return storageFailure('full', error);
  if (status === 401 || status === 403) return storageFailure('denied', error);
  return storageFailure('unreachable', error);
}
function statusOf(error: unknown): number | undefined {
  if (!(error instanceof Error) || !('$metadata' in error)) return undefined;
  const { $metadata: metadata } = error;
  return typeof metadata === 'object' && metadata !== null && 'httpStatusCode' in metadata
    ? Number(metadata.httpStatusCode)
    : undefined;
}
const isMissing = (error: unknown): boolean =>
  (error instanceof Error && (error.name === 'NoSuchKey' || error.name === 'NotFound')) || statusOf(error) === 404;

export function createS3Storage(config: S3Config): Storage {
  const { bucket: Bucket } = config;
  const client = new S3Client({
    region: config.region,
    ...(config.endpoint !== undefined && { endpoint: config.endpoint, forcePathStyle: true }),
    credentials: { accessKeyId: config.accessKeyId, secretAccessKey: config.secretAccessKey },
    maxAttempts: ATTEMPTS,
    requestHandler: { connectionTimeout: CONNECT_TIMEOUT_MS, requestTimeout: REQUEST_TIMEOUT_MS },
    requestChecksumCalculation: 'WHEN_REQUIRED',
    responseChecksumValidation: 'WHEN_REQUIRED',
  });

  async function* list(prefix: string): AsyncIterable<string> {
    checkPrefix(prefix);
    let ContinuationToken: string | undefined;
    do {
      const page = await client
        .send(new ListObjectsV2Command({ Bucket, Prefix: prefix, ...(ContinuationToken && { ContinuationToken }) }))
        .catch((error: unknown) => Promise.reject(asFailure(error)));
      for (const { Key } of page.Contents ?? []) if (Key) yield Key;
      ContinuationToken = page.NextContinuationToken;
    } while (ContinuationToken);
  }

  async function open(key: string, range?: { start: number; end?: number }): ReturnType<Storage['open']> {
    checkKey(key);
    try {
      const Range = range ? `bytes=${range.start}-${range.end ?? ''}` : undefined;
      const reply = await client.send(new GetObjectCommand({ Bucket, Key: key, ...(Range && { Range }) }));
      if (!(reply.Body instanceof Readable)) throw storageFailure('unreachable');
      const total = Number(/\/(\d+)$/.exec(reply.ContentRange ?? '')?.[1] ?? reply.ContentLength ?? 0);
      return { size: total, contentType: contentTypeOf(key), ...resolveRange(range, total), body: reply.Body };
    } catch (error) {
      if (isMissing(error)) return null;
      throw asFailure(error);
    }
  }

  return {
    async put(key, data) {
      checkKey(key);
      await client
        .send(new PutObjectCommand({ Bucket, Key: key, Body: data, ContentType: contentTypeOf(key) }))
        .catch((error: unknown) => Promise.reject(asFailure(error)));
    },
    async putFile(key, path) {
      checkKey(key);
      try {
        await stat(path);
        const upload = new Upload({
          client,
          partSize: PART_BYTES,
          queueSize: PARTS_AT_ONCE,
          params: { Bucket, Key: key, Body: createReadStream(path), ContentType: contentTypeOf(key) },
        });
        await upload.done();
      } catch (error) {
        throw asFailure(error);
      }
    },
    async get(key) {
      const found = await open(key);
      if (!found) return null;
      const chunks: Buffer[] = [];
      for await (const chunk of found.body) chunks.push(chunk);
      return Buffer.concat(chunks);
    },
    open,
    list,
    async delete(key) {
      checkKey(key);
      await client
        .send(new DeleteObjectCommand({ Bucket, Key: key }))
        .catch((error: unknown) => (isMissing(error) ? undefined : Promise.reject(asFailure(error))));
    },
    async deleteAll(prefix) {
      let batch: { Key: string }[] = [];
      const flush = async (): Promise<void> => {
        if (batch.length === 0) return;
        const reply = await client
          .send(new DeleteObjectsCommand({ Bucket, Delete: { Objects: batch, Quiet: true } }))
          .catch((error: unknown) => Promise.reject(asFailure(error)));
        if ((reply.Errors ?? []).length > 0) throw storageFailure('denied', reply.Errors);
        batch = [];
      };
      for await (const Key of list(prefix)) {
        batch.push({ Key });
        if (batch.length === DELETE_BATCH) await flush();
      }
      await flush();
    },
    close: () => client.destroy(),
  };
}
