import { z } from 'zod';
import { pipeline } from './pipeline.js';
import { runParams } from './run-params.js';
import { readParams, ruleParams, sourceParams } from './source-params.js';
import {
  chunk,
  compare,
  evaluate,
  features,
  fit,
  holdout,
  inspect,
  publishModel,
  read,
  reportTraining,
  train,
  transform,
} from './steps.js';

const gate = z
  .strictObject({
    metric: z
      .enum(['mean-distance', 'silhouette', 'davies-bouldin'])
      .default('mean-distance')
      .describe('Figure of the held-out chunks that is compared.'),
    margin: z
      .number()
      .min(-1)
      .max(1)
      .default(0)
      .describe("How much better than the champion's it must be, as a part of it; below 0: how much worse it may be."),
    holdoutDays: z
      .int()
      .min(1)
      .max(366)
      .default(1)
      .describe('Newest days that are held out; the next run trains on them.'),
    leastChunks: z.int().min(1).max(1_000_000).default(10).describe('On fewer held-out chunks nothing is promoted.'),
    mostNovel: z
      .number()
      .min(0)
      .max(1)
      .default(0.5)
      .describe('Nothing is promoted when a larger share of the held-out chunks is novel to the champion.'),
  })
  .prefault({})
  .describe('What decides whether a challenger becomes champion.');

export const trainingParams = z.strictObject({
  ...sourceParams,
  model: z.string().min(1).max(100).default('sensors').describe('Name of the model in the registry.'),
  k: z.int().min(1).max(1000).default(5).describe('How many clusters.'),
  seed: z.int().min(0).max(0xffffffff).default(42).describe('Seed of the random starts: same seed, same model.'),
  starts: z
    .int()
    .min(1)
    .max(1000)
    .default(10)
    .describe('Random starts; the best is kept. A continued model has one, its own centres.'),
  maxIterations: z.int().min(1).max(100_000).default(300).describe('Most iterations of one start.'),
  tolerance: z
    .number()
    .min(0)
    .max(1)
    .default(1e-4)
    .describe('Stop when the centres move by less than this part of the variance.'),
  groups: z
    .array(z.enum(['distribution', 'shape', 'dynamics', 'profile', 'coverage']))
    .min(1)
    .default(['distribution', 'shape', 'dynamics', 'profile'])
    .describe('Groups of features the model sees. Used when a new lineage begins.'),
  scaling: z
    .enum(['standard', 'signed-log'])
    .default('signed-log')
    .describe(
      'standard: (x - mean) / std; signed-log: first sign(x)·ln(1 + |x|) of features in the unit of the sensor.',
    ),
  maxMissing: z
    .number()
    .min(0)
    .max(1)
    .default(0.5)
    .describe('Features with a larger share of missing values are dropped.'),
  limit: z
    .number()
    .min(0.1)
    .max(1000)
    .nullable()
    .default(3)
    .describe('Scaled features are cut to ± this many standard deviations. null: not.'),
  balance: z
    .boolean()
    .default(true)
    .describe('Give every group of features the same say, however many features it has.'),
  parent: z
    .int()
    .min(1)
    .nullable()
    .default(null)
    .describe('Version to continue. null: the champion, where there is one.'),
  refit: z.boolean().default(false).describe('Begin a new lineage: fit a new feature creator and continue no model.'),
  promote: z
    .enum(['gate', 'always', 'never'])
    .nullable()
    .default(null)
    .describe(
      'When the new version becomes champion, which prediction uses: when the gate says so, always or never. null: by the gate in runs for an interval, else always.',
    ),
  gate,
  ...runParams,
});

export const sensorTraining = pipeline({
  name: 'sensor-training',
  title: 'Train a clustering of sensors by day',
  doc: 'Cuts sensor files into chunks of one sensor and one day, creates features, and trains or continues a clustering of them.',
  params: trainingParams,
  pins: ['listing', 'parent', 'champion', 'promotion', 'unseen'],
  draw(step, p, { listing, parent, champion, promotion, unseen }) {
    const inspected = step(inspect, { listing, ...readParams(p) });
    const staged = step(read, { inspected, tz: p.tz });
    const chunks = step(chunk, { staged, tz: p.tz, selection: unseen, ...ruleParams(p) });
    const heldOut = step(holdout, { chunks, champion, promotion });
    const raw = step(features, { chunks });
    const creator = step(fit, {
      features: raw,
      parent,
      holdout: heldOut,
      groups: p.groups,
      scaling: p.scaling,
      maxMissing: p.maxMissing,
      limit: p.limit,
      balance: p.balance,
    });
    const table = step(transform, { features: raw, creator });
    const model = step(train, {
      table,
      parent,
      holdout: heldOut,
      k: p.k,
      seed: p.seed,
      starts: p.starts,
      maxIterations: p.maxIterations,
      tolerance: p.tolerance,
    });
    const scores = step(evaluate, { table, model, parent, holdout: heldOut, seed: p.seed });
    const decision = step(compare, { features: raw, table, model, champion, holdout: heldOut, promotion });
    const published = step(
      publishModel,
      { listing, staged, chunks, features: raw, creator, model, scores, parent, decision, name: p.model },
      'publish',
    );
    return step(
      reportTraining,
      { listing, inspected, chunks, features: raw, creator, table, model, scores, decision, published },
      'report',
    );
  },
});
