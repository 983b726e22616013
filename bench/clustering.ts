import { execFile } from 'node:child_process';
import { access, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { createFeatures } from '../activities/features.js';
import { kMeans, type Points } from '../ml/cluster/kmeans.js';
import { fitCreator, transform } from '../ml/features/creator.js';
import type { Frame } from '../ml/frame.js';
import { adjustedRand } from '../ml/metrics/adjusted-rand.js';
import { sensorTraining } from '../pipelines/sensor-training.js';
import { readFrame } from '../store/frames.js';
import type { Registry } from '../store/tables/registry.js';
import { carryOut, chunkSource, localStores } from './local-stores.js';
import { peerPython } from './peer-python.js';
import { type Row, row } from './row.js';

const DATA = resolve('../shared/data/building');
const SEEDS = Array.from({ length: 10 }, (_, seed) => seed);
const K = 5;

/**
 * How well the clusters of 25 real rooms find the kind of sensor again, which they never see: the adjusted Rand index
 * over ten seeds, beside scikit-learn's k-means on the same table.
 */
export async function benchClustering(): Promise<Row[]> {
  const there = await access(DATA).then(
    () => true,
    () => false,
  );
  if (!there) {
    console.error(`clustering: skipped, ${DATA} is not there`);
    return [];
  }
  const folder = await mkdtemp(join(tmpdir(), 'millrace-bench-'));
  try {
    const table = await makeTable(folder);
    const truth = table.sensors.map((sensor) => sensor.split('/').at(-1)!);
    const points: Points = { data: table.data, rows: table.days.length, width: table.columns.length };
    const ours = SEEDS.map((seed) => {
      const { labels, inertia } = kMeans({
        points,
        options: { k: K, seed, starts: 10, maxIterations: 300, tolerance: 1e-4 },
      });
      return { ari: adjustedRand(truth, labels), inertia };
    });
    const theirs = await scikit(folder, table, truth);
    const mean = (values: number[]) => values.reduce((a, b) => a + b, 0) / values.length;
    const of = (all: { ari: number; inertia: number }[], name: 'ari' | 'inertia') => all.map((each) => each[name]);
    const peer = (value: (all: typeof ours) => number) => ({
      name: 'scikit-learn KMeans',
      value: theirs && value(theirs),
    });
    const rows: [string, boolean, (all: typeof ours) => number][] = [
      ['adjusted Rand index, mean of 10 seeds', true, (all) => mean(of(all, 'ari'))],
      ['adjusted Rand index, least of 10 seeds', true, (all) => Math.min(...of(all, 'ari'))],
      ['adjusted Rand index, greatest of 10 seeds', true, (all) => Math.max(...of(all, 'ari'))],
      ['inertia, mean of 10 seeds', false, (all) => mean(of(all, 'inertia'))],
    ];
    return rows.map(([name, higher, value]) => row(name, '', value(ours), peer(value), higher));
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** The table that training sees, with the defaults of the pipeline. */
async function makeTable(folder: string): Promise<Frame> {
  const stores = localStores(folder, {} as Registry);
  const params = sensorTraining.parse({ source: DATA }) as {
    groups: never;
    scaling: never;
    maxMissing: number;
    limit: number;
    balance: boolean;
  };
  const chunks = await chunkSource(stores, DATA);
  const features = await carryOut('features', createFeatures(stores), { chunks });
  const raw = await readFrame(stores.objects, features.ref);
  return transform(raw, fitCreator(raw, params));
}

async function scikit(
  folder: string,
  table: Frame,
  truth: string[],
): Promise<{ ari: number; inertia: number }[] | null> {
  const python = await peerPython();
  if (python === null) return null;
  const input = join(folder, 'table.json');
  await writeFile(input, JSON.stringify({ rows: truth.length, data: [...table.data], truth, seeds: SEEDS, k: K }));
  const { stdout } = await promisify(execFile)(python, [resolve('bench/peers/clustering_sklearn.py'), input]);
  return JSON.parse(stdout) as { ari: number; inertia: number }[];
}
