import { createHash } from 'node:crypto';
import { mkdir, readdir, readFile, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { Failure } from '../../errors/failure.js';
import type { LoadedState, RecordStore, VersionRecord } from './backing.js';
import { scratchPath, writeWhole, type DataFolder } from './data-folder.js';
import type { BucketInfo, ObjectVersion, Upload, UploadPart } from './storage.js';

/** Files that are read at once when a folder is opened. */
const LOADS_AT_ONCE = 64;

/**
 * Descriptions as JSON files:
 * `buckets/<bucket>/bucket.json`,
 * `buckets/<bucket>/versions/<hh>/<sha256 of the key>.<version id>.json`,
 * `buckets/<bucket>/uploads/<upload id>.json` and `<upload id>.<part number>.json`.
 * Each is written aside and renamed, so every change is one atomic step.
 */
export class FileRecords implements RecordStore {
  readonly #folder: DataFolder;

  constructor(folder: DataFolder) {
    this.#folder = folder;
  }

  async putBucket(bucket: BucketInfo): Promise<void> {
    const path = this.#bucketPath(bucket.name);
    await mkdir(join(path, 'uploads'), { recursive: true });
    await mkdir(join(path, 'versions'), { recursive: true });
    await writeWhole(this.#folder, join(path, 'bucket.json'), JSON.stringify(bucket));
  }

  async removeBucket(name: string): Promise<void> {
    const away = scratchPath(this.#folder);
    await rename(this.#bucketPath(name), away);
    await rm(away, { recursive: true, force: true });
  }

  async putVersion(bucket: string, record: VersionRecord): Promise<void> {
    const path = this.#versionPath(bucket, record.version);
    await mkdir(join(path, '..'), { recursive: true });
    await writeWhole(this.#folder, path, JSON.stringify(record));
  }

  async removeVersion(bucket: string, version: ObjectVersion): Promise<void> {
    await rm(this.#versionPath(bucket, version));
  }

  async putUpload(upload: Upload): Promise<void> {
    await writeWhole(this.#folder, this.#uploadPath(upload), JSON.stringify(upload));
  }

  async putPart(upload: Upload, part: UploadPart): Promise<void> {
    await writeWhole(this.#folder, this.#uploadPath(upload, part.partNumber), JSON.stringify(part));
  }

  /** The upload's own file goes first: parts without it are leftovers. */
  async removeUpload(upload: Upload, parts: readonly UploadPart[]): Promise<void> {
    await rm(this.#uploadPath(upload), { force: true });
    for (const part of parts) await rm(this.#uploadPath(upload, part.partNumber), { force: true });
  }

  async close(): Promise<void> {
    await this.#folder.close();
  }

  /** Reads everything; removes what a crash left half made. */
  async load(): Promise<LoadedState> {
    const buckets: BucketInfo[] = [];
    const versions: { bucket: string; record: VersionRecord }[] = [];
    const uploads: { upload: Upload; parts: UploadPart[] }[] = [];
    for (const name of await readdir(this.#folder.buckets)) {
      const path = this.#bucketPath(name);
      const names = await readdir(path);
      if (!names.includes('bucket.json')) {
        await rm(path, { recursive: true, force: true });
        continue;
      }
      // Each kind of file is written by the method above that names it, from a value of that type.
      buckets.push((await readJson(join(path, 'bucket.json'))) as BucketInfo);
      for (const first of await readdir(join(path, 'versions'))) {
        const records = await readFolder(join(path, 'versions', first));
        // Written by putVersion.
        for (const { value } of records) versions.push({ bucket: name, record: value as VersionRecord });
      }
      uploads.push(...(await this.#loadUploads(join(path, 'uploads'))));
    }
    return { buckets, versions, uploads };
  }

  async #loadUploads(path: string): Promise<{ upload: Upload; parts: UploadPart[] }[]> {
    const found = new Map<string, { upload: Upload; parts: UploadPart[] }>();
    const files = await readFolder(path);
    for (const { name, value } of files) {
      // Written by putUpload: the name is the id alone.
      if (name.split('.').length === 2)
        found.set(name.replace('.json', ''), { upload: value as Upload, parts: [] });
    }
    for (const { name, value } of files) {
      const [uploadId = '', partNumber = ''] = name.split('.');
      if (partNumber === 'json') continue;
      const state = found.get(uploadId);
      // Written by putPart.
      if (state !== undefined) state.parts.push(value as UploadPart);
      else await rm(join(path, name), { force: true });
    }
    return [...found.values()];
  }

  #bucketPath(name: string): string {
    return join(this.#folder.buckets, name);
  }

  #versionPath(bucket: string, version: ObjectVersion): string {
    const hash = createHash('sha256').update(version.key).digest('hex');
    const file = `${hash}.${version.versionId}.json`;
    return join(this.#bucketPath(bucket), 'versions', hash.slice(0, 2), file);
  }

  #uploadPath(upload: Upload, partNumber?: number): string {
    const suffix = partNumber === undefined ? '' : `.${partNumber}`;
    return join(this.#bucketPath(upload.bucket), 'uploads', `${upload.uploadId}${suffix}.json`);
  }
}

async function readFolder(path: string): Promise<{ readonly name: string; readonly value: unknown }[]> {
  const names = await readdir(path);
  const files: { name: string; value: unknown }[] = [];
  for (let at = 0; at < names.length; at += LOADS_AT_ONCE) {
    const group = names.slice(at, at + LOADS_AT_ONCE);
    files.push(
      ...(await Promise.all(group.map(async (name) => ({ name, value: await readJson(join(path, name)) })))),
    );
  }
  return files;
}

async function readJson(path: string): Promise<unknown> {
  try {
    return JSON.parse(await readFile(path, 'utf8'));
  } catch (error) {
    throw new Failure('usage', `${path} can not be read`, {
      subject: path,
      remedy: 'Restore the data folder from a copy, or name an empty folder',
      cause: error,
    });
  }
}
