import type { Settings } from '../../config/settings.js';
import type { Buckets } from './buckets.js';
import { FolderStore } from './folder-store.js';
import type { ObjectStore } from './object-store.js';

/** The object store of the settings. The client of S3 is loaded only where one is used. */
export async function openObjects({ store, scratch, localMiB }: Settings): Promise<ObjectStore> {
  if (store.kind === 'folder') return new FolderStore(store.root);
  const { S3Store } = await import('./s3-store.js');
  return new S3Store(store, scratch, localMiB * 2 ** 20);
}

const opened = new WeakMap<Settings, Promise<Buckets>>();

/** Buckets that sources lie in. */
export function openBuckets(settings: Settings): Promise<Buckets> {
  const there = opened.get(settings) ?? import('./buckets.js').then((module) => new module.Buckets(settings.s3));
  opened.set(settings, there);
  return there;
}
