import type { Pipeline } from './pipeline.js';
import { sensorPrediction } from './sensor-prediction.js';
import { sensorTraining } from './sensor-training.js';

/** All pipelines there are. */
export const PIPELINES: readonly Pipeline[] = [sensorTraining, sensorPrediction];
