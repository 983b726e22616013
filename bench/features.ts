import { execFile } from 'node:child_process';
import { access, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { child } from './child.js';
import { peerPython } from './peer-python.js';
import { median, type Row, row } from './row.js';

const DATA = resolve('../shared/data/building');
const ROUNDS = 3;

/** All features over the readings of 25 real rooms, beside pandas computing the same ones by group. */
export async function benchFeatures(): Promise<Row[]> {
  if (
    !(await access(DATA).then(
      () => true,
      () => false,
    ))
  ) {
    console.error(`features: skipped, ${DATA} is not there`);
    return [];
  }
  const python = await peerPython();
  const ours: number[] = [];
  const theirs: number[] = [];
  for (let round = 0; round < ROUNDS; round++) {
    if (python !== null) {
      const { stdout } = await promisify(execFile)(python, [resolve('bench/peers/features_pandas.py'), DATA]);
      theirs.push((JSON.parse(stdout) as { seconds: number }).seconds);
    }
    const folder = await mkdtemp(join(tmpdir(), 'millrace-bench-'));
    ours.push((await child<{ seconds: number }>('features-ours', DATA, folder)).seconds);
    await rm(folder, { recursive: true, force: true });
  }
  const value = theirs.length === 0 ? null : median(theirs);
  return [row('48 features of 1,090 chunks, 1.3 M readings', 's', median(ours), { name: 'pandas groupby.agg', value })];
}
