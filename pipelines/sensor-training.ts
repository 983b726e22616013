import { z } from 'zod';
import type { Parent } from '../activities/model.js';
import type { Listing } from '../activities/source.js';
import { pipeline } from './pipeline.js';
import { sourceParams } from './source-params.js';
import { chunk, evaluate, features, fit, publishModel, read, reportTraining, train, transform } from './steps.js';

const params = z.strictObject({
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
  promote: z.boolean().default(true).describe('Make the new version the champion, which prediction uses.'),
});

export const sensorTraining = pipeline<typeof params.shape, { listing: Listing; parent: Parent | null }>({
  name: 'sensor-training',
  title: 'Train a clustering of sensors by day',
  doc: 'Cuts sensor files into chunks of one sensor and one day, creates features, and trains or continues a clustering of them.',
  params,
  pins: { listing: 'listing', parent: 'parent' },
  draw(step, p, { listing, parent }) {
    const staged = step(read, {
      listing,
      tz: p.tz,
      timeColumn: p.timeColumn,
      sensorColumn: p.sensorColumn,
      valueColumn: p.valueColumn,
    });
    const chunks = step(chunk, { staged, tz: p.tz, from: p.from, to: p.to });
    const raw = step(features, { chunks });
    const creator = step(fit, {
      features: raw,
      parent,
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
      k: p.k,
      seed: p.seed,
      starts: p.starts,
      maxIterations: p.maxIterations,
      tolerance: p.tolerance,
    });
    const scores = step(evaluate, { table, model, parent, seed: p.seed });
    const published = step(
      publishModel,
      { listing, staged, chunks, features: raw, creator, model, scores, parent, name: p.model, promote: p.promote },
      'publish',
    );
    return step(reportTraining, { listing, chunks, features: raw, creator, table, scores, published }, 'report');
  },
});
