import { createChunk } from '../activities/chunk.js';
import { createFeatures } from '../activities/features.js';
import { createRead } from '../activities/read.js';
import { listSource } from '../activities/source.js';
import { writeJson } from '../store/frames.js';
import type { Registry } from '../store/tables/registry.js';
import { peakMiB } from './child.js';
import { carryOut, localStores } from './local-stores.js';

/** All features of all chunks of a source; what is measured begins with the chunks on disk and ends with the table. */
const [source, folder] = process.argv.slice(2) as [string, string];
const stores = localStores(folder, {} as Registry);
const files = await listSource(source, []);
const ref = await writeJson(stores.objects, 'listings', files, files.length);
const listing = { ref, source, files: files.length, bytes: 0 };
const staged = await carryOut('read', createRead(stores), {
  listing,
  tz: 'UTC',
  timeColumn: null,
  sensorColumn: null,
  valueColumn: null,
});
const chunks = await carryOut('chunk', createChunk(stores), { staged, tz: 'UTC', from: null, to: null });
// The first time loads and compiles code, as a worker does once in its life; the second is what a run costs.
await carryOut('features', createFeatures({ ...stores, codeHash: () => 'warm-up' }), { chunks });
const began = performance.now();
await carryOut('features', createFeatures(stores), { chunks });
console.log(
  JSON.stringify({ seconds: (performance.now() - began) / 1000, peakMiB: peakMiB(), rows: chunks.account.used }),
);
process.exit(0);
