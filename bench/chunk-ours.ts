import type { Registry } from '../store/tables/registry.js';
import { peakMiB } from './child.js';
import { chunkSource, localStores } from './local-stores.js';

/** Chunks a source as the pipeline does: pins it by hash, reads, sorts, hashes chunks, covers, accounts. */
const [source, folder] = process.argv.slice(2) as [string, string];
const stores = localStores(folder, {} as Registry);
const began = performance.now();
const { account } = await chunkSource(stores, source);
console.log(JSON.stringify({ seconds: (performance.now() - began) / 1000, peakMiB: peakMiB(), rows: account.used }));
process.exit(0);
