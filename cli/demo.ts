import { join } from 'node:path';
import type { RunResult } from '../client/millrace.js';
import { followRun } from './follow.js';
import { count, type Output } from './output.js';
import { writeSample } from './sample-data.js';
import { connect } from './session.js';
import { clustersTable, readingsTable } from './summary.js';

const DAYS = 14;
const TRAINED = 12;
/** A model of its own: a demo must not become the champion of somebody's sensors. */
const MODEL = 'demo';

/** The whole way once: sample data, training, prediction of the newest days, and what came of it. */
export async function demo(out: Output): Promise<void> {
  const began = Date.now();
  const { millrace, record, env } = await connect(out);
  try {
    const folder = join(env.home, 'sample');
    const sample = await writeSample(folder, { days: DAYS, seed: 7 });
    out.print(
      `\n${out.style('bold', 'Sample data')}  ${count(sample.rows)} rows of ${sample.sensors} sensors, ${DAYS} days, in ${folder}`,
    );

    out.print(`\n${out.style('bold', 'Training')}  on ${sample.days[0]} … ${sample.days[TRAINED - 1]}`);
    const training = await go('sensor-training', {
      source: folder,
      to: sample.days[TRAINED - 1]!,
      model: MODEL,
      refit: true,
    });

    out.print(`\n${out.style('bold', 'Prediction')}  of ${sample.days[TRAINED]} … ${sample.days[DAYS - 1]}`);
    const prediction = await go('sensor-prediction', { source: folder, from: sample.days[TRAINED]!, model: MODEL });

    const { model, metrics, chunks } = training;
    out.print(`\n${readingsTable(out, training)}\n`);
    out.print(
      `  ${count(chunks.total)} chunks of ${chunks.sensors} sensors × ${chunks.days} days, ${count(training.features.made + training.features.kept)} rows of features`,
    );
    out.print(
      `  model ${out.style('bold', `${model.name} version ${model.version}`)}, silhouette ${metrics.silhouette?.toFixed(3)}\n`,
    );
    out.print(clustersTable(out, training));
    out.print(
      `\n  ${count(prediction.predictions ?? 0)} predictions are in Postgres, table "predictions"; ${((prediction.metrics.novelShare ?? 0) * 100).toFixed(1)} % novel\n`,
    );
    const next = [
      ['look at it all', record?.rest?.url ?? 'npx millrace up serves the page'],
      ['read the report', training.report.html],
      ['query', 'npx millrace sql "select sensor, day, cluster, novel from predictions limit 10"'],
      ['your own data', 'npx millrace run sensor-training --set "source=./plant/*.csv"'],
      ['stop everything', 'npx millrace down'],
    ];
    out.print(out.table([out.style('bold', 'Next'), ''], next));
    out.print(`\n  done in ${((Date.now() - began) / 1000).toFixed(1)} s`);
  } finally {
    await millrace.close();
  }

  async function go(pipeline: string, params: Record<string, unknown>): Promise<RunResult> {
    const run = await millrace.start(pipeline, { params });
    await followRun(millrace, run, out);
    return millrace.result<RunResult>(run.workflowId);
  }
}
