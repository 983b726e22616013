import type { z } from 'zod';
import type { Pipeline } from './pipeline.js';
import { type predictionParams, sensorPrediction } from './sensor-prediction.js';
import { sensorTraining, type trainingParams } from './sensor-training.js';
import { type inspectionParams, sourceInspection } from './source-inspection.js';

/** The pipelines that Millrace brings. */
export const PIPELINES: readonly Pipeline[] = [sensorTraining, sensorPrediction, sourceInspection];

/** What each pipeline is started with. */
export interface PipelineParams {
  'sensor-training': z.input<typeof trainingParams>;
  'sensor-prediction': z.input<typeof predictionParams>;
  'source-inspection': z.input<typeof inspectionParams>;
}
