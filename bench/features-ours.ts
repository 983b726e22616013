import { createFeatures } from '../activities/features.js';
import type { Registry } from '../store/tables/registry.js';
import { peakMiB } from './child.js';
import { carryOut, chunkSource, localStores } from './local-stores.js';

/** All features of all chunks of a source; what is measured begins with the chunks on disk and ends with the table. */
const [source, folder] = process.argv.slice(2) as [string, string];
const stores = localStores(folder, {} as Registry);
const chunks = await chunkSource(stores, source);
// The first time loads and compiles code, as a worker does once in its life; the second is what a run costs.
await carryOut('features', createFeatures({ ...stores, codeHash: () => 'warm-up' }), { chunks });
const began = performance.now();
await carryOut('features', createFeatures(stores), { chunks });
console.log(JSON.stringify({ seconds: (performance.now() - began) / 1000, peakMiB: peakMiB() }));
process.exit(0);
