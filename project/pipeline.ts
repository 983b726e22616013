/** What pipelines of a project are written with: `import { … } from 'millrace/pipeline'`. */
export { z } from 'zod';
export type { ChunkTable } from '../activities/chunk-table.js';
export { MillraceError } from '../config/errors.js';
export {
  type ChunkReadings,
  chunkStep,
  type OwnStep,
  onceStep,
  type StepTools,
  type TableRows,
} from '../pipelines/own-step.js';
export { type Pipeline, pipeline } from '../pipelines/pipeline.js';
export { runParams } from '../pipelines/run-params.js';
export { fileParams, readParams, readShape, ruleParams, sourceParams } from '../pipelines/source-params.js';
export * from '../pipelines/steps.js';
export { defineProject, type Project } from './define.js';
